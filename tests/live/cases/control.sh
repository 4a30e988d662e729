# SPDX-License-Identifier: Apache-2.0
# Control records (exit, print of a map, clear) are not lost behind data, and keep their place in their program's order.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
BPFTRACE_PERF_RB_PAGES=1; export BPFTRACE_PERF_RB_PAGES
# How many hits pass before the tracer has read the exit is the machine's speed; that the exit came is the status.
for round in 1 2 3; do # the ring of data is full nearly always
	run -c "$t calls 3000000 2" -e "uprobe:$t:hit { @n = count(); printf(\"%d %s\n\", arg0, str(arg1)); }
		uprobe:$t:hit /arg0 == 50000/ { printf(\"last\n\"); exit(3); }"
	expect_status 3
	expect_between "$(value @n)" 50000 6000000 "hits until the exit"
done
# the ring of control records is full too: nothing is read while the program runs
start "$SPILE" -e "uprobe:$t:hit { @n = count(); print(@n); print(@n); print(@n); } uprobe:$t:hit /arg0 == 50000/ { exit(4); }"
attached
kill -STOP "$pid"
"$t" calls 60000 2
kill -CONT "$pid"
ended "$pid" 60
expect_status 4
expect_same "$(grep '^@n' out | tail -n 1)" '@n: 120000' "what is printed at the end"
expect_err 'Lost [0-9]+ print records of uprobe'
unset BPFTRACE_PERF_RB_PAGES
# a program's own order
good -q -e 'begin { printf("a\n"); @x = 1; print(@x); printf("b\n"); printf("%s\n", comm); zero(@x); print(@x); printf("c\n"); clear(@x); exit(); }'
expect_exactly <<'END'
a
@x: 1
b
spile
@x: 0
c


END
