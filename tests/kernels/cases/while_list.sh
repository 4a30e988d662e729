# SPDX-License-Identifier: Apache-2.0
# Loops whose end the verifier cannot see: by may_goto (Linux 6.9), by bpf_loop (5.17), or so many rounds.
good -q -e 'begin { $t = curtask; $n = (uint64)0; while ($t->pid != 0) { $t = $t->real_parent; if ($n == 100) { break } $n++; } print(("up", $n > 0)); }'
expect_out '^\(up, true\)$'
good -q -e 'begin { $s = "what lies on the stack"; $i = (uint64)0; @a = (1, $s);
	while ($i < 20) { $i++; if ($i % 2) { continue } @even++; $k = (uint64)0; while ($k < $i) { $k++; @last = ($i, $k); if ($k == 7) { break } } } print(@even); print(@last); }'
expect_out '^@even: 10$'
expect_out '^@last: \(20, 7\)$'
good -q -e 'tracepoint:sched:sched_switch /@n < 3/ { $q = 0; while ($q < args.prev_prio % 20) { $q++; } @n++; @same[$q == args.prev_prio % 20] = count(); if (@n == 3) { exit(); } }'
expect_out '^@same\[true\]: [1-9]'
