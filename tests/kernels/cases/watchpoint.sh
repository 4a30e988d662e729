# SPDX-License-Identifier: Apache-2.0
# REQUIRES watchpoint
# A debug register watches an address of the child: each write is seen, and from where.
good -q -c "$PROGRAMS/watched 7" -e 'watchpoint:0x20000008:8:w { @[comm] = count(); @at[usym(reg("ip"))] = count(); }'
expect_out '^@\[watched\]: 7$'
expect_out '^@at\[main'
# by its older names, and reads with the writes
for probe in asyncwatchpoint aw w; do
	good -q -c "$PROGRAMS/watched 5" -e "$probe:0x20000008:8:w { @ = count(); }"
	expect_out '^@: 5$'
done
good -q -c "$PROGRAMS/watched 5" -e 'watchpoint:0x20000008:8:rw { @ = count(); }'
n=$(value '@')
[ "${n:-0}" -ge 5 ] || fail "$n accesses"
good -q -c "$PROGRAMS/watched 5" -e 'watchpoint:0x20000000:8:w { @ = count(); }'
expect_no_out '^@'
