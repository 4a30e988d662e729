# SPDX-License-Identifier: Apache-2.0
# A hundred processes that fork and execute programs, round after round: nothing of those that ended stays behind.
t=$PROGRAMS/target
cp "$t" one
cp "$t" two
cat >storm.py <<'CASE'
import os, sys, time
def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.02)
def turn(i):
    for k in range(3):
        p = os.fork()
        if p == 0:
            os.getpriority(os.PRIO_PROCESS, 0) # by fork alone
            program = sys.argv[1 + (i + k) % 2]
            os.execv(program, [program, "syscalls", "3"])
        os.waitpid(p, 0)
    os._exit(0)
for r in range(4):
    wait_for("go%d" % r)
    for i in range(100):
        if os.fork() == 0:
            turn(i)
    for i in range(100):
        os.wait()
    open("done%d" % r, "w").close()
wait_for("go4")
CASE
start "$SPILE" -v -c "$PYTHON storm.py ./one ./two" -e 'tracepoint:syscalls:sys_enter_getpriority /in_target("it")/ {
	@stacks[comm, ustack] = count(); @calls = count(); } end { clear(@stacks); }'
attached
measure() { # of the map of processes, where the kernel tells what a map takes (from 6.4 on); descriptors; memory
	processes=$(for f in "/proc/$pid/fdinfo"/*; do
		! grep -q '^max_entries:[^0-9]*65536$' "$f" || ! grep -q '^key_size:[^0-9]*4$' "$f" || sed -n 's/^memlock:[^0-9]*//p' "$f"
	done 2>/dev/null || :)
	fds=$(find "/proc/$pid/fd" -mindepth 1 \( -lname "$T/*" -o ! -lname '/*' \) 2>/dev/null | wc -l) # files of other programs that run here come and go
	kb=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
}
settled() { # as many processes as before: their ends are read out of turn
	measure
	[ "$processes" = "$before" ]
}
measure
before=$processes
[ -n "$before" ] || fail "no map of processes"
for r in 0 1 2 3; do
	: >go$r
	wait_for 120 test -e done$r || fail "round $r does not end"
	wait_for 20 settled || fail "the map of processes takes $processes bytes after round $r, not $before"
	[ $r != 0 ] || first_fds=$fds first_kb=$kb
done
[ "$fds" -le $((first_fds + 8)) ] || fail "$first_fds descriptors after the first round, $fds after the last"
grep -q __asan_init "$SPILE" || [ "$kb" -le 61440 ] || fail "$first_kb KB after the first round, $kb KB after the last"
: >go4
ended "$pid" 60
expect_status 0
expect_out '^@calls: 4800$' # 4 rounds of 100 processes, three times one that forks: one call, then three of a program
expect_err '^unwind tables: .*met while running: [1-9]'
expect_no_err 'Lost|lost'
