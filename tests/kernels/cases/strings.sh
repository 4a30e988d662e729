# SPDX-License-Identifier: Apache-2.0
# Strings: comparison, concatenation of prints, tables by string, long ones, bytes.
good -q -c "$PROGRAMS/target words one two one three" -e "uprobe:$PROGRAMS/target:say { \$s = str(arg0); @[\$s] = count(); if (\$s == \"two\") { printf(\"got %s and %s\n\", \$s, str(arg0, 3)); } if (strncmp(\$s, \"thx\", 2) == 0) { print((\$s, strlen(\$s))); } @b = buf(arg0, 3); }"
expect_out '^@\[one\]: 2$'
expect_out '^got two and tw$|^got two and two$'
expect_out '^\(three, 5\)$'
expect_out '^@b: thr$'
