# SPDX-License-Identifier: Apache-2.0
# System calls counted by program: raw tracepoints, tracepoints by name, their arguments.
# ALSO WITHOUT ringbuf
good -c "$PROGRAMS/target syscalls 5000" -e 'tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @[comm] = count(); }'
expect_between "$(value '@\[target\]')" 5000 5200 "system calls of target"

good -c "$PROGRAMS/target syscalls 1234" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @calls = count(); @which = max(args.which); }'
expect_out '^@calls: 1234$'
expect_out '^@which: 0$'

good -c "$PROGRAMS/target syscalls 1000" -e 'tracepoint:syscalls:sys_exit_getpriority /pid == cpid/ { @ret = hist(args.ret); }'
expect_out '^@ret:$'
expect_out '^\[16, 32\) +1000 \|@+\|$'

# rawtracepoint, and strings in user memory
good -c "/bin/cat /etc/hostname" -e 'tracepoint:syscalls:sys_enter_openat /pid == cpid/ { @[str(args.filename)] = count(); }'
expect_out '^@\[/etc/hostname\]: 1$'
good -c "$PROGRAMS/target syscalls 10" -e 'rawtracepoint:sys_enter /pid == cpid/ { @n = count(); }'
expect_between "$(value '@n')" 10 200 "raw tracepoint hits"

# a call by the 32-bit entry is another call, whatever its number; one that changes where it returns to is still itself
if "$PROGRAMS/target" int80 1; then
	good -c "$PROGRAMS/target int80 100" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @enter = count(); }
		tracepoint:syscalls:sys_exit_getpriority /pid == cpid/ { @exit = count(); } tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @all = count(); }'
	expect_between "$(value '@all')" 100 300 "calls"
	expect_no_out '^@(enter|exit): [1-9]'
fi
good -c /bin/true -e 'tracepoint:syscalls:sys_exit_execve /pid == cpid/ { @exec = count(); }'
expect_out '^@exec: 1$'

# a call that ends its thread never returns
printf 'probe ends { on syscall:it:exit_group, syscall:it:exit measure n = count() }\n' >ends.spile
good ends.spile -c "$PROGRAMS/target calls 10 3"
expect_err '^Left out: 4 calls of ends whose thread ended before they returned'
# and none of them needs a loop over those that are open
SPILE_WITHOUT=for_each_map good ends.spile -c "$PROGRAMS/target calls 10 3"
expect_err '^Left out: 4 calls of ends whose thread ended before they returned'
# a path in memory that the system call is the first to touch
printf '/etc/hostname' >name
cat >paths.spile <<'END'
probe opens { on syscall:it:openat capture path = str(args.filename) export csv("paths.csv") }
END
good -q -c "$PROGRAMS/untouched name name" paths.spile
expect_same "$(grep -c '/etc/hostname' paths.csv)" 2 "paths that were seen"
