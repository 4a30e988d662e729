# SPDX-License-Identifier: Apache-2.0
# REQUIRES kallsyms
# Addresses and names of the kernel.
good -q -e 'begin { $a = kaddr("vfs_read"); printf("%s\n", ksym($a)); exit(); }'
expect_out '^vfs_read$'
