# SPDX-License-Identifier: Apache-2.0
# REQUIRES hardware
good -q -c "$PROGRAMS/target burn 300" -e 'hardware:cpu-cycles:100000 { @c = count(); }'
expect_out '^@c: [1-9]'
