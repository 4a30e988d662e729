# SPDX-License-Identifier: Apache-2.0
# What is printed, to the byte: maps and their order, keys, histograms, values of every kind, the end of a run.
# ALSO WITHOUT ringbuf
good -q -e 'begin { @t = (1, "z"); @b[1, "x"] = 2; @b[0, "y"] = 1; @a = 7; @c = stats(4); @d["k"] = hist(3); @[5] = 1; exit(); }' # maps by name
expect_exactly <<'END'


@[5]: 1
@a: 7
@b[0, y]: 1
@b[1, x]: 2
@c: { .count = 1, .average = 4, .total = 4 }
@d[k]:
[2, 4)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@t: (1, z)
END
run -q -f json -e 'begin { @t = (1, "z"); @b[1, "x"] = 2; @b[0, "y"] = 1; @a = 7; @c = stats(4); @d["k"] = hist(3); exit(3); }'
expect_status 3
expect_exactly <<'END'
{"type": "map", "data": {"@a": 7}}
{"type": "map", "data": {"@b": {"0,y": 1, "1,x": 2}}}
{"type": "stats", "data": {"@c": {"count": 1, "average": 4, "total": 4}}}
{"type": "hist", "data": {"@d": {"k": [{"min": 2, "max": 3, "count": 1}]}}}
{"type": "map", "data": {"@t": [1,"z"]}}
END
# sorted by value, then top and div; strings and mixed keys by key; averages, histograms by their count
good -q -e 'begin { @i[1] = 5; @i[2] = -7; @i[3] = 100; @i[-4] = 9; print(@i, 2); print(@i, 0, 2); print(@i, 2, 10); clear(@i);
	@s["b"] = "x"; @s["a"] = "y"; print(@s); clear(@s); @m["b", 2] = "x"; @m["b", -1] = "y"; @m["a", 9] = "z"; print(@m); clear(@m);
	@g[1] = avg(10); @g[2] = avg(4); print(@g); print(@g, 1, 3); clear(@g); @u[1] = min(-3); @u[2] = min(5); print(@u); clear(@u);
	@st[1] = stats(4); @st[2] = stats(3); @st[2] = stats(1); print(@st); clear(@st);
	@h[1] = hist(5); @h[1] = hist(5); @h[2] = hist(9); print(@h, 1); print(@h, 1, 2); clear(@h); }'
expect_exactly <<'END'
@i[-4]: 9
@i[3]: 100
@i[2]: -3
@i[1]: 2
@i[-4]: 4
@i[3]: 50
@i[-4]: 0
@i[3]: 10
@s[a]: y
@s[b]: x
@m[a, 9]: z
@m[b, -1]: y
@m[b, 2]: x
@g[2]: 4
@g[1]: 10
@g[1]: 3
@u[1]: -3
@u[2]: 5
@st[2]: { .count = 2, .average = 2, .total = 4 }
@st[1]: { .count = 1, .average = 4, .total = 4 }
@h[1]:
[4, 8)                 2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@h[1]:
[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|



END
# what has no elements: nothing for keyed maps, a zero for one value; zero() keeps keys, clear() does not
good -q -e 'begin { @e[1] = stats(1); zero(@e); print(@e); @k[1] = 1; clear(@k); print(@k); @c = count(); zero(@c); print(@c); @h[1] = hist(4); zero(@h); @n = 5; clear(@n); print(@n);
	@st = stats(1); clear(@st); print(@st); }'
sed -n 1,4p out >head
mv head out
expect_exactly <<'END'
@e[1]: { .count = 0, .average = 0, .total = 0 }
@c: 0
@n: 0
@st: { .count = 0, .average = 0, .total = 0 }
END
good -q -f json -e 'begin { @k[1] = 1; clear(@k); print(@k); @h = hist(4); zero(@h); print(@h); clear(@h); }'
expect_no_out '@k'
expect_out '^\{"type": "hist", "data": \{"@h": \[\]\}\}$'
# keys and values of every kind
good -q --no-warnings -e 'enum e { ONE = 1 } begin { @a[1, "x"] = 1; @t[(1, (2, 3))] = 2; @r = (a = 1, b = "z", c = (d = 2, e = 3)); @["x", true, -5] = 3; @b = buf("a\x01b", 3); @arr = (int8[3])"ab";
	@one = (1,); @u = (1, (2, "q")); @n[ntop(0x0100007f)] = 1; @n6 = ntop(pton("::1")); @mac = macaddr((int8[7])"\x00\x1b\xff\x01\x02\x03"); @en[ONE] = ONE; @p = (uint64 *)0x7f12; @bool[true] = false;
	@ks = ksym(kaddr("schedule")); @un = username; @when = strftime("%Y", 0); }'
