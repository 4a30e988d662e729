# SPDX-License-Identifier: Apache-2.0
# REQUIRES for_each_map
# loops in one another with large values: what each takes of the stack counts together, and kernels before 6.13 allow 512 bytes
nested_loops >nested.bt
good -q nested.bt
expect_out '^\(2, 16\)$'
