# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe btf
# Arguments of kernel functions by their names, at the entry of kprobes and at returns.
good -q -c 'dd if=/dev/zero of=/dev/null bs=777 count=20' -e 'kprobe:vfs_read /pid == cpid && args.count == 777/ { @entry[str(args.file->f_path.dentry->d_name.name)] = count(); }
kretprobe:vfs_read /pid == cpid && entry.count == 777/ { @ret[str(entry.file->f_path.dentry->d_name.name), entry.count - args.count] = count(); @buf = sum((uint64)(entry.buf != 0)); }'
expect_out '^@entry\[zero\]: 20$'
expect_out '^@ret\[zero, 0\]: 20$'
expect_out '^@buf: 20$'

good -q -c 'dd if=/dev/zero of=/dev/null bs=777 count=1' -e 'kretprobe:vfs_read /pid == cpid && entry.count == 777/ { print(args); }'
expect_out 'count = 777'

bad -e 'kretprobe:vfs_read { print(entry.nothing); }'
expect_err "has no argument 'nothing'"
