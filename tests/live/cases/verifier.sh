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

# what a conditional stored makes 2^30 ways through the program: where the kernel will not follow them it is compiled in another way,
# once: it is kept
ways='begin { $n = 0; $i = 0; unroll (30) { if (nsecs & (1 << $i)) { $n += $i; @a[$n] = $n; } else { $n ^= 5; @b = $n; } $i++; } print($n > 0); clear(@a); clear(@b); }'
good -v -e "$ways"
expect_err '^the verifier cannot follow the programs as they were compiled: they are compiled in another way$'
expect_out '^(true|false)$'
good -v -e "$ways"
! grep -q 'compiled in another way' err || fail "it was not kept"
expect_out '^(true|false)$'

# loops in one another with large values: what each takes of the stack counts together
nested_loops >nested.bt
good -q nested.bt
lines
expect_exactly <<'END'
(2, 16)
END
"$SPILE" -d plan nested.bt >out
expect_out '^layout: 1$' # in the first it would have been more than 900 bytes

# functions may call each other 8 deep, and loops are functions
deep() { # deep N STATEMENT
	printf 'begin { '
	for i in $(seq "$1"); do printf "for \$i$i : 0..1 { "; done
	printf '%s' "$2"
	for _ in $(seq "$1"); do printf ' }'; done
	echo ' clear(@m); }'
}
deep 7 'print(7); @m[1] = 1;' >deep.bt
good -q deep.bt
lines
expect_exactly <<'END'
7
END
deep 7 'print(len(@m)); @m[1] = 1;' >deep.bt
run deep.bt
expect_status 1
expect_err 'deep.bt:1:134-141: ERROR: each loop is a function of its own, and so is this: a BPF program calls them 8 deep at the most$'

# a loop that the verifier would follow 100,000 rounds long is compiled in another way where nothing else ends it, and what the compiler
# warns of is said once, however often it compiles
good --no-feature may_goto -q -e 'begin { $i = 0; while ($i < 100000) { $i++; @a[$i % 7] = $i; } print($i); clear(@a); }'
lines
expect_exactly <<'END'
100000
END
expect_same "$(grep -c WARNING err)" 1 "warnings"
