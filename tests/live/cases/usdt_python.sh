# SPDX-License-Identifier: Apache-2.0
# USDT with semaphores: the names of the Python functions that run. CPython 3.11 fires function__entry for calls between Python
# functions only while its line probe is on as well; what is called from C it always shows.
[ -x "$PYTHON" ] || skip "no $PYTHON"
cat >work.py <<END
def bake(n): return n
def knead(n): return bake(n)
for i in range(25): knead(i)
END
good -c "$PYTHON -I work.py" -e "usdt:$PYTHON:python:function__entry { @[str(arg1)] = count(); @file[str(arg0)] = count(); } usdt:$PYTHON:python:line { @lines = count(); }"
expect_out '^@\[bake\]: 25$'
expect_out '^@\[knead\]: 25$'
expect_out '^@file\[.*work\.py\]: 51$'

# in a process that runs already: the semaphore is raised, and lowered again
cat >loop.py <<END
import time
def step(): time.sleep(0.005)
while True: step()
END
launch "$PYTHON" loop.py
good -p "$target" -e 'usdt:*:python:function__entry /str(arg1) == "step"/ { @n = count(); @k++; if (@k == 20) { exit(); } } usdt:*:python:line { @lines = count(); }'
[ "$(value '@n')" -ge 20 ] || fail "$(value '@n') steps"
kill -0 "$target" || fail "the traced program died"
