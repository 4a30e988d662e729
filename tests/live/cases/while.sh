# SPDX-License-Identifier: Apache-2.0
# Loops whose end no verifier sees, and a script too long for the stack: where there is no may_goto (Linux 6.9) its rounds are counted by
# bpf_loop, and where there is neither they are few, and the run says so.
cat >loops.bt <<'END'
begin {
	let $i: uint64 = 0; $s = "kept on the stack, if there is room";
	while ($i < 1000) { $i++; if ($i % 2 == 0) { continue } if ($i > 100) { break } @odd++; @last = $i; @pair = ($i, $s); }
	$j = 0;
	while ($j < 6) { $k = 0; while ($k < 6) { $k++; @inner++; if ($j == 5 && $k == 5) { @seen = ($j, $k); } } $j++; }
	$t = curtask;
	while ($t->pid > 1 && $t->real_parent->pid != 0) { $t = $t->real_parent; @up = 1; }
	while (1) { if (@inner > 300) { print("left"); return } @inner++; }
	print("went on");
}
tracepoint:sched:sched_switch /@done == 0/ { $q = 0; while ($q < args.prev_prio % 30) { $q++; } @same = $q == args.prev_prio % 30; @done = 1; exit(); }
END
cat >all <<'END'
left
@done: 1
@inner: 301
@last: 99
@odd: 50
@pair: (99, kept on the stack, if there is room)
@same: true
@seen: (5, 5)
@up: 1
END
for without in '' may_goto may_goto,ringbuf; do
	SPILE_WITHOUT=$without run -q --no-warnings --no-cache loops.bt
	expect_status 0
	grep -v '^$' out >lines
	cmp -s lines all || { diff lines all >&2; fail "without '$without'"; }
done
SPILE_WITHOUT=may_goto,bpf_loop run -q --no-cache loops.bt
expect_status 0
expect_out '^went on$'
expect_out '^@seen: \(5, 5\)$'
expect_err 'loops\.bt:8:.*the loop ended after [0-9]+ rounds, the most that a kernel without bpf_loop \(Linux 5\.17\) allows here'
# a walk along a list: no layout knows its end
for without in may_goto ''; do
	SPILE_WITHOUT=$without run -q --no-cache -e 'begin { $t = curtask; let $n: uint64 = 0; while ($t->pid != 0) { $t = $t->real_parent; $n++; } print($n > 0); }'
	expect_status 0
	expect_out '^true$'
done
