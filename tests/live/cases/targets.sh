# SPDX-License-Identifier: Apache-2.0
# A target's processes: those that run, those that start later, their children, and no others.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
cp "$t" "$T/shop"
cp "$t" "$T/other"
for choice in "exe \"$T/shop\"" 'exe "*/shop"' 'name "nobody", "sho*"' 'comm "shop"'; do
cat >script.spile <<CASE
target shop { $choice }
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
done

# what chooses all is decided in the kernel too
cat >script.spile <<'CASE'
target all { comm "*" }
probe begins { on syscall:all:getpriority measure n = count() by comm export csv("all.csv") }
CASE
good -q -c "$T/shop syscalls 100" script.spile
expect_same "$(sed -n '2,$s/.*,shop,\([0-9]*\).*/\1/p' all.csv)" 100 "calls where all belong to the target"

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
# what -c starts is its as well, by fork alone and by exec: each call of theirs is seen. The kernel numbers processes as we do, else
# they are found out of turn, and the run says so.
cat >kids.py <<'CASE'
import os, sys
all_ended, alive = os.pipe()
os.set_inheritable(alive, True)
for i in range(40):
    if os.fork() == 0:
        if i % 4 == 3 and os.fork(): # an orphan makes the calls
            os._exit(0)
        for _ in range(10):
            os.getpriority(os.PRIO_PROCESS, 0)
        if i % 2:
            os.execv(sys.argv[1], [sys.argv[1], "syscalls", "5"])
        os._exit(0)
for _ in range(40):
    os.wait()
os.close(alive)
os.read(all_ended, 1)
CASE
if [ "$(readlink /proc/self/ns/pid)" = "pid:[4026531836]" ]; then
	good -q -c "$PYTHON kids.py $T/other" -e 'probe kids { on syscall:it:getpriority measure n = count() by comm export csv("kids.csv") }'
	expect_same "$(awk -F, 'NR > 1 { n += $NF } END { print n }' kids.csv)" 500 "calls of the children: $(cat kids.csv)"
fi
run -c "$T/other syscalls 3" -e 'probe kids { on syscall:it:getpriority measure n = count() export csv("one.csv") }'
expect_status 0

# in a PID namespace -p counts as its processes are numbered there
if unshare -pf --mount-proc true 2>/dev/null; then
	printf '%s tick & %s -q -p $! -e "tracepoint:syscalls:sys_enter_clock_nanosleep { printf(\\"of %%s\\n\\", comm); if (++@n > 3) { exit(); } }"; kill $!\n' "$T/other" "$SPILE" >inside.sh
	timeout -k 5 $MOST unshare -pf --mount-proc sh inside.sh >out 2>err || fail "in a PID namespace"
	expect_out '^of other$'
fi

# nothing is left in the map of a target whose processes have ended: another process of that number would be taken for them
run -e 'target none { exe "/nowhere/*" } begin { print(in_target("none")); exit(); }'
expect_status 0
expect_out '^0|^false'
