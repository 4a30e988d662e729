# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe
# A pattern: each function under its own name, entry and return.
good -c "head -c 100 /dev/zero" -e 'kprobe:vfs_r* { @[func] = count(); @p[probe] = count(); } kretprobe:vfs_o* { @r[func] = count(); }'
expect_out '^@\[vfs_read\]: [1-9]'
expect_out '^@p\[kprobe:vfs_read\]: [1-9]'
expect_out '^@r\[vfs_open\]: [1-9]'
expect_err '^Attached ([3-9]|[1-9][0-9]+) probes'
