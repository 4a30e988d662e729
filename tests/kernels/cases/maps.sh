# SPDX-License-Identifier: Apache-2.0
# Maps: aggregations, deletion, tables with several keys, printing while running.
good -q -e 'begin { @a[1, "x"] = 5; @a[2, "y"] = 6; delete(@a, (1, "x")); @h = lhist(5, 0, 10, 1); @m = min(3); @m = min(2); @v = avg(4); @v = avg(8); @st = stats(5); print(@m); clear(@m); @c = count(); @c = count(); zero(@c); exit(); }'
expect_out '^@m: 2$'
expect_out '^@a\[2, y\]: 6$'
expect_no_out '^@a\[1, x\]'
expect_out '^@v: 6$'
expect_out '^\[5\] '
expect_out '^@c: 0$'
