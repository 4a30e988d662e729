# SPDX-License-Identifier: Apache-2.0
# A program without frame pointers shows whole stacks: Debian's python3.11, by time and at a function.
cat >burn.py <<'END'
import json, time
end = time.time() + 3600
def deep(n):
    return json.dumps({"a": [1, 2, 3] * 50}) if n == 0 else deep(n - 1)
while time.time() < end:
    deep(20)
END
good -v -c "$PYTHON burn.py" -e 'profile:hz:99 /pid == cpid/ { @[ustack(why)] = count(); if (@n++ > 40) { exit(); } }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"
expect_out '_PyEval_EvalFrameDefault\+[0-9]+ \[cfi'
expect_out '__libc_start_call_main\+[0-9]+ \[cfi'
# whole ones end at the program's first function; the first may be met before its table is there, and says so
awk '/^@\[/ { last = "" } /^        / { last = $0 } /^\]: / { print last }' out >lasts
grep -q '^ *_start+' lasts || fail "no stack reaches _start"
grep -v '^$\|_start+\|_dl_\|not read yet' lasts >others || true
[ ! -s others ] || fail "a stack ends early: $(head -n 3 others)"

# one stack is one key, whether or not it tells how it was found; fp is the kernel's walk
echo 'import time; time.sleep(0.05)' >sleep.py
good -c "$PYTHON sleep.py" \
	-e 'tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { @a[ustack] = count(); @b[ustack(why, 3)] = count(); @c[ustack(fp, why)] = count(); print(len(ustack)); print(len(ustack(3))); }'
expect_same "$(grep -c '^@a\[' out)" 1 "keys"
expect_out '^3$'
expect_out '^        _start\+'
expect_out 'end of frame pointers'

# every mode has the same frames; a build ID is the file's
good -q -c "$PYTHON sleep.py" -e 'tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid && @once++ == 0/ {
	printf("%d %d %d\n", len(ustack(raw)), len(ustack(perf)), len(ustack(build_id))); print(ustack(build_id)); }'
expect_out '^([0-9]+) \1 \1$'
expect_no_out '^[012] '
id=$(readelf -n "$PYTHON" | sed -n 's/.*Build ID: //p')
expect_out "^$id 0x[0-9a-f]+$"

# -v tells at the end how many stacks were whole
good -v -c "$PYTHON sleep.py" -e 'tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { @[ustack] = count(); }'
expect_err '^user stacks: [0-9]+ walked, 100 ?% whole'
expect_err '^unwind tables: [0-9]+ files'
