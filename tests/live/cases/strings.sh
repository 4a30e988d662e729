# SPDX-License-Identifier: Apache-2.0
# Strings that only the run knows: compared, measured and searched at every size that is done differently, and many in one probe.
# ALSO WITHOUT ringbuf
x() { printf "%0$1d" 0 | tr 0 x; }
words="$(x 700) $(x 700) $(x 699)y $(x 100)z $(x 100) $(x 60)abc"

# each word with the one before it: which sizes see a difference, how many bytes have to be looked at
good -c "$PROGRAMS/target words $words" -e 'uprobe:'"$PROGRAMS"'/target:say {
	let $a = str(arg0, 16); let $b = str(arg0, 62); let $c = str(arg0, 64); let $d = str(arg0, 65); let $e = str(arg0, 127); let $f = str(arg0, 250);
	let $g = str(arg0, 256); let $h = str(arg0, 257); let $i = str(arg0, 700); let $j = str(arg0, 701); let $k = str(arg0, 1024);
	printf("equal %d%d%d%d%d%d%d%d%d%d%d strncmp %d%d%d%d\n", $a == @a, $b == @b, $c == @c, $d == @d, $e == @e, $f == @f, $g == @g, $h == @h,
		$i == @i, $j == @j, $k == @k, strncmp($k, @k, 99), strncmp($k, @k, 101), strncmp($k, @k, 699), strncmp($k, @k, 700));
	printf("strlen %d %d %d %d %d %d\n", strlen($a), strlen($c), strlen($d), strlen($e), strlen($h), strlen($k));
	printf("memcmp %d %d %d\n", memcmp($c, @c, 64), memcmp($f, @f, 250), memcmp($k, @k, 1024));
	printf("tuple %d %d\n", ((int8)1, $b, 7) == ((int8)1, @b, 7), (1, $k, 2) == (1, @k, 2));
	printf("find %d %d %d %d %d\n", strstr($c, "abc"), strstr($k, "xy"), strstr($k, "xxabc"), strstr($e, $a), strcontains($k, @e));
	@a = $a; @b = $b; @c = $c; @d = $d; @e = $e; @f = $f; @g = $g; @h = $h; @i = $i; @j = $j; @k = $k; }
	END { clear(@a); clear(@b); clear(@c); clear(@d); clear(@e); clear(@f); clear(@g); clear(@h); clear(@i); clear(@j); clear(@k); }'
grep '^[a-z]* [-0-9]' out | grep -v '^say' >lines
mv lines out
expect_exactly <<'END'
equal 00000000000 strncmp 1111
strlen 15 63 64 126 256 700
memcmp 120 120 120
tuple 0 0
find -1 -1 -1 0 1
equal 11111111111 strncmp 0000
strlen 15 63 64 126 256 700
memcmp 0 0 0
tuple 1 1
find -1 -1 -1 0 1
equal 11111111100 strncmp 0001
strlen 15 63 64 126 256 700
memcmp 0 0 1
tuple 1 0
find -1 698 -1 0 1
equal 11110000000 strncmp 0111
strlen 15 63 64 101 101 101
memcmp 0 2 2
tuple 1 0
find -1 -1 -1 0 0
equal 11110000000 strncmp 0111
strlen 15 63 64 100 100 100
memcmp 0 -122 -122
tuple 1 0
find -1 -1 -1 0 0
equal 10000000000 strncmp 1111
strlen 15 63 63 63 63 63
memcmp -23 -23 -23
tuple 0 0
find 60 -1 58 0 0
END

# what type-checks loads: 60 of each in one probe
repeat() { # repeat TEXT: 60 times, # being the number
	for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 \
		40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69; do
		printf '%s\n' "$1" | sed "s/#/$i/g"
	done
}
many() { # many TEXT: $a and $b are strings of 1,024 bytes
	good -c "$PROGRAMS/target words $words" -e 'uprobe:'"$PROGRAMS"'/target:say { let $a = str(arg0, 1024); let $b = str(arg0 + 1, 1024); '"$(repeat "$1")"' }'
}
many 'if ($a == $b) { @equal += #; } else { @differ += 1; }'
expect_out '^@differ: 360$'
many 'if (strncmp($a, $b, 6#) == 0) { @same += 1; }'
expect_out '^@same: 180$' # the three long words
many 'if (strcontains($a, "a#") || strcontains($a, $b)) { @found += 1; }'
expect_out '^@found: 360$'
many 'if (memcmp($a, $b, 1024) > 0) { @more += strlen($a) - strlen($b); }'
many 'if (strcontains(comm, "a#") || comm == pcomm || strncmp(comm, "target#", 6) == 0) { @ += 1; }'
expect_out '^@: 360$'
many 'printf("%s %s %s %s #\n", $a, $b, str(arg0, 1000), comm);'
expect_same "$(grep -c 'target [1-6][0-9]$' out)" 360 "lines"

# a loop costs the verifier the same however often it goes round
good -c "$PROGRAMS/target words $words" -e 'uprobe:'"$PROGRAMS"'/target:say { let $a = str(arg0, 1024); let $i = 0; let $n = 0;
	while ($i < 5000) { $i++; if ($i % 1000 == 0) { printf("round %d\n", $i); } if (strcontains($a, "abc")) { $n++; continue; } if ($i == 4900) { break; } @[comm, $i % 3]++; }
	@i = max($i); @n = max($n); }'
expect_out '^@i: 5000$'
expect_out '^@n: 5000$'
expect_same "$(grep -c '^round ' out)" 25 "rounds"
