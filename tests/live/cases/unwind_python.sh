# SPDX-License-Identifier: Apache-2.0
# A program without frame pointers shows whole stacks: Debian's python3.11, by time and at a function.
cat >burn.py <<'END'
import json, time
end = time.time() + 1.5
def deep(n):
    return json.dumps({"a": [1, 2, 3] * 50}) if n == 0 else deep(n - 1)
while time.time() < end:
    deep(20)
END
good -v -c "$PYTHON burn.py" -e 'profile:hz:99 /pid == cpid/ { @[ustack(why)] = count(); @n = count(); }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"
expect_out '_PyEval_EvalFrameDefault\+[0-9]+ \[top'
expect_out '__libc_start_call_main\+[0-9]+ \[cfi'
# the samples whose last frame is the program's first one
whole=$(awk '/^@\[/ { last = "" } /^        / { last = $1 } /^\]: / { if (last ~ /^_start\+/) n += $2 } END { print n + 0 }' out)
all=$(value '@n')
[ "$all" -gt 0 ] || fail "no samples"
[ $((whole * 10)) -ge $((all * 9)) ] || fail "$whole of $all stacks reach _start"
