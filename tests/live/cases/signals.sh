# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: probes are detached, end runs, maps are printed, status 0. And SIGTERM, and SIGUSR1.
# ALSO WITHOUT ringbuf
for signal in INT TERM; do
	start env --default-signal=INT "$SPILE" -e 'interval:ms:10 { @ = count(); printf("tick\n"); } end { printf("the end\n"); }'
	attached
	wait_for 20 grep -q tick out || fail "no tick"
	kill -$signal "$pid"
	ended "$pid" 30
	expect_status 0
	expect_out '^the end$'
	expect_out '^@: [0-9]+$'
	! grep -q ERROR err || fail "an error after SIG$signal"
done

start "$SPILE" -e 'self:signal:SIGUSR1 { printf("usr1 %d\n", ++@n); if (@n == 2) { exit(); } }'
attached
kill -USR1 "$pid"
wait_for 30 grep -q 'usr1 1' out || fail "SIGUSR1 was not seen"
kill -USR1 "$pid"
ended "$pid" 30
expect_out '^usr1 2$'

# Ctrl-C with twenty uprobes on: what was seen until then is printed, nothing stays attached
script=''
for f in 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13; do script="$script uprobe:$PROGRAMS/many:many_0$f { @ = count(); }"; done
start env --default-signal=INT "$SPILE" -e "$script end { printf(\"the end\n\"); }"
attached
expect_err '^Attached 21 probes'
kill -INT "$pid"
ended "$pid" 60
expect_status 0
expect_out '^the end$'
expect_no_err 'ERROR'

# a reader that goes away ends us without noise
timeout $MOST "$SPILE" -q -e 'interval:ms:1 { printf("line\n"); }' 2>err | head -n 3 >out
expect_same "$(wc -l <out)" 3 "lines before the pipe closed"
expect_no_err 'ERROR'
