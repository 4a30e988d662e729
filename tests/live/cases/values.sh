# SPDX-License-Identifier: Apache-2.0
# The language's values by their results: literals, arithmetic, conversions, strings, pointers, scopes.
# ALSO WITHOUT ringbuf
good -q --no-warnings -e 'begin {
	print((1_000, 0xff, 0X1F, 017, 1e6, 5e9, 10ul, 7ULL, 5L));
	print((1ns, 1us, 1ms, 1s, 1m, 1h, 1d));
	printf("\x41\101\X42|\"\\|\n"); print("abc" + 1); print("a" + "b"); print((true, false));
	print((sizeof(((int8)1, (int64)1, (int8)1, (int64)1)), sizeof(((int8)1, (int16)1, (int32)1)), sizeof("abc")));
}'
expect_exactly <<'END'
(1000, 255, 31, 15, 1000000, 5000000000, 10, 7, 5)
(1, 1000, 1000000, 1000000000, 60000000000, 3600000000000, 86400000000000)
AAB|"\|
bc
ab
(true, false)
(32, 8, 4)


END
# integers: unsigned division, logical shifts, narrow and wide, what a map widens to
good -q --no-warnings -e 'begin { $one = rand % 1 + 1; $m = 0 - (int64)$one;
	print(((uint8)($one + 299), (int8)($one + 199), (int64)(int8)(0 - $one), ~10, -8 >> 1, $m >> 63, $m / 2 > 0, 7 % ($one + 2)));
	@a = (uint8)1; @a = (uint32)70000; @b++; @b--; @b--; print((-$one < 0, $m < 0, $one << 40)); }'
expect_exactly <<'END'
(44, -56, -1, 18446744073709551605, 9223372036854775804, 1, true, 1)
(false, true, 1099511627776)


@a: 70000
@b: -1
END
good -q -e 'begin { $z = rand % 1; print(5 % $z); }' # one rule for both operators
expect_out '^1$'
# conversions: arrays, booleans, enums, aggregates
good -q -e 'enum fruit { APPLE = 1, PEAR, PLUM = 9 } begin { $two = rand % 1 + 2;
	print((int8[4])0x01020304); print((int8[])(int32)5); print((uint32)pton("1.2.3.4")); print((int8[4])"abc");
	print(((bool)"a", (bool)"", (bool)5, (bool)0));
	$e = (enum fruit)$two; print($e); print((enum fruit)($two + 75)); print((APPLE, PLUM, PEAR + 1)); printf("%s %d\n", PLUM, PLUM); @k[PEAR] = PLUM;
	@c = count(); @c = count(); @s = sum(-5); @least = min(-3); @most = max(7); @mean = avg(4); @big = sum((uint64)5);
	$v = @c; printf("%d %d %d\n", $v, (int64)@s, @c + 1); if (@c > 1) { print((@least, @most, @mean, @big)); } @[@c] = 1; }'
expect_exactly <<'END'
[4,3,2,1]
[5,0,0,0]
67305985
[97,98,99,0]
(true, false, true, false)
PEAR
77
(APPLE, PLUM, 3)
PLUM 9
2 -5 3
(-3, 7, 4, 5)


@[2]: 1
@big: 5
@c: 2
@k[PEAR]: PLUM
@least: -3
@mean: 4
@most: 7
@s: -5
END
# strings: compared to their ends, a prefix is another string, cut strings end in the mark, equal ones are equal keys
good -q -e 'begin { $s = comm; print(($s == "spile", $s == "spil", $s == "spilee", $s != "spile", strncmp($s, "spam", 2), strncmp($s, "spam", 3) != 0, $s[0]));
	@k["ab"] = 1; @k["abcdef"] = 2; @k[$s] = 3; print(@k["ab"]); print(@k["spile"]); print(@k["abc"]); if ($s) { print("full"); }
	print(str_concat("ab", "cd")); print((strlen("abc"), strcap("abc"), strstr("hello", "lo"), strstr("hello", "x"), strcontains("hello", "ell"))); }'
expect_exactly <<'END'
(true, false, false, false, 0, true, 115)
1
3
0
full
abcd
(3, 4, 3, -1, true)


@k[ab]: 1
@k[abcdef]: 2
@k[spile]: 3
END
t=$PROGRAMS/target
good -q -c "$t words alphabet" -e "config = { max_strlen = 5 } uprobe:$t:say { print(str(arg0)); printf(\"%s\\n\", str(arg0, 3)); print(sizeof(str(arg0))); }"
expect_same "$(tr '\n' '|' <out)" 'alph|al|5|||' "strings that were cut"
# pointers: steps are of the pointed-to size, members of anonymous unions are the struct's own
good -q -e 'struct a { int x; union { int u; char c[4]; }; struct { int q; } n; };
begin { $p = (uint32 *)0x1000; print($p + 1); $p++; print($p); print((uint32 *)0x1000 - 4); print((uint64)$p); print($p == (uint32 *)0x1004);
	print((sizeof(struct a), offsetof(struct a, c), offsetof(struct a, n.q))); }'
expect_exactly <<'END'
0x1004
0x1004
0xff0
4100
true
(12, 4, 8)


END
# blocks have their own variables, loops share the outer ones; no value is lost to the order of evaluation
good -q -e 'begin { $sum = 0; for $i : 1..5 { let $sq = $i * $i; $sum += $sq; } print($sum); { let $sq = "text"; print($sq); }
	for ($i : (-2)..2) { if ($i == 0) { continue; } printf("%d ", $i); if ($i == 1) { break; } } printf("\n"); unroll 2 { printf("u"); } printf("\n");
	$n = 0; while ($n < 4) { $n++; if ($n == 2) { continue; } printf("%d ", $n); } printf("\n");
	$v = if ($n == 4) { "four" } else { "other" }; print($v); print($n ?: 9); print(0 ?: 9); }'
expect_exactly <<'END'
30
text
-2 -1 1 
uu
1 3 4 
four
4
9


END
# what the compiler knows of a type: a kernel's has a number in its BTF, others have 0
good -q -e 'begin { print(typeinfo(struct task_struct).btf_id > 0); print(typeinfo(*curtask).btf_id == typeinfo(struct task_struct).btf_id); print(typeinfo(pid));
	if comptime (typeinfo(*curtask).full_type == "struct task_struct") { print("task"); } else { print(1 + "no"); }
	if comptime (typeinfo(pid).base_type != "int") { print(1 + "no"); } }'
expect_exactly <<'END'
true
true
{ .btf_id = 0, .base_type = int, .full_type = uint32 }
task


END
# a map that only a pruned branch has is none of the script's
good -q -e 'begin { if comptime (false) { @never[1] = count(); print(@never); } else { @kept = 1; } }'
expect_exactly <<'END'


@kept: 1
END
