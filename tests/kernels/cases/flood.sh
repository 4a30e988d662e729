# SPDX-License-Identifier: Apache-2.0
# More records than the buffer takes: what is lost is counted, what is printed is whole.
BPFTRACE_PERF_RB_PAGES=1
export BPFTRACE_PERF_RB_PAGES
good -c "$PROGRAMS/target calls 20000" -e "uprobe:$PROGRAMS/target:hit { printf(\"record %d of the flood\n\", arg0); @n = count(); }"
expect_out '^@n: 20000$'
printed=$(grep -c '^record [0-9]* of the flood$' out)
lost=$(sed -n 's/.*Total lost event count: //p' out err)
expect_same $((printed + ${lost:-0})) 20000 "printed and lost records"
expect_same "$(grep -c 'record\|flood' out)" "$printed" "whole lines"
