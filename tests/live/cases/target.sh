# SPDX-License-Identifier: Apache-2.0
# -c and -p: what is traced, and when the run ends.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
good -c "$t exit 0" -e 'interval:s:3600 { exit(9); }'
good -c "$t exit 5" -e 'interval:s:3600 { exit(9); }' # its status is not ours

# the child is told when we end first
good -c "$t tick" -e "uprobe:$t:tick { @ = count(); if (++@k == 100) { exit(); } } begin { @child = cpid; }"
[ "$(value '@')" -ge 100 ] || fail "$(value '@') ticks"
wait_for 5 finished "$(value '@child')" || fail "the child survived"

# -p: this process and no other; the run ends with it
launch "$t" tick
mine=$target
launch "$t" tick
start "$SPILE" -p "$mine" -B line -e "uprobe:$t:tick { @[pid] = count(); if (++@k == 100) { printf(\"seen\n\"); } }"
attached
wait_for 30 grep -q seen out || fail "no ticks"
kill "$mine"
ended "$pid" 20
expect_status 0
expect_out "^@\\[$mine\\]: [0-9]+$"
expect_same "$(grep -c '^@\[' out)" 1 "processes seen"

# errors
bad -p 4194303 -e 'interval:s:1 { }'
bad -c /nonexistent/program -e 'interval:s:1 { }'
expect_err '/nonexistent/program'
bad -c 'x' -p 1 -e 'interval:s:1 { }'
expect_err 'Cannot use both -c and -p'
