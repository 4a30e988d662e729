# SPDX-License-Identifier: Apache-2.0
# What cannot be is said before anything runs.
bad -e 'tracepoint:sched:sched_swich { exit(); }'
expect_err "did you mean 'tracepoint:sched:sched_switch'"
bad -e 'begin { print(args.nothing); }'
bad -e "uprobe:$PROGRAMS/target:no_such_function { exit(); }"
