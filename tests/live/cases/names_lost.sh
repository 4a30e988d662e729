# SPDX-License-Identifier: Apache-2.0
# What processes map is lost when Spile cannot run for long while much is mapped: then it says so where names are missing.
t=$PROGRAMS/target
cp "$t" one
cat >map.py <<'END_OF_SCRIPT'
import mmap, os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}) # the ring of one processor
with open("/proc/self/exe", "rb") as f:
    for i in range(6000):
        mmap.mmap(f.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()
os.execv("./one", ["./one", "syscalls", "3"]) # what it maps has no room any more
END_OF_SCRIPT
start "$SPILE" -e 'tracepoint:syscalls:sys_enter_getpriority /comm == "one"/ { @[ustack(fp)] = count(); @seen = count(); }'
attached
kill -STOP "$pid"
$PYTHON map.py || fail "the program that maps fails"
kill -CONT "$pid"
kill -INT "$pid"
ended "$pid" 60
expect_status 0
expect_out '^@seen: [1-9]'
expect_out '^ +0x'
expect_err '^[1-9][0-9]* frames lie in no known mapping, perhaps since there were lost: [1-9][0-9]* records of what processes map$'
