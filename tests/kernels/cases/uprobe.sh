# SPDX-License-Identifier: Apache-2.0
# REQUIRES uprobe
# Functions of a program: arguments, strings, returned values, recursion.
good -q -c "$PROGRAMS/target words alpha beta" -e "uprobe:$PROGRAMS/target:say { printf(\"%s %d\n\", str(arg0), arg1); } uretprobe:$PROGRAMS/target:say { @r = sum(retval); }"
expect_out '^alpha 5$'
expect_out '^beta 4$'
expect_out '^@r: 9$'
good -q -c "$PROGRAMS/target deep 9" -e "uprobe:$PROGRAMS/target:deep { @n = count(); @by[func, probe] = count(); } uretprobe:$PROGRAMS/target:deep { @r = max(retval); @u[usym(reg(\"ip\"))] = count(); }"
expect_out '^@n: 10$'
expect_out '^@r: 10$'
expect_out '^@by\[deep, uprobe:.*:deep\]: 10$'
