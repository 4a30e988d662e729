# SPDX-License-Identifier: Apache-2.0
# print() followed by clear() or zero() loses no update: what is printed by intervals adds up to what happened.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
total() { sed -n "s/^$1: //p" out | awk '{ n += $1 } END { print n + 0 }'; }
calls=400000
for what in '@n = count()' '@n++' '@n = sum(1)' '@n[0] = count()' '@n["a", 1]++'; do
	run -q -c "$t calls $calls 2" -e "uprobe:$t:hit { $what; } interval:ms:5 { print(@n); clear(@n); }"
	expect_status 0
	sed -i 's/\[[^]]*\]//' out
	[ "$(grep -c '^@n: ' out)" -gt 1 ] || fail "no intervals: $what"
	expect_same "$(total @n)" $((2 * calls)) "$what by intervals"
done
# stats, histograms: by their counts; a keyed one too, zero() instead of clear(), other statements between
run -q -c "$t calls $calls 2" -e "uprobe:$t:hit { @s = stats(arg0 & 7); @k[arg0 & 3]++; @c[arg0 & 1] = count(); }
	interval:ms:5 { print(@s); printf(\"--\n\"); print(@k); print(@c); clear(@k); zero(@c); clear(@s); }"
expect_status 0
expect_same "$(sed -n 's/^@s: { .count = \([0-9]*\),.*/\1/p' out | awk '{ n += $1 } END { print n }')" $((2 * calls)) "stats"
expect_same "$(sed -n 's/^@k\[.\]: //p' out | awk '{ n += $1 } END { print n }')" $((2 * calls)) "keyed"
expect_same "$(sed -n 's/^@c\[.\]: //p' out | awk '{ n += $1 } END { print n }')" $((2 * calls)) "keyed, zeroed"
run -q -f json -c "$t calls $calls 2" -e "uprobe:$t:hit { @h = hist(arg0 & 7); @l[arg0 & 1] = lhist(arg0 & 7, 0, 10, 1); }
	interval:ms:5 { print(@h); clear(@h); print(@l); zero(@l); }"
/usr/bin/python3 - $((2 * calls)) <<'END' || fail "histograms by intervals"
import json, sys
h = l = 0
for line in open("out"):
    d = json.loads(line)["data"]
    h += sum(b["count"] for b in d.get("@h", []))
    l += sum(b["count"] for k in d.get("@l", {}).values() for b in k)
print(h, l)
sys.exit(h != int(sys.argv[1]) or l != int(sys.argv[1]))
END
# a condition between the two: what is printed and then cleared adds up, and what is not cleared is printed again
run -q -c "$t calls $calls 2" -e "uprobe:$t:hit { @n++; @k[arg0 & 1] = count(); @s = count(); @all = count(); }
	interval:ms:5 { @round += (uint64)1; print(@n); if (@round % 3 == 0) { printf(\"cleared\n\"); clear(@n); }
		if (@round % 2) { print(@k); } printf(\"--\n\"); if (@round % 2) { zero(@k); }
		if (@round % 2) { print(@s); printf(\"printed\n\"); clear(@s); } else { print(@s); } }
	end { printf(\"end\n\"); printf(\"n %d\n\", @n); print(@k); print(@s); clear(@n); clear(@k); clear(@s); }"
expect_status 0
/usr/bin/python3 - $((2 * calls)) <<'END' || fail "prints under conditions"
import re, sys
n = k = s = cleared = last_n = last_s = 0
for line in open("out"):
    line = line.strip()
    m = re.match(r"@(n|k|s)(?:\[.\])?: (\d+)$", line)
    if line == "cleared":
        n += last_n
        cleared += 1
        last_n = 0
    elif line == "printed":
        s += last_s
    elif line.startswith("n "):
        n += int(line[2:])
    elif m and m[1] == "n":
        assert last_n <= int(m[2]), "a plain print lost elements"
        last_n = int(m[2])
    elif m and m[1] == "k":
        k += int(m[2])
    elif m:
        last_s = int(m[2])
s += last_s # the end's
print(n, k, s, cleared)
sys.exit(cleared < 1 or {n, k, s} != {int(sys.argv[1])})
END
# what such a map is to the rest of a script is unchanged
good -q -e 'begin { @a[1] = 5; @a[2] = 7; @b = 3; @s = count(); print(@a); clear(@a); print(@b); zero(@b); print(@s); zero(@s); }
	end { for ($kv : @a) { printf("left %d\n", $kv.0); } printf("len %d has %d b %d\n", len(@a), has_key(@a, 1), @b); @a[3] = 9; delete(@a, 3); }'
expect_exactly <<'END'
@a[1]: 5
@a[2]: 7
@b: 3
@s: 1
len 0 has 0 b 0


@b: 0
@s: 0
END
# zero() leaves a zero to print, clear() behind it nothing
good -q -e 'begin { @c = count(); zero(@c); print(@c); clear(@c); @d = count(); print(@d); zero(@d); print(@d); }'
expect_exactly <<'END'
@c: 0
@d: 1
@d: 0


@d: 0
END
