# SPDX-License-Identifier: Apache-2.0
# System calls counted by program: raw tracepoints, tracepoints by name, their arguments.
good -c "$PROGRAMS/target syscalls 5000" -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }'
expect_between "$(value '@\[target\]')" 5000 5200 "system calls of target"

good -c "$PROGRAMS/target syscalls 1234" -e 'tracepoint:syscalls:sys_enter_getpriority /comm == "target"/ { @calls = count(); @which = max(args.which); }'
expect_out '^@calls: 1234$'
expect_out '^@which: 0$'

good -c "$PROGRAMS/target syscalls 1000" -e 'tracepoint:syscalls:sys_exit_getpriority /pid == cpid/ { @ret = hist(args.ret); }'
expect_out '^@ret:$'
expect_out '^\[16, 32\) +1000 \|@+\|$'

# rawtracepoint, and strings in user memory
good -c "/bin/cat /etc/hostname" -e 'tracepoint:syscalls:sys_enter_openat /comm == "cat"/ { @[str(args.filename)] = count(); }'
expect_out '^@\[/etc/hostname\]: 1$'
good -c "$PROGRAMS/target syscalls 10" -e 'rawtracepoint:sys_enter /comm == "target"/ { @n = count(); }'
expect_between "$(value '@n')" 10 200 "raw tracepoint hits"
