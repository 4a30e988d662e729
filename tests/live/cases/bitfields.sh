# SPDX-License-Identifier: Apache-2.0
# Bitfields of packed structs: across the borders of their integers, in nine bytes, up to the struct's last byte; from a C section
# and from debugging information, behind a pointer, in a variable, in a map, printed whole, and in a compiled script.
cat >nine.c <<'END'
#include <stdint.h>
#include <string.h>
struct nine { uint64_t a : 3; uint64_t wide : 64; int64_t minus : 62; uint32_t five : 30; int32_t less : 31; uint32_t end : 3; } __attribute__((packed));
struct five { uint64_t a : 7; int64_t b : 30; } __attribute__((packed));
__attribute__((noipa)) uint64_t look(struct nine *n, struct five *f) { return n->wide + f->b; }
int main(void)
{
	struct nine n;
	struct five f;

	memset(&n, 0xff, sizeof n);
	n.a = 5, n.wide = 0xfedcba9876543210, n.minus = -1234567890123456789, n.five = 0x2abcdef1, n.less = -987654321, n.end = 6;
	memset(&f, 0xff, sizeof f);
	f.a = 77, f.b = -123456789;
	return look(&n, &f) == 0;
}
END
cc -g -O1 -o nine nine.c 2>/dev/null || skip 'needs a compiler'
cat >nine.spile <<'END'
struct same { unsigned long a : 3; unsigned long wide : 64; long minus : 62; unsigned five : 30; int less : 31; unsigned end : 3; } __attribute__((packed));
struct small { unsigned long a : 7; long b : 30; } __attribute__((packed));
uprobe:./nine:look {
	$n = (struct same *)arg0;
	$c = *$n;
	@m = *$n;
	print(($n->a, $n->wide, $n->minus, $n->five, $n->less, $n->end));
	print(($c.a, $c.wide, $c.minus, $c.five, $c.less, $c.end));
	print((@m.a, @m.wide, @m.minus, @m.five, @m.less, @m.end));
	print((args.n->a, args.n->wide, args.n->minus, args.n->five, args.n->less, args.n->end));
	print(*$n);
	print(*args.n);
	$s = *(struct small *)arg1;
	@s = $s;
	print((sizeof($s), ((struct small *)arg1)->b, $s.a, $s.b, @s.b, args.f->a, args.f->b));
	print($s);
	clear(@m);
	clear(@s);
}
END
values='5, 18364758544493064720, -1234567890123456789, 717020913, -987654321, 6'
whole='{ .a = 5, .wide = 18364758544493064720, .minus = -1234567890123456789, .five = 717020913, .less = -987654321, .end = 6 }'
for i in 1 2 3 4; do echo "($values)"; done >want
printf '%s\n%s\n(5, -123456789, 77, -123456789, -123456789, 77, -123456789)\n{ .a = 77, .b = -123456789 }\n' "$whole" "$whole" >>want
good -q -c ./nine nine.spile
grep . out | cmp -s - want || { diff out want >&2; fail 'the bits are others'; }
"$SPILE" build -o nine.spo nine.spile >out 2>err || fail 'not compiled'
good -q -c ./nine nine.spo
grep . out | cmp -s - want || { diff out want >&2; fail 'the bits of the compiled script are others'; }
