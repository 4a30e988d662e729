# SPDX-License-Identifier: Apache-2.0
# What is known of an address ends with its mapping: at one address lies the code of one library, then of another, whose frames are
# larger. A program that executes another one begins anew as well.
source=$HERE/programs/remapped.c
good -v -e 'begin { print(len(ustack)); exit(); }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"
for words in 60 200; do
	cc -O2 -fomit-frame-pointer -shared -fPIC -DWORDS=$words -o "$T/lib$words.so" "$source" || fail "remapped.c does not compile as a library"
done
# linked with them, so that their tables are read before it starts
cc -O2 -fomit-frame-pointer -o remapped "$source" -Wl,--no-as-needed "$T/lib60.so" "$T/lib200.so" -ldl || fail "remapped.c does not compile"
./remapped "$T/lib60.so" "$T/lib200.so" || fail "the libraries' functions do not lie at the same place"

good -q -c "$T/remapped $T/lib60.so $T/lib200.so 12" -e "uprobe:$T/remapped:called_back { print(ustack(why)); }"
expect_same "$(grep -c '\[top' out)" 12 "stacks"
expect_same "$(grep -c '^        _start+' out)" 12 "whole stacks"
expect_same "$(grep -c '^        main+' out)" 12 "stacks with main"
expect_same "$(grep -c '^        through+' out)" 12 "stacks with the libraries' function"
! grep -q stopped out || fail "not whole"

for i in 1 2 3 4 5 6; do
	echo "$T/remapped $T/lib60.so $T/lib200.so 2; (exec $T/remapped $T/lib200.so $T/lib60.so 2)"
done >exec.sh
good -q -c "/bin/sh exec.sh" -e "uprobe:$T/remapped:called_back { print(ustack(why)); }"
expect_same "$(grep -c '^        _start+' out)" 24 "whole stacks of processes one after the other"
! grep -q stopped out || fail "not whole"
