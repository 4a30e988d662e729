# SPDX-License-Identifier: Apache-2.0
# A script built elsewhere for the oldest of the kernels (run.sh) prints the same on each, though what it reads lies elsewhere.
run -q /spile/scripts/portable.spo
expect_status 0
[ "$(cat out)" = "spile spile 1 1
120 0 1
state 0" ] || fail "other values"
