# SPDX-License-Identifier: Apache-2.0
# begin and end probes run, print and end with the script's status.
good -e 'begin { printf("hello %d\n", 41 + 1); exit(); } end { print("bye"); }'
expect_out '^hello 42$'
expect_out '^bye$'
run -e 'begin { exit(7); }'
expect_status 7
