# SPDX-License-Identifier: Apache-2.0
# lib.sh - what live cases are written with. Sourced by run.sh, which sets SPILE, PROGRAMS, EXAMPLES and T (the case's folder, also
# the current one). After `run`, $status, out and err hold what came of it.
#
# No case knows how fast the machine is, how many processors it has or what else it does:
#   - a run ends when something was seen (`if (++@k == 20) { exit(); }`), not after a time; after exit() more events come until it is
#     read, so their number has no upper bound
#   - what must hold is counted by the traced program, or is a ratio of two counts
#   - a program is told from others by `pid == cpid` or a name of its own, since a tracepoint sees all that run
#   - one that burns time burns the processor's, since it may hardly get any
#   - stopping Spile (`kill -STOP`) fills its buffers on every machine
#   - limits of seconds are there for what hangs, and are many times what a case takes
# shellcheck shell=sh disable=SC2034,SC2154

started='' status=0
MOST=600   # seconds until a run that has not ended is taken to hang: no measure of speed, whatever else the machine does
SLACK=12   # how much longer than the seconds it names a wait may last, on machines that are slow or busy
PYTHON=/usr/bin/python3.11 # Debian's: the one with USDT probes

show() { # what is known when something is wrong
	for f in out err; do
		[ ! -s $f ] || { echo "--- std$f"; head -c 4000 $f; echo; }
	done >&2
}
fail() {
	echo "FAIL $CASE: $*" >&2
	show
	exit 1
}
skip() {
	echo "SKIP $CASE: $*"
	exit 77
}

run() { # run ARGUMENT... : spile to its end
	status=0
	timeout -k 5 $MOST "$SPILE" "$@" >out 2>err </dev/null || status=$?
	[ $status != 124 ] || fail "no end within $MOST s: spile $*"
	! grep -q 'ERROR: AddressSanitizer\|runtime error: \|LeakSanitizer' err || fail "a sanitizer complains: spile $*"
}
start() { # start COMMAND... : in the background; $pid, output in out and err
	: >out
	: >err # here, not in the child: `attached` must not find the last one's
	"$@" >out 2>err </dev/null &
	pid=$!
	started="$started $pid"
}
launch() { # launch COMMAND... : a program to be traced; $target, which is no longer this shell's copy
	"$@" >/dev/null 2>&1 </dev/null &
	target=$!
	started="$started $target"
	wait_for 10 executed "$target" || fail "does not start: $*"
}
executed() { ! cmp -s "/proc/$1/cmdline" "/proc/$$/cmdline"; } # a process that ended has an empty one
finished() { # finished PID: has it ended? (a zombie has)
	case $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) in '' | Z | X) return 0 ;; esac
	return 1
}
ended() { # ended PID SECONDS: waits for a started process; $status
	wait_for "$2" finished "$1" || fail "process $1 still runs after $(($2 * SLACK)) s"
	status=0
	wait "$1" || status=$?
}
wait_for() { # wait_for SECONDS COMMAND... : until it succeeds; SECONDS is more than enough for a machine that has nothing else to do
	tries=$(($1 * 50 * SLACK))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.02
	done
}
attached_or_ended() { grep -q '^Attached [0-9]* probe' err || finished "$pid"; }
attached() { # after start "$SPILE" …
	wait_for 30 attached_or_ended
	grep -q '^Attached [0-9]* probe' err || fail "never attached"
}

expect_status() { [ "$status" = "$1" ] || fail "exit status $status, not $1"; }
expect_out() { grep -qE -e "$1" out || fail "stdout has no line like: $1"; }
expect_err() { grep -qE -e "$1" err || fail "stderr has no line like: $1"; }
expect_no_out() { ! grep -qE -e "$1" out || fail "stdout must have no line like: $1"; }
expect_no_err() { ! grep -qE -e "$1" err || fail "stderr must have no line like: $1"; }
expect_empty_out() { [ ! -s out ] || fail "stdout is not empty"; }
expect_exactly() { # stdout is the text of standard input
	cat >wanted
	diff -u wanted out >differs || { cat differs >&2; fail "stdout differs"; }
}
expect_same() { [ "$1" = "$2" ] || fail "$3: '$1' is not '$2'"; }
expect_between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || fail "$4: $1 is not in $2..$3"; }
good() { # good ARGUMENT... : run, and nothing may be wrong
	run "$@"
	expect_status 0
	expect_no_err 'ERROR'
}
bad() { # bad ARGUMENT... : run, and it must be refused before anything is attached or printed
	run "$@"
	expect_status 1
	expect_err 'ERROR|USAGE'
	expect_no_err '^Attached'
	expect_empty_out
}
nested_loops() { # a script whose four loops in one another hold twelve numbers each: more stack than 512 bytes, kept in the plain way
	echo 'config = { on_stack_limit = 128 } begin {'
	for v in a b c d; do
		tuple="(\$$v"
		for i in 1 2 3 4 5 6 7 8 9 10 11; do tuple="$tuple, \$$v + $i"; done
		echo "for \$$v : 0..2 { @m[$tuple)] = $tuple);"
	done
	echo '@n++; } } } } print((len(@m), @n)); clear(@m); clear(@n); }'
}
value() { sed -n "s/^$1: //p" out | head -n 1; } # value '@x': of a map printed on stdout
needs() { command -v "$1" >/dev/null || skip "needs $1"; }
