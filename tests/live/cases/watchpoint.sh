# SPDX-License-Identifier: Apache-2.0
# A debug register watches an address of the child.
# ALSO WITHOUT ringbuf
w=$PROGRAMS/watched
run -q -c "$w 7" -e 'watchpoint:0x20000008:8:w { @[comm] = count(); @at[usym(reg("ip"))] = count(); }'
grep -q 'no debug registers' err && skip "this machine has no debug registers"
[ "$status" = 0 ] || fail "status $status"
expect_out '^@\[watched\]: 7$'
expect_out '^@at\[main'
good -q -c "$w 7" -e 'w:0x20000000:8:w { @ = count(); }'
expect_no_out '^@'
run -e 'watchpoint:0x20000004:8:w { @ = count(); }'
expect_err 'multiple of the length'
