# SPDX-License-Identifier: Apache-2.0
# Operands are evaluated from left to right: what one assigns, those before it do not see.
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
