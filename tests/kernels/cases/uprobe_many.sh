# SPDX-License-Identifier: Apache-2.0
# REQUIRES uprobe
# Hundreds of functions at once, each under its own name.
good -c "$PROGRAMS/many" -e "uprobe:$PROGRAMS/many:many_3* { @n = count(); @[func] = count(); }"
expect_err '^Attached 256 probes'
expect_out '^@n: 256$'
expect_out '^@\[many_3a7\]: 1$'
