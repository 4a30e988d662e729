# SPDX-License-Identifier: Apache-2.0
# Loops over a range, one in another, with break and continue.
good -q -e 'begin { $s = 0; for ($i : 0..100) { if ($i == 50) { break; } if ($i % 2) { continue; } $s += $i; } printf("range %d\n", $s); for ($a : 0..3) { for ($b : 0..4) { @n = count(); } } exit(); }'
expect_out '^range 600$'
expect_out '^@n: 12$'
