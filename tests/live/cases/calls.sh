# SPDX-License-Identifier: Apache-2.0
# Calls: an entry paired with its return, against what the program itself did.
# ALSO WITHOUT ringbuf
REAL=$(realpath "$PROGRAMS/calls")
cat >calls.spile <<SCRIPT
target prog { exe "$REAL" }
probe rec { on call:it:recurse filter arg0 >= 0 capture n = arg0, duration measure calls = count(), sum = sum(arg0), own = count() by arg0 export json }
probe jump { on call:it:jumper filter arg1 < 50 capture v = arg1, r = retval, same = arg1 == retval export json }
probe tail { on call:it:tail measure calls = count() export json }
probe die { on call:it:die measure calls = count() export json }
probe doubled { on call:it:doubled measure calls = count() export json }
probe replaced { on call:$REAL:replaced measure calls = count() export json }
SCRIPT
measure() { grep "\"probe\": \"$1\"" out | sed -n "s/.*\"$2\": \([0-9]*\)}*\$/\1/p" | tail -n 1; } # measure PROBE NAME

# recursion nests: six calls, each with its own argument
good calls.spile -c "$REAL recurse 5"
expect_same "$(measure rec calls)" 6 'calls of a recursion of depth 5'
expect_same "$(measure rec sum)" 15 'the sum of their arguments'
expect_same "$(grep -c '"probe": "rec".*"duration"' out)" 6 'records of the recursion'
for n in 0 1 2 3 4 5; do expect_out "\"probe\": \"rec\".*\"n\": $n,"; done
expect_no_err 'Left out|only after (they|it) had begun'

# every second call is left by longjmp; only the first fifty pass the filter: no return takes the values of a dead call
good calls.spile -c "$REAL jump 100"
expect_same "$(grep -c '"probe": "jump"' out)" 25 'calls that returned and passed'
expect_no_out '"same": false'
expect_no_out '"same": 0'

# a tail call returns once, by way of another function
good calls.spile -c "$REAL tail 30"
expect_same "$(measure tail calls)" 30 'tail calls'

# threads run at once, each with its own
good calls.spile -c "$REAL threads 16"
expect_same "$(measure rec calls)" 6400 'calls of 16 threads'
expect_same "$(measure rec sum)" 9600 'the sum of their arguments'

# what never returns is counted when its thread ends, or its process runs something else
good calls.spile -c "$REAL die 40"
expect_err '^Left out: 40 calls of die whose thread ended before they returned'
good calls.spile -c "$REAL exec 5"
expect_err '^Left out: 5 calls of replaced whose process executed another program'

# a child returns from calls its parent made: they are not its own
good calls.spile -c "$REAL fork 50"
expect_same "$(measure doubled calls)" 50 'calls during which the program forked'
expect_no_err 'Left out|only after (they|it) had begun'

# the same at return instructions; a function that ends with a jump has none
printf 'probe rec { on call:it:ret:recurse capture n = arg0, r = retval, duration measure calls = count(), sum = sum(arg0) export json }\n' >ret.spile
good ret.spile -c "$REAL threads 16"
expect_same "$(measure rec calls) $(measure rec sum)" '6400 9600' 'calls seen at return instructions'
printf 'probe t { on call:it:ret:tail measure calls = count() }\n' >none.spile
bad none.spile -c "$REAL tail 3"
expect_err "'tail' has no return instruction"

# time of its own: nested calls take theirs away, and all together are what the outermost ones took
cat >nested.spile <<'SCRIPT'
probe nest {
	on      call:it:recurse
	capture level = self, n = arg0, duration, duration.self
	measure calls = count() by self, own = sum(duration.self), depth = max(self)
	export  json
	do      { if (self == 0) { @whole = sum(duration); } @own = sum(duration.self); }
}
SCRIPT
for what in 'recurse 5' 'threads 16'; do
	good nested.spile -c "$REAL $what"
	expect_same "$(value @own)" "$(value @whole)" "the calls' own times and the outermost ones' times of $what"
done
expect_out '"self": 3, "calls": 1600'
expect_same "$(measure nest depth)" 3 'the depth of the recursion'

# the core that it stands for says the same
"$SPILE" -d core calls.spile -c "$REAL recurse 5" >core.spile || fail 'the core is not printed'
good core.spile -c "$REAL recurse 5"
expect_same "$(measure rec calls) $(measure rec sum)" '6 15' 'what the printed core counts'

# and nothing stays behind of calls that never returned, and of threads and processes that ended
cat >>core.spile <<'SCRIPT'
end { printf("open %d %d %d\n", len(@rec_open), len(@die_open), len(@doubled_open)); printf("replaced %d\n", len(@replaced_open)); }
SCRIPT
for what in 'threads 16' 'die 40' 'fork 50' 'exec 5'; do
	good core.spile -c "$REAL $what"
	expect_out '^open 0 0 0$'
	expect_out '^replaced 0$'
done

# system calls
cat >syscall.spile <<'SCRIPT'
probe open { on syscall:it:openat filter retval >= 0 capture path = str(args.filename), fd = retval, duration export json }
SCRIPT
good syscall.spile -c "/bin/cat /etc/hostname"
expect_out '"path": "/etc/hostname", "fd": [0-9]+, "duration": [0-9]+'
cat >numbered.spile <<'SCRIPT'
probe open { on syscall:it:openat filter arg2 == 0 && retval >= 0 capture path = str(arg1), fd = retval, dir = (int32)arg0 export json }
SCRIPT
good numbered.spile -c "/bin/cat /etc/hostname"
expect_out '"path": "/etc/hostname", "fd": [0-9]+, "dir": -100'
cat >exec.spile <<'SCRIPT'
probe run { on syscall:execve filter retval == 0 && str(args.filename) == "/bin/cat" measure calls = count() export json }
SCRIPT
printf '/bin/cat /dev/null\n/bin/cat /dev/null\n' >twice
good exec.spile -c '/bin/sh twice'
[ "$(measure run calls)" -ge 2 ] || fail 'execve() that returned are missing'

# where a map cannot be walked, pairs are the same; what died gives way to newer calls
export SPILE_WITHOUT=for_each_map
for what in 'recurse 5' 'threads 16'; do
	good calls.spile -c "$REAL $what"
	case $what in recurse*) n=6 sum=15 ;; *) n=6400 sum=9600 ;; esac
	expect_same "$(measure rec calls)" $n "calls of $what without walks"
	expect_same "$(measure rec sum)" $sum "the sum of their arguments"
done
good calls.spile -c "$REAL die 40"
unset SPILE_WITHOUT
