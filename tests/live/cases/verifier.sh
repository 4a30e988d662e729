# SPDX-License-Identifier: Apache-2.0
# Short scripts that the verifier once followed a million instructions long, or found a callback missing in; and what lies where
# another round of an unrolled loop still needs its place.
lines() { # what was printed, without the blank lines around maps
	grep -v '^$' out >lines || : # nothing at all
	mv lines out
}

# bytes at odd places are compared in one: a branch for each of 24 would be 2^24 ways through the loop
good -e 'begin { @x = 1; $n = pid; $v = str("nine.....", 29); $t = ((uint64)1, true, (a = $v));
	for ($i : 0..2) {
		if (@x > 5) { @a = $t; $v = comm; }
		else if (($n < @x) != strncmp($v, $t.2.a, 24)) {
			$t = ((uint64)$n, (memcmp(@m["ab"], $v, (int16)$n) == 0), $t.2); @m[$v] = $v; } } }'
lines
expect_exactly <<'END'
@x: 1
END

# one round of a while is like the next, whatever its temporaries held
good -e 'begin { let $w = 0;
	while ($w < 2) {
		$w++;
		unroll (4) {
			$v = ((uint64)strstr("a", comm) * (-((int16)((uint64)strlen(comm) | strlen(comm)))));
			let $s: string[2] = str(str(str("hello", 29), ((int8)@m[$v])), 30);
		}
		unroll (3) {
			@m[64 | (int64)strlen(comm)] = sum((int64)((int16)strlen(comm)) / ((int8)((uint64)strlen(comm) / ((uint8)strlen(comm)))));
			printf("%s %10s\n", comm, str("b", 35));
		}
	}
	print(@m); clear(@m); }'
lines
expect_exactly <<'END'
spile          b
spile          b
spile          b
spile          b
spile          b
spile          b
@m[69]: 30
END

# the verifier knows which branch is taken, and leaves out the callback of the other
good -e 'begin { print((if (strlen(comm) + 8 != (uint64)strlen(comm) * 0x80000000) { len(@a) } else { len(@a) })); @a[1] = 1; }'
lines
expect_exactly <<'END'
0
@a[1]: 1
END

# places that all rounds share are not what a later round puts its values
good -e 'begin { unroll (9) {
	print((c = ({ let $x = (pid ? -32768 : 255); $x }), a = strstr(comm, "a string of thirty-two bytes...."), b = "Xx")); } }'
lines
for _ in 1 2 3 4 5 6 7 8 9; do echo '{ .c = -32768, .a = -1, .b = Xx }'; done >all
expect_exactly <all

# memcmp's operands are evaluated before its size
good -e 'begin { $v = 0; @m[65] = "a"; @m[0] = "b"; print(memcmp(@m[({ $v = 65; $v })], "a", $v--)); print($v); clear(@m); }'
lines
expect_exactly <<'END'
0
64
END

# a search needs nothing of what others left in its memory
good -e 'begin { $i = 0; while ($i < 20) { $i++;
		$k = str("abcdbaghijklanopqrstuvwcyaaacdefghijklmnopqrstbvwxczabbdefbaijblmbop", 33);
		$n = ($i, str("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), $k); @k[$n.1] = $n.2;
		if (strstr($k, $k) != 0) { @wrong++; } }
	clear(@k); }'
lines
expect_exactly </dev/null
