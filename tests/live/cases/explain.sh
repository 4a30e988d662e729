# SPDX-License-Identifier: Apache-2.0
# spile explain: hooks, rights, copies, maps, sinks; then hits and cost, with nothing printed, written or started by the script.
cat >s.spile <<'END'
probe opened {
	on      tracepoint:raw_syscalls:sys_enter
	filter  pid > 0
	capture pid, comm
	sample  max 5/s
	export  jsonl("out.jsonl")
}
tracepoint:raw_syscalls:sys_enter { @calls[comm] = count(); }
begin { printf("never shown\n"); }
END
good explain --seconds 0.3 s.spile
for part in '^HOOKS' '^RIGHTS' '^  CAP_BPF ' '^COPIED' '^MAPS' '^  @calls ' '^SINKS' '^  jsonl +file=out.jsonl|^  jsonl .*out.jsonl' '^COST, measured for '; do
	expect_out "$part"
done
expect_no_out 'never shown'
[ ! -e out.jsonl ] || fail "the sink was opened"
# what hits is counted, and costs something
hits=$(sed -n '/^COST/,$s/^  tracepoint:raw_syscalls:sys_enter *\([0-9]*\)\..*/\1/p' out | head -n 1)
[ "${hits:-0}" -gt 0 ] || fail "no hits counted"
# of a command; exit() of the script ends nothing here
good explain --seconds 0.2 -c "$PROGRAMS/calls fork 5 20" -e 'begin { exit(); } tracepoint:sched:sched_process_fork { @ = count(); }'
expect_out '^  tracepoint:sched:sched_process_fork '
# a timer's interrupt and the kernel's own counters are entered at what this machine takes, not at what some other took
good explain --seconds 0.2 -e 'profile:hz:99 { @ = count(); } software:cpu-clock:1000000 { @c = count(); } software:page-faults:1 { @f = count(); }'
for event in profile:hz:99 software:cpu-clock:1000000 software:page-faults:1; do
	expect_out "^  $event +[0-9.]+ +[0-9]+ "
done
expect_no_out 'not measured here'
run explain --seconds x -e 'begin { }'
expect_status 1
expect_err 'seconds takes how long'
bad --seconds 2 -e 'begin { }'
expect_err 'spile explain'
bad explain -e 'begin { nothing() }'
