# SPDX-License-Identifier: Apache-2.0
# REQUIRES btf
# Raw tracepoints: the arguments by their names and types in BTF, fields of what they point to.
good -q -c "$PROGRAMS/target syscalls 20" -e 'rawtracepoint:sys_enter /pid == cpid && args.id == 140/ { @n = count(); }
rawtracepoint:sched_process_exec /pid == cpid/ { printf("exec %s %d\n", args.p.comm, args.p.tgid == pid); }
rawtracepoint:sched_process_exit /pid == cpid && pid == tid/ { printf("state %d\n", args.p.exit_code); }'
expect_out '^@n: 20$'
expect_out '^exec target 1$'
expect_out '^state 0$'
