# SPDX-License-Identifier: Apache-2.0
# -c: traced from its first instruction on, its end ends the run; statuses and errors.
good -q -c "$PROGRAMS/target exit 3" -e 'tracepoint:sched:sched_process_exec /pid == cpid/ { @e = count(); } end { print("over"); }'
expect_out '^@e: 1$'
expect_out '^over$'
bad -c /no/such/program -e 'begin { exit(); }'
