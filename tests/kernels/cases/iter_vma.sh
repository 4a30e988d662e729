# SPDX-License-Identifier: Apache-2.0
# REQUIRES iter
# Mappings: where the kernel has that table (from 5.13 on), else the refusal names those it has.
run -q -e 'iter:task_vma { @[ctx.task.comm] = count(); }'
if [ "$status" = 0 ]; then
	expect_out '^@\[spile\]: [1-9]'
else
	expect_err "there is no iterator 'task_vma'"
fi
