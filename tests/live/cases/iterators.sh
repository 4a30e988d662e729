# SPDX-License-Identifier: Apache-2.0
# Iterators run once, over all there is, and end by themselves.
# ALSO WITHOUT ringbuf
run -l 'iter:*'
grep -q '^iter:task$' out || skip "this kernel has no iterators"
launch sleep 3600
good -q -e "iter:task /ctx.task->pid == $target/ { printf(\"%s:%d %d\n\", ctx.task->comm, ctx.task->pid, ctx.task->real_parent->tgid); }"
expect_out "^sleep:$target $$\$"
good -q -e 'iter:task { @ = count(); @self[ctx.task->comm] = count(); }'
expect_between "$(value '@')" 2 4194304 "tasks"
expect_out '^@self\[spile\]: '
good -q -e "iter:task_file /ctx.task->pid == $target/ { printf(\"%d\n\", ctx.fd); }"
expect_out '^2$'
good -q -e "iter:task_vma /ctx.task->pid == $target/ { @pages += (ctx.vma->vm_end - ctx.vma->vm_start) / 4096; @n = count(); } END { print(@pages > 10); }"
expect_out '^true$'
# more than one, with other probes: the run lasts as long as they do
good -q -e 'BEGIN { printf("first\n"); } iter:task { @t = count(); } iter:bpf_prog { @p = count(); } interval:ms:50 { exit(); }'
expect_out '^first$'
expect_between "$(value '@p')" 1 100000 "programs"
