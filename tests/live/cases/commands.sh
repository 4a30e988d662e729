# SPDX-License-Identifier: Apache-2.0
# The words a command line may begin with: run, list, test.
good run -q -e 'begin { printf("%d\n", $1) }' 5
expect_out '^5$'
good list 'interval:*'
good list -v 'tracepoint:sched:sched_process_fork'
expect_out '^tracepoint:sched:sched_process_fork$'
expect_out '^ +.*parent_pid$'
run list 'nosuchtype:*'
expect_status 1
expect_err "no probe type matches 'nosuchtype:"
# test: every script is run, the worst status is that of all
echo 'test:good { @x = 1; }' >good.bt
echo 'test:wrong { errorf("no"); }' >wrong.bt
good test good.bt
expect_out 'OK .* good'
run test wrong.bt good.bt
[ "$status" != 0 ] || fail "a failed test is no failure"
expect_out '^wrong.bt:$'
expect_out 'FAILED .* wrong'
expect_out 'OK .* good'
good test -e 'test:inline { @x = 1; }'
expect_out 'OK .* inline'
bad test
expect_err 'USAGE: spile test .*SCRIPT'
