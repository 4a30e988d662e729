# SPDX-License-Identifier: Apache-2.0
# Loops: while with break and continue, unroll.
good -q -e 'begin { $i = 0; $s = 0; while ($i < 10) { $i++; if ($i == 3) { continue; } if ($i > 8) { break; } $s += $i; } printf("while %d\n", $s); $u = 0; unroll(5) { $u += 2; } printf("unroll %d\n", $u); exit(); }'
expect_out '^while 33$'
expect_out '^unroll 10$'
