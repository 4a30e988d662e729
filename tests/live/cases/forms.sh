# SPDX-License-Identifier: Apache-2.0
# Every way of writing an attach point that this kernel can serve, by the name that `probe` gives the site; and what is refused.
t=$PROGRAMS/target
more=''
names() { # names ATTACH-POINT ARGUMENT... : what `probe` says of each site that fired until the command ended, or as $more says
	points=$1
	shift
	good -q "$@" -e "$points { @[probe, probetype] = count(); $more }"
}
address=$(nm "$t" | awk '$3 == "say" { print "0x" $1 }')
names "uprobe:$t:say, u:$t:say+0, uprobe:$t:$address, UPROBE:$t:sa*, ur:$t:say, mine=uprobe:$t:say" -c "$t words alpha"
expect_out "^@\\[uprobe:$t:say, uprobe\\]: [123]$"
expect_out "^@\\[uprobe:$t:$(printf %d "$address"), uprobe\\]: 1$|^@\\[uprobe:$t:$address, uprobe\\]: 1$"
expect_out "^@\\[uretprobe:$t:say, uretprobe\\]: 1$"
expect_out '^@\[mine, uprobe\]: 1$'
# a binary by its name on PATH, by a link, by a relative path; a library by its name; with -p none is needed
mkdir bin && cp "$t" bin/spile-target && ln -s spile-target bin/spile-link
export PATH="$T/bin:$PATH"
names "uprobe:spile-target:say, uprobe:./bin/spile-link:say" -c "$T/bin/spile-target words alpha"
expect_out '^@\[uprobe:.*bin/spile-target:say, uprobe\]: [12]$'
names 'uprobe:libc:malloc, uprobe:libc.so.6:free' -c /bin/ls
expect_out '^@\[uprobe:/.*libc[^ ]*:malloc, uprobe\]: [1-9]'
expect_out '^@\[uprobe:/.*libc[^ ]*:free, uprobe\]: [1-9]'
launch "$t" tick
more='exit();'
names 'uprobe:tick' -p "$target"
expect_out '^@\[uprobe:.*target:tick, uprobe\]: [1-9]'
names 'uprobe:*:tick' -p "$target"
expect_out '^@\[uprobe:.*target:tick, uprobe\]: [1-9]'
more=''
# timers, in every unit; software events with and without a count; the provider in any case
for point in interval:ms:50 i:us:50000 interval:hz:20 interval:50ms interval:50000000 profile:hz:99 p:ms:10 Profile:10ms software:cpu-clock:1000000 \
	s:cpu:1000000 software:context-switches:1 software:cs:1 software:page-faults:1 software:faults: software:task-clock:1000000 software:minor-faults; do
	good -q -c "$t burn 200" -e "$point { @ = count(); print(probe); }"
	case $point in *faults: | *minor-faults) ;; *) expect_out '^@: [1-9]' ;; esac
done
good -l 'software:*'
for event in alignment-faults bpf-output context-switches cpu-clock cpu-migrations dummy emulation-faults major-faults minor-faults page-faults task-clock; do expect_out "^software:$event:$"; done
good -l 'hardware:*'
for event in backend-stalls branch-instructions branch-misses bus-cycles cache-misses cache-references cpu-cycles frontend-stalls instructions ref-cycles; do expect_out "^hardware:$event:$"; done
run -q -c "$t burn 100" -e 'hardware:cycles:1000000 { @ = count(); }' # virtual machines have no counters
[ "$status" = 0 ] || expect_err 'has no hardware counter for cpu-cycles'
# tracepoints: both parts may be patterns, one part is an event of any category
names 't:sched:sched_process_ex*' -c /bin/true
expect_out '^@\[tracepoint:sched:sched_process_exit, tracepoint\]: [1-9]'
names 'tracepoint:sched_process_exi*' -c /bin/true
expect_out '^@\[tracepoint:sched:sched_process_exit, tracepoint\]: [1-9]'
names 'rt:sched_process_exit, rawtracepoint:vmlinux:sched_process_exec' -c /bin/true
expect_out '^@\[rawtracepoint:vmlinux:sched_process_exit, rawtracepoint\]: [1-9]'
expect_out '^@\[rawtracepoint:vmlinux:sched_process_exec, rawtracepoint\]: [1-9]'
good -q -c /bin/true -e 'tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { print(args.error_code); @ = args; print(sizeof(args)); }'
expect_out '^@: \{ .*\.error_code = 0 \}$'
# special ones
good -q -e 'BEGIN { print(probe); exit(); } self:signal:SIGUSR1 { } End { print((probe, probetype)); }'
expect_same "$(head -n 2 out | tr '\n' '|')" 'begin|(end, special)|' "special probes"
good -l 'self:*'
expect_out '^self:signal:SIGUSR1$'
good -l 'rawtracepoint:sched_swi*'
expect_out '^rawtracepoint:vmlinux:sched_switch$'
# refused
bad -e 'interval:ns:1 { }'
bad -e 'i:500 { }'
expect_err 'Minimum is 1000 or 1us'
bad -e 'interval { }'
expect_err "interval probe type requires 'interval:hz:N'"
bad -e "uprobe:$t:say+100000 { }"
expect_err 'outside .say.'
bad -e 'software:cpu-clok:1 { }'
bad -e 'hardware:*:1 { }'
bad -e 'self:signal:SIGUSR2 { }'
bad -e 'uprobe:/bin/sh:no_such_function_there { }'
run -e 'config = { missing_probes = "warn" } uprobe:/bin/sh:no_such_function_there { }'
expect_status 1
expect_err 'No probes to attach'
