# SPDX-License-Identifier: Apache-2.0
# What cannot be is said before anything runs.
bad -e 'tracepoint:sched:sched_swich { exit(); }'
expect_err "did you mean 'tracepoint:sched:sched_switch'"
bad -e 'begin { print(args.nothing); }'
bad -e "uprobe:$PROGRAMS/target:no_such_function { exit(); }"
# a helper that is younger than the kernel is named
run -q -e 'begin { print(nsecs(sw_tai) > 0); exit(); }'
[ "$status" = 0 ] || expect_err 'needs the helper bpf_ktime_get_tai_ns, which Linux has from 6.1 on'
