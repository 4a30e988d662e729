# SPDX-License-Identifier: Apache-2.0
# A process whose program execve is just replacing has no stack: nothing is missing of it.
cp /bin/true between
printf './between\n./between\nexit 0\n' >script.sh
good -v -c "sh script.sh" -e 'tracepoint:task:task_rename /args.newcomm == "between"/ { print(ustack(why)); @[ustack] = count(); }'
[ "$(grep -c '\[top' out)" -eq 2 ] || fail "$(grep -c '\[top' out) stacks"
! grep -q stopped out || fail "stopped: $(grep stopped out)"
grep -q 'along frame pointers' err || expect_err '^user stacks: 4 walked, 100 % whole$'
