# SPDX-License-Identifier: Apache-2.0
# REQUIRES for_each_map
# Loops over a map, and how many elements one has.
good -q -e 'begin { @a[1] = 10; @a[2] = 20; @a[3] = 30; $s = 0; for ($kv : @a) { $s += $kv.0 * $kv.1; } printf("sum %d of %d\n", $s, len(@a)); exit(); }'
expect_out '^sum 140 of 3$'
