# SPDX-License-Identifier: Apache-2.0
# budget { memory … }: a script that needs more is refused by name, one that fits runs.
run -e 'budget { memory 10MB; } let @big = hash(1000000); begin { @big[1] = 1; exit(); }'
expect_status 1
expect_err 'ERROR: the budget allows 10.0 MB of memory, but .*; the largest is @big with [0-9.]+ MB'
expect_err 'HINT'
good -e 'budget { memory 500MB; } let @small = hash(100); begin { @small[1] = 1; exit(); }'
expect_out '@small\[1\]: 1'
