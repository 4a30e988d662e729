# SPDX-License-Identifier: Apache-2.0
# Operands are evaluated from left to right: what one assigns, those before it do not see.
# ALSO WITHOUT ringbuf
good -q -e 'begin { $v = "old"; $t = (1, "one"); @m[1] = "old"; @s = (1, "one");
	printf("%d %s\n", $v != ({ $v = "new"; $v }), $v);
	printf("%d %s\n", "new" == ({ $v = "newer"; $v }), $v);
	printf("%d\n", $t == ({ $t = (2, "two"); $t }));
	printf("%s %d %s\n", $t, ({ $t = (3, "three"); $t.0 }), $t);
	printf("%d %d\n", strncmp($v, ({ $v = "old"; $v }), 3), strlen($v));
	printf("%d\n", $t.1 == ({ $t = (4, "four"); $t.1 }));
	printf("%c\n", $v[({ $v = "zzz"; 0 })]);
	printf("%d %d\n", @m[1] == ({ @m[1] = "new"; @m[1] }), @s == ({ @s = (2, "two"); @s }));
	printf("%s\n", str($v, ({ $v = "longer"; 3 })));
	@k[$v, ({ $v = "key"; 1 })] = 1; print((1, $v, ({ $v = "x"; $v }), $v)); }'
expect_exactly <<'END'
1 new
0 newer
0
(2, two) 3 (3, three)
1 3
0
o
0 0
zz
(1, key, x, x)


@k[longer, 1]: 1
@m[1]: new
@s: (2, two)
END
# the fields of a record, in whatever order they are written
good -q -e 'begin { $r = (a = 1, b = "x"); $n = 0; print(($r == (b = "x", a = 1), $r == (a = 1, b = "y"))); $r = (b = ({ $n++; "longer" }), a = $n + 70000); print($r);
	@k[(a = 1, b = 2)] = 1; @k[(b = (uint8)2, a = 1)] += 2; print(@k[(a = 1, b = 2)]); clear(@k); }'
expect_exactly <<'END'
(true, false)
{ .a = 70001, .b = longer }
3


END
# the condition of ?: is computed once
good -q -e 'begin { $x = 5; print(({ $x += 1; $x }) ?: 9); print($x); @m[1] = 1; print(delete(@m, 1) ?: false); print($x-- ?: 3); print($x);
	print(({ $x = 0; $x }) ?: ($x++ ?: 77)); print((pid ?: 3) == pid); }'
expect_exactly <<'END'
6
6
true
6
5
77
true


END
# what is known without a look at the operands is no reason to leave them out
good -q -e 'begin { @m[1] = "ab"; $x = 3; print(@m[--$x] == "too long to be equal"); print($x); print(memcmp(@m[--$x], "a", 0)); print($x); clear(@m); }'
expect_exactly <<'END'
false
2
0
1


END
