# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe
# Functions of the kernel: entry, return, an offset, a module's name, registers and arguments.
good -q -c "head -c 100 /dev/zero" -e 'kprobe:vfs_read /comm == "head"/ { @n = count(); @f[func] = count(); @len = max(arg2); @at[tid] = nsecs; }
kretprobe:vfs_read /comm == "head"/ { @r = max(retval); @pairs = sum(@at[tid] > 0); delete(@at, tid); }'
expect_out '^@n: [1-9]'
expect_out '^@f\[vfs_read\]: [1-9]'
expect_out '^@len: [1-9]'
expect_out '^@r: [1-9]'
expect_out '^@pairs: [1-9]'

good -q -c "head -c 100 /dev/zero" -e 'kprobe:vfs_read+0 { @a = count(); } kprobe:vmlinux:vfs_open { @b = count(); }'
expect_out '^@a: [1-9]'
expect_out '^@b: [1-9]'

bad -e 'kprobe:vfs_raed { exit(); }'
expect_err "did you mean 'vfs_read'"
