# SPDX-License-Identifier: Apache-2.0
# REQUIRES watchpoint
# A debug register watches an address of the child: each write is seen, and from where.
good -q -c "$PROGRAMS/watched 7" -e 'watchpoint:0x20000008:8:w { @[comm] = count(); @at[usym(reg("ip"))] = count(); }'
expect_out '^@\[watched\]: 7$'
expect_out '^@at\[main'
