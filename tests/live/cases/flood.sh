# SPDX-License-Identifier: Apache-2.0
# Printed records and reported losses together are the records produced, also when most are lost.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
n=400000
BPFTRACE_PERF_RB_PAGES=16; export BPFTRACE_PERF_RB_PAGES
run -c "$t calls $n 2" -e "uprobe:$t:hit { @made = count(); printf(\"event %d\n\", arg0); }"
expect_status 0
made=$(value '@made')
printed=$(grep -c '^event [0-9]*$' out)
lost=$(sed -n 's/.*[Tt]otal lost event count: \([0-9]*\).*/\1/p' err | tail -n 1)
expect_same "$made" $((2 * n)) "hits counted"
expect_same $((printed + ${lost:-0})) "$made" "printed ($printed) and lost (${lost:-0})"

# the same through JSON
run -f json -c "$t calls $n 2" -e "uprobe:$t:hit { @made = count(); printf(\"event %d\n\", arg0); }"
/usr/bin/python3 - $((2 * n)) <<'END' || fail "JSON: printed and lost are not what was produced"
import json, sys
printed = lost = 0
for line in open("out"):
    o = json.loads(line)
    printed += o["type"] == "printf"
    if o["type"] == "lost_events": lost += o["data"]["events"]
print(printed, lost)
sys.exit(printed + lost != int(sys.argv[1]))
END
# without a flood nothing is lost
unset BPFTRACE_PERF_RB_PAGES
run -c "$t calls 2000" -e "uprobe:$t:hit { printf(\"event %d\n\", arg0); }"
expect_same "$(grep -c '^event' out)" 2000 "lines"
expect_no_err '[Ll]ost'
# a map that is full says so, with a count
run -c "$t calls 1000" -e "config = { max_map_keys = 10 } uprobe:$t:hit { @[arg0] = 1; }"
expect_err 'Map full|Lost 990 updates'
expect_same "$(grep -c '^@\[' out)" 10 "keys kept"
