# SPDX-License-Identifier: Apache-2.0
# spile profile: a flame graph of a command's time, its text, and what pprof reads; of its children, of a target, of waits.
t=$PROGRAMS/target
good profile -F 199 -c "$t burn 1000"
expect_err '^wrote spile-profile\.svg \([0-9.]+ KB\): open it in a browser$'
"$PYTHON" - <<'END' || fail "the picture"
import xml.etree.ElementTree as xml
svg = xml.parse("spile-profile.svg").getroot()
names = {g.get("data-n") for g in svg.iter("{http://www.w3.org/2000/svg}g")}
assert {"all", "target", "main", "burn_outer", "burn_inner"} <= names, names
assert "http" not in open("spile-profile.svg").read().replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", ""), "it needs something else"
END
good profile -q -o - -F 199 -c "$t burn 1000"
expect_out '^target;.*;main;burn_outer;burn_inner [0-9]+$'
launch "$t" burn 3600000
for seconds in 1 10 60; do # on a busy machine the program may not have run at all in a second
	good profile -q -o out.folded -F 199 -p $target $seconds
	! grep -qE '^target;.*;burn_outer;burn_inner [0-9]+$' out.folded || break
done
grep -qE '^target;.*;burn_outer;burn_inner [0-9]+$' out.folded || fail "folded: $(head -n 5 out.folded)"
# what -c starts is its as well: forked, and another program
printf '"%s" burn 500 &\n"%s" burn 500\nwait\n' "$t" "$t" >children.sh
good profile -q -o - -F 199 -c "/bin/sh children.sh"
expect_out '^target;.*;main;burn_outer;burn_inner [0-9]+$'
expect_no_out '^(kworker|swapper|ksoftirqd)'

# a target: by name, by clauses; of processes that run, and of one that begins
cp "$t" burner
launch ./burner burn 3600000
for seconds in 1 10 60; do
	good profile -o - -F 199 burner $seconds
	! grep -qE '^burner;.*;burn_outer;burn_inner [0-9]+$' out || break
done
expect_out '^burner;.*;burn_outer;burn_inner [0-9]+$'
! grep -qv '^burner;' out || fail "others are in the profile: $(grep -v '^burner;' out | head -n 3)"
expect_err '^profiling burner for [0-9]+ s$'
expect_err '^user stacks: [0-9]+ walked, .* % whole'
for seconds in 1 10 60; do
	good profile -q -o - -F 199 $seconds 'exe "*/burner"; user "*"'
	! grep -qE '^burner;.*;burn_inner [0-9]+$' out || break
done
expect_out '^burner;.*;burn_inner [0-9]+$'
cp "$t" afterwards
start "$SPILE" profile -o later.folded afterwards
wait_for 30 grep -q '^no such process runs now' err || fail "it does not say that nobody is there"
./afterwards burn 500
kill -INT "$pid"
ended "$pid" 60
expect_status 0
grep -q '^afterwards;.*;burn_inner [0-9]*$' later.folded || fail "who began later is not seen: $(head -n 3 later.folded)"
good profile -o nobody.svg not-a-program 1
expect_err '^nothing was seen: the profile is empty$'

# waits: as long as they were, in microseconds
atleast() { # atleast MICROSECONDS REGEX : the lines of `out` that match
	n=$(grep -E "$2" out | awk '{ n += $NF } END { printf "%d", n }')
	[ "$n" -ge "$1" ] || fail "$n us in $2, at least $1 us were waited: $(head -n 5 out)"
}
good profile -q --off-cpu -o - -c "$t slow 300"
atleast 300000 '^target;.*;main;slow;.*nanosleep.*schedule'
expect_no_out 'bpf_prog|__traceiter'
launch "$t" tick
for seconds in 1 10 60; do
	good profile -q --off-cpu -o - -p $target $seconds
	! grep -q '^target;.*nanosleep' out || break
done
atleast 1 '^target;.*nanosleep.*schedule'
! grep -qv '^target;' out || fail "others are in the profile: $(grep -v '^target;' out | head -n 3)"
good profile --lock-wait -c "$t lock 300"
expect_err '^wrote spile-lock-wait.svg'
"$PYTHON" - <<'END' || fail "the picture of locks"
import re, xml.etree.ElementTree as xml
svg = xml.parse("spile-lock-wait.svg").getroot()
text = "".join(svg.itertext())
assert "Time in futex waits of " in text, text[:500]
titles = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}title")]
lock = [t for t in titles if t.startswith("take_lock - ")]
assert lock and re.match(r"take_lock - [0-9.]+ (ms|s|min), [0-9.]+ %", lock[0]), titles
END

good profile -q -o "a \"quoted\" \\ name.pb.gz" -F 99 1
[ -s "a \"quoted\" \\ name.pb.gz" ] || fail "no pprof file"

refused() { # refused REGEX ARGUMENT... : before anything is attached
	wanted=$1
	shift
	bad profile "$@"
	expect_err "$wanted"
}
refused "'x.png' does not say what to write: .svg is a flame graph" -o x.png
refused "-F takes samples a second, 1 to 100000, not 'many'" -F many
refused "profile lasts 1 to [0-9]+ seconds, not 99999999999" 99999999999
refused "how many seconds it is to last was said before" 1 2
refused "takes one TARGET, and 'one' was one" one two
refused "TARGET is a program's name, or clauses" 'exe"x'
refused 'exe takes patterns in quotes' 'exe 5'
refused "TARGET .'x'. is a third way" -p 1 x
refused 'one of them' --off-cpu --lock-wait
refused '-F is for processor time' --off-cpu -F 99
refused 'Cannot use both -c and -p' -c true -p 1
refused 'USAGE: spile profile' -e 'begin { }'
bad -F 99 -e 'begin { }'
expect_err 'spile profile; a script.s probe says it itself'
bad --off-cpu -e 'begin { }'
expect_err 'off-cpu is for spile profile; the library has the script'
