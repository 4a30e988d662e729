# SPDX-License-Identifier: Apache-2.0
# REQUIRES iter
# An iterator that is a file, under the name that scripts give; it works when the run that made it is over.
mount -t bpf bpf /sys/fs/bpf 2>/dev/null || :
good -q -e 'iter:task:spile_first /ctx.task.pid == 1/ { printf("%d %s %-10s| %s\n", ctx.task.tgid, ctx.task.comm, ctx.task.comm, ksym(kaddr("schedule"))); }'
cat /sys/fs/bpf/spile_first >out
expect_out '^1 [a-z]+ [a-z]+ *\| (schedule|0x[0-9a-f]{16})$'
rm /sys/fs/bpf/spile_first
