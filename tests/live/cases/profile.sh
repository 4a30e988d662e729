# SPDX-License-Identifier: Apache-2.0
# Stacks by time, with function names.
t=$PROGRAMS/target
good -c "$t burn 1500" -e 'profile:hz:99 /pid == cpid/ { @[ustack] = count(); }'
expect_out 'burn_inner\+'
expect_out 'burn_outer\+'
expect_out 'main\+'

# A processor that is kept from its timer misses ticks, and takes none twice: n samples of one last n - 1 periods at the least, but
# for the lateness of the first. Of two timers on one processor the faster one ticks more often.
rate() { # rate PERIOD_NS PROBE : nobody's samples come faster than that
	good -q -c "$t burn 700" -e "$2 { if (@n[cpu] == 0) { @first[cpu] = nsecs; } @n[cpu]++; @last[cpu] = nsecs; }
		end { for (\$kv : @n) { printf(\"cpu %d %d %lld\\n\", \$kv.0, \$kv.1, @last[\$kv.0] - @first[\$kv.0]); } clear(@n); clear(@first); clear(@last); }"
	grep '^cpu' out | awk -v p="$1" '{ n++; most = $4 / p + 2; if ($3 > most * 1.5) { print "cpu " $2 ": " $3 " samples, not " most; bad = 1 } } END { exit bad || !n }' >too_many ||
		fail "samples of $2: $(cat too_many)"
}
rate 10101010 profile:hz:99
rate 10000000 profile:ms:10
rate 1000000 software:cpu-clock:1000000
good -q -c "$t burn 1000" -e 'profile:hz:20 { @slow = count(); } profile:hz:499 { @fast = count(); }'
[ "$(value @fast)" -gt "$(value @slow)" ] || fail "$(value @fast) samples at 499 Hz, $(value @slow) at 20"
good -c "$t burn 300" -e 'software:cpu-clock:1000000 /pid == cpid/ { @ = count(); }'
expect_out '^@: [1-9]'
good -q -e 'interval:ms:100 { @n++; printf("tick %d\n", @n); if (@n == 3) { exit(); } }'
expect_out '^tick 3$'
expect_no_out '^tick 4$'
# kernel stacks have kernel functions in them
good -c "$t syscalls 100" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @[kstack] = count(); }'
expect_out 'syscall'
