# SPDX-License-Identifier: Apache-2.0
# REQUIRES fentry
# Trampolines: arguments by name, fields behind them, the returned value beside them.
good -q -c "head -c 100 /dev/zero" -e 'fentry:vfs_read /comm == "head"/ { @n = count(); @len = max(args.count); @d[func] = count(); }
fexit:vfs_read /comm == "head"/ { @r[str(args.file.f_path.dentry.d_name.name)] = max(retval); }'
expect_out '^@n: [1-9]'
expect_out '^@len: [1-9]'
expect_out '^@d\[vfs_read\]: [1-9]'
expect_out '^@r\[zero\]: [1-9]'
