# SPDX-License-Identifier: Apache-2.0
# System calls as one event each: entry and return paired, and those that never return.
printf 'probe calls { on syscall:it:getpriority filter args.which == 0 && retval > 0 measure n = count(), longest = max(duration) export json }
probe ends { on syscall:it:exit_group measure n = count() }\n' >calls.spile
good calls.spile -c "$PROGRAMS/target syscalls 500"
expect_out '"n": 500[,}]'
expect_err '^Left out: 1 calls? of ends whose thread ended before they returned'
