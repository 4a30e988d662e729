# SPDX-License-Identifier: Apache-2.0
# Stacks by time, with function names.
t=$PROGRAMS/target
good -c "$t burn 1500" -e 'profile:hz:99 /comm == "target"/ { @[ustack] = count(); @n = count(); }'
expect_out 'burn_inner\+'
expect_out 'burn_outer\+'
expect_out 'main\+'
expect_between "$(value '@n')" 15 200 "samples in 1.5 s at 99 Hz"

# other intervals, and software events
good -e 'profile:ms:10 { @ = count(); } interval:ms:500 { exit(); }'
expect_between "$(value '@')" 20 1000 "samples in 0.5 s"
good -c "$t burn 300" -e 'software:cpu-clock:1000000 /comm == "target"/ { @ = count(); }'
expect_between "$(value '@')" 15 400 "software events"
good -q -e 'interval:ms:100 { @n++; printf("tick %d\n", @n); if (@n == 3) { exit(); } }'
expect_out '^tick 3$'
expect_no_out '^tick 4$'
# kernel stacks have kernel functions in them
good -c "$t syscalls 100" -e 'tracepoint:syscalls:sys_enter_getpriority /comm == "target"/ { @[kstack] = count(); }'
expect_out 'syscall'
