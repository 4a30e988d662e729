# SPDX-License-Identifier: Apache-2.0
# As on a kernel without ring buffers: records come by perf events, from each CPU its own. The cases with a line "ALSO WITHOUT
# ringbuf" run so as a whole; here is what is particular to it.
t=$PROGRAMS/target
SPILE_WITHOUT=ringbuf; export SPILE_WITHOUT

# merged by time, whichever CPU they come from: what begins the last thousandth of a second before they are read waits
start "$SPILE" -q -e 'tracepoint:raw_syscalls:sys_enter /strncmp(comm, "target", 6) == 0/ { printf("at %llu %d\n", nsecs, cpu); if (++@n > 4000) { exit(); } }'
launch sh -c "while :; do '$t' calls 1 2; done"
one=$target
launch sh -c "while :; do '$t' calls 2 2; done"
ended "$pid" 60
expect_status 0
awk '$1 == "at" { n++; if ($2 + 0 < last + 0) back++; last = $2; cpus[$3] = 1 } END { exit !(n > 4000 && back < n / 100) }' out || fail "the order of time is lost"
kill "$one" "$target"

# what is asked for in a loop of the kernel's, over a range and over a map, and by what it calls
good -q -e 'begin { for ($i : 0..3) { printf("round %d %s\n", $i, comm); } @m[1] = 2; for ($kv : @m) { print($kv); } if (len(@m) == 1) { exit(); } }'
expect_out '^round 2 spile$'
expect_out '^\(1, 2\)$'
good -q -k -c "$t words alpha" -e "uprobe:$t:say { for (\$i : 0..2) { printf(\"%s\n\", str(\$i)); @[\$i] = 1; } }"
expect_err 'probe_read_user_str, retcode: -14'
SPILE_WITHOUT=ringbuf,bpf_loop,for_each_map good -q -e 'begin { for ($i : 0..3) { for ($k : 0..2) { printf("round %d %d\n", $i, $k); } } exit(); }'
expect_out '^round 2 1$'

# values larger than a page, and records that no perf event can hold: those are counted
good -q -e "config = { max_strlen = 20000 } uprobe:$t:say { printf(\"%s %d\n\", str(arg0), 7); }" -c "$t words $(printf '%015000d' 1)"
expect_same "$(grep -c '^0*1 7$' out)" 1 "long lines"
expect_same "$(grep "1 7$" out | wc -c)" 15003 "bytes of it"
run -e "config = { max_strlen = 50000 } uprobe:$t:say { printf(\"%s%s\n\", str(arg0), str(arg0)); @n = count(); }" -c "$t words alpha $(printf '%040000d' 1)"
expect_out '^alphaalpha$'
expect_out '^@n: 2$'
expect_err '[Ll]ost 1 events?|event count: 1'
bad -e 'struct big { char x[65520]; } begin { print(*(struct big *)0); }'
expect_err 'takes the BPF ring buffer, .*5\.8.*65508 at the most'

# compiled where there are ring buffers: refused here, said; and the other way round it runs
unset SPILE_WITHOUT
good build -o ring.spo -e 'begin { printf("out\n"); exit(); }'
SPILE_WITHOUT=ringbuf run ring.spo
expect_status 1
expect_err 'ring buffer.*5\.8; this kernel lacks'
SPILE_WITHOUT=ringbuf good build -o perf.spo -e 'begin { printf("out\n"); exit(); }'
good -q perf.spo
expect_out '^out$'
