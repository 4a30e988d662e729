# SPDX-License-Identifier: Apache-2.0
# A predicate may be any expression: blocks, loops and variables of its own, and it may leave.
# ALSO WITHOUT ringbuf
good -q -e 'begin /(if (pid) {true} else {false})/ { printf("if\n"); }
	begin /({ let $n = 7; for ($i : 0..3) { $n += $i; } $n == 10 })/ { printf("loop\n"); }
	begin /({ $s = str("a string", 40); $s == "a string" })/ { $s = str("in the frame, not on the stack", 200); printf("%s\n", $s); }
	begin /({ return; 1 })/ { $s = str("in the frame, not on the stack", 200); printf("never %s\n", $s); }
	begin /(6 / { 2 }) == 3/ { printf("division\n"); }'
expect_exactly <<'END'
if
loop
in the frame, not on the stack
division


END
good -q -e 'begin { $n = 3; $s = "longer"; printf("%s|%s|%s|%s|%s\n", str($s, $n), str($s, $n * 10), str($s, 0 * $n), str($s, 1 + true), str("ab", $n)); }'
expect_exactly <<'END'
lo|longer||l|ab


END
