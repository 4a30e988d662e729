# SPDX-License-Identifier: Apache-2.0
# REQUIRES fentry
# entry.NAME in an fexit is args.NAME: the trampoline has them.
good -q -c 'dd if=/dev/zero of=/dev/null bs=777 count=20' -e 'fexit:vfs_read /pid == cpid && entry.count == 777/ { @[(uint64)retval == entry.count, entry.count == args.count] = count(); }'
expect_out '^@\[true, true\]: 20$'
good explain -e 'fexit:vfs_read { @ = sum(entry.count); }'
expect_no_out 'fentry'
