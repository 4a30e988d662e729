# SPDX-License-Identifier: Apache-2.0
# REQUIRES iter
# The kernel's tables: every task, and the files that are open.
good -q -e 'iter:task { if (ctx.task.pid == 1) { printf("first %s %d\n", ctx.task.comm, ctx.task.tgid); } @n = count(); }'
expect_out '^first [a-z]'
expect_out '^@n: [1-9]'
good -q -e 'iter:task_file { if (ctx.task.tgid == 1) { @fd[ctx.fd] = count(); } }'
expect_out '^@fd\[[0-9]+\]: 1'
