# SPDX-License-Identifier: Apache-2.0
# Every call is counted, in plain maps and per-CPU ones.
good -q -c "$PROGRAMS/target syscalls 500" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @n = count(); @s = sum(args.which + 1); @plain++; @by[comm] = count(); @h = hist(@plain); }'
expect_out '^@n: 500$'
expect_out '^@s: 500$'
expect_out '^@plain: 500$'
expect_out '^@by\[target\]: 500$'
