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
good -l
expect_out '^tracepoint:'
run -l 'frobnicate:*'
expect_status 1
expect_err 'frobnicate'
