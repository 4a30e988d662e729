# SPDX-License-Identifier: Apache-2.0
# Tracepoints: arguments by name, strings of the record, of user memory, system calls' results.
good -q -c "grep -q root /etc/passwd" -e 'tracepoint:syscalls:sys_enter_open, tracepoint:syscalls:sys_enter_openat /pid == cpid/ { printf("%s opens %s\n", comm, str(args.filename)); }
tracepoint:syscalls:sys_exit_read /pid == cpid && args.ret > 0/ { @got = max(args.ret); }
tracepoint:sched:sched_process_exec /pid == cpid/ { printf("exec %s\n", str(args.filename)); }
tracepoint:sched:sched_process_exit /pid == cpid/ { printf("exit %s %d\n", args.comm, args.pid == pid); }'
expect_out '^grep opens /etc/passwd$'
expect_out "^@got: [1-9][0-9]"
expect_out '^exec .*/(grep|busybox)$'
expect_out '^exit grep 1$'
