# SPDX-License-Identifier: Apache-2.0
# Arguments of user functions by name, from the program's own debugging information and from a separate file.
command -v objcopy >/dev/null || skip "no objcopy"
t=$PROGRAMS/typed
good -q -c "$t" -e "uprobe:$t:place { \$o = args.o; printf(\"%d %d %d %d %s\\n\", \$o->id, \$o->paid, \$o->items, \$o->deep, \$o->customer);
	printf(\"%d %d %lld %s %s\\n\", \$o->at[1].x, \$o->at[2].y, \$o->price, str(\$o->note), str(args.o->next->note));
	print((args.delta, args.quick, args.size, \$o->size)); print(args.o.next.customer); }"
expect_out '^1 1 21 -5 green$'
expect_out '^-3 6 1234567890123 the first the second$'
expect_out '^\(-7, true, SMALL, LARGE\)$'
expect_out '^brown$'
# registers, the stack, and what takes neither or both
good -q -c "$t" -e "uprobe:$t:many { print((args.a, args.c, args.d, args.e, args.f, args.g)); }"
expect_out '^\(-1, 200, -13, -14, 15, -16\)$'
good -q -c "$t" -e "uprobe:$t:make { print(args.seed); }"
expect_out '^3$'
good -lv "uprobe:$t:place"
expect_out '^    struct order \* o$'

# a source line: the statement in main that calls place()
line=$(grep -n 'place(&first' "$SCRIPTS/../tests/live/programs/typed.c" | cut -d: -f1)
good -q -c "$t" -e "uprobe:$t@typed.c:$line { printf(\"%s %s\\n\", probe, usym(reg(\"ip\"))); }"
expect_out "@typed.c:$line main"
run -e "uprobe:$t@typed.c:1 { }"
expect_err 'no code of .* begins at typed.c:1'

cp "$t" apart
objcopy --only-keep-debug apart apart.dbg
strip -g apart
objcopy --add-gnu-debuglink=apart.dbg apart
good -q -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
expect_out '^green$'
rm apart.dbg
run -q -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
[ "$status" = 1 ] || fail "status $status"
expect_err 'there is no debugging information'