expect_exactly <<'END'


@[x, true, -5]: 3
@a[1, x]: 1
@arr: [97,98,0]
@b: a\x01b
@bool[true]: false
@en[ONE]: ONE
@ks: schedule
@mac: 00:1B:FF:01:02:03
@n[127.0.0.1]: 1
@n6: ::1
@one: (1)
@p: 0x7f12
@r: { .a = 1, .b = z, .c = { .d = 2, .e = 3 } }
@t[1, (2, 3)]: 2
@u: (1, (2, q))
@un: root
@when: (?)
END
# histograms
good -q -e 'begin { @h = hist(-1); @h = hist(0); @h = hist(1); @h = hist(5); @k["x"] = hist(9, 2); @l = lhist(-1, 0, 10, 3); @l = lhist(4, 0, 10, 3); @l = lhist(50, 0, 10, 3); @one = lhist(5, 0, 10, 1); @big = lhist(2048, 0, 102400, 1024); }'
expect_exactly <<'END'


@big:
[2K, 3K)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@h:
(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[0]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[1]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[2, 4)                 0 |                                                    |
[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@k[x]:
[8, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@l:
(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[0, 3)                 0 |                                                    |
[3, 6)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[6, 9)                 0 |                                                    |
[9, ...)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@one:
[5]                    1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

END
# %s shows anything; numbers are 32 bits without a length
good -q -e 'begin { @m = 3; printf("%s %s %s %s %s\n", (1, "b"), 5, true, (a = 1), (int8[2])"x"); printf("%d %ld %lld %u %hhd %x %#x %o %X\n", 0x100000005, 0x100000005, -1, -1, 300, 255, 255, 8, 255);
	printf("[%5d|%-5d|%05d|%+d|%8s|%-8.2s|%c|%p|%%]\n", 42, 42, 42, 42, "abc", "abc", 65, 0x1234); printf("%r %rx %rh\n", buf("a\x01", 2), buf("a\x01", 2), buf("a\x01", 2));
	printf("%gr\n", 0xcc0); printf("%s", kstack(1)); print(@m); printf("%s\n", @m); }'
expect_out '^\(1, b\) 5 true \{ \.a = 1 \} \[120,0\]$'
expect_out '^5 4294967301 -1 4294967295 44 ff 0xff 10 FF$'
expect_out '^\[   42\|42   \|00042\|\+42\|     abc\|ab      \|A\|0x1234\|%\]$'
expect_out '^a\\x01 \\x61\\x01 61 01$'
expect_out '^GFP_KERNEL$'
# stacks: a line each, in a key, in each mode
good -q -e 'begin { @[kstack(2), 1] = 1; print(kstack(perf, 1)); print(kstack(raw, 1)); printf("<%s>\n", kstack(1)); exit(); }'
expect_out '^@\[$'
expect_out '^        [^ ]+\+[0-9]+$'
expect_out '^, 1\]: 1$'
expect_out '^	[0-9a-f]+ [^ ]+\+[0-9]+$'
expect_out '^ffff[0-9a-f]{12}$'
expect_out '^<$'
expect_out '^>$'
# numbers with a fraction are not the language's: in a struct they print as null, alone they are refused
good -q -f json -e 'struct f { float a; double b; }; begin { print(*(struct f *)kptr(curtask)); }'
expect_out '^\{"type": "value", "data": \{"a": null, "b": null\}\}$'
bad -e 'struct f { float a; }; begin { print(((struct f *)kptr(curtask))->a); }'
expect_err "the type of 'a' is not supported"
# a struct whole, with those inside it, at once and out of a map
good -q -e 'begin { print(curtask->se.load); print(*curtask->files); @files = *curtask->files; }'
expect_out '^\{ .*\.fdtab = \{ \.max_fds = [0-9]+, .*\.file_lock = \{ \.rlock = \{ '
expect_out '^@files: \{ .*\.fdtab = \{ \.max_fds = [0-9]+, '
