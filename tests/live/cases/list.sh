# SPDX-License-Identifier: Apache-2.0
# -l: sorted, unique, by pattern, by script, with arguments.
t=$PROGRAMS/target
good -l "uprobe:$t:*"
expect_out "^uprobe:$t:hit$"
sort -c out || fail "not sorted"
expect_same "$(sort out | uniq -d | wc -l)" 0 "duplicates"
good -l 'tracepoint:syscalls:sys_enter_open*'
expect_out '^tracepoint:syscalls:sys_enter_openat$'
expect_no_out '^tracepoint:syscalls:sys_exit'
good -lv 'tracepoint:syscalls:sys_enter_openat'
expect_out '^    .*filename$'
good -l "usdt:$PYTHON:*"
expect_out ":python:function__entry$"
good -l 'software:*,profile:*,interval:*'
expect_out '^software:cpu-clock:$'
expect_out '^interval:ms:$'
printf 'uprobe:%s:many_00* { }\n' "$PROGRAMS/many" >some.spile
good -l some.spile
expect_same "$(wc -l <out)" 16 "probes of a script"
good -l # everything of the kernel, and of a process when there is one
expect_out '^tracepoint:'
expect_no_out '^u'
good -l '*:*sched_switch'
expect_out '^tracepoint:sched:sched_switch$'
expect_out '^rawtracepoint:vmlinux:sched_switch$'
good -l "*:$t:hit"
expect_out "^uprobe:$t:hit$"
expect_out "^uretprobe:$t:hit$"
launch "$t" tick
good -l -p "$target" 'u*:tick'
expect_out 'target:tick$'
run -l 'frobnicate:*'
expect_status 1
expect_err 'frobnicate'
