# SPDX-License-Identifier: Apache-2.0
# The kinds of values that are printed.
good -q -e 'begin { printf("%d %u %x %5d|%-5d|%05d %c %s %p %lld\n", -1, 7, 255, 42, 42, 42, 65, "text", 4096, (int64)-5000000000); print((1, "two", (3, 4))); exit(); }'
expect_out '^-1 7 ff    42\|42   \|00042 A text 0x1000 -5000000000$'
expect_out '^\(1, two, \(3, 4\)\)$'
