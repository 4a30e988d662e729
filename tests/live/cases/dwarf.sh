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
# what a function returns, once a script looks into it; a number otherwise
good -q -c "$t" -e "uretprobe:$t:find { printf(\"%d %s %s\n\", retval.id, retval->customer, str(retval.note)); print(retval == 0); @is[retval] = 1; }
	uretprobe:$t:count_of { printf(\"%d %d\n\", *retval, retval[1]); print(retval > 1000); }"
expect_out '^2 brown the second$'
expect_out '^-5 6$'
expect_out '^false$'
expect_out '^true$'
expect_out '^@is\[[0-9]+\]: 1$'
bad -e "uretprobe:$t:place { print(retval.id); }"
expect_err 'cast it: \(\(struct NAME \*\)retval\)\.id'
bad -e "uretprobe:$t:find,uretprobe:$t:count_of { print(retval.id); }"
expect_err 'every function of this probe returns the same pointer'
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
# kept somewhere else: by the link's name, below the binary's path, by build ID
mkdir -p kept "tree$T" ids
mv apart.dbg kept/
good -q --debuginfo "$T/none:$T/kept" -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
expect_out '^green$'
mv kept/apart.dbg "tree$T/"
SPILE_DEBUGINFO=+$T/tree "$SPILE" -q -c ./apart -e "uprobe:$T/apart:place { print(args.o->customer); }" >out 2>err || fail "SPILE_DEBUGINFO"
expect_out '^green$'
id=$(readelf -n apart | sed -n 's/.*Build ID: //p')
if [ -n "$id" ]; then
	mkdir -p "ids/.build-id/$(echo "$id" | cut -c1-2)"
	cp "tree$T/apart.dbg" "ids/.build-id/$(echo "$id" | cut -c1-2)/$(echo "$id" | cut -c3-).debug"
	good -q --debuginfo "$T/ids" -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
	expect_out '^green$'
fi
# not the file of another build
objcopy --only-keep-debug "$PROGRAMS/target" kept/apart.dbg
run -q --debuginfo "$T/kept" -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
expect_status 1
expect_err 'there is no debugging information'
run -q -c ./apart -e "uprobe:./apart:place { print(args.o->customer); }"
[ "$status" = 1 ] || fail "status $status"
expect_err 'there is no debugging information'
