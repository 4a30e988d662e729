# SPDX-License-Identifier: Apache-2.0
# A target's processes: those that run, those that start later, their children, and no others.
t=$PROGRAMS/target
cp "$t" "$T/shop"
cp "$t" "$T/other"
cat >script.spile <<CASE
target shop { exe "$T/shop" }
probe begins { on syscall:shop:getpriority capture pid }
probe all { on syscall:shop:getpriority measure n = count() by comm export csv("all.csv") }
CASE
start "$SPILE" script.spile
attached
"$T/other" syscalls 50
"$T/shop" syscalls 100 # begins later than Spile: seen from its first call on
sh -c "exec $T/shop syscalls 30"
kill -INT "$pid"
ended "$pid" 20
expect_status 0
expect_same "$(sed -n '2,$s/.*,shop,\([0-9]*\).*/\1/p' all.csv)" 130 "calls of the target"
! grep -q other all.csv || fail "another program is in the target: $(cat all.csv)"

# a storm of forks: each child makes calls of its own before it executes anything
cat >storm.py <<'CASE'
import os, sys, time
while not os.path.exists('go'):
    os.getpgid(0)
    time.sleep(0.01)
for i in range(200):
    if os.fork() == 0:
        for _ in range(10):
            os.getpriority(os.PRIO_PROCESS, 0)
        if i % 2:
            os.execv(sys.argv[1], [sys.argv[1], "syscalls", "5"])
        os._exit(0)
    if i % 20 == 19:
        for _ in range(20):
            os.wait()
CASE
cat >script.spile <<CASE
target forks { cmdline "*storm.py*" }
probe taken { on syscall:forks:getpgid do { printf("taken in\n"); } }
probe calls { on syscall:forks:getpriority measure n = count() by comm export csv("forks.csv") }
CASE
start "$SPILE" script.spile
attached
launch $PYTHON storm.py "$T/other"
wait_for 30 grep -q '^taken in' out || fail "the process is not in the target" # a cmdline is no matter for the kernel half: the run side looks
: >go
ended "$target" 60
kill -INT "$pid"
ended "$pid" 20
expect_same "$(awk -F, 'NR > 1 { n += $3 } END { print n }' forks.csv)" 2000 "calls of the children: $(cat forks.csv)"
# nothing is left in the map of a target whose processes have ended: another process of that number would be taken for them
run -e 'target none { exe "/nowhere/*" } begin { print(in_target("none")); exit(); }'
expect_status 0
expect_out '^0|^false'
