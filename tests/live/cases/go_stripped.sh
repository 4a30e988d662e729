# SPDX-License-Identifier: Apache-2.0
# Go programs without symbols: functions are found by the runtime's own table, wherever the linker put it. And a function that grows its
# stack begins anew behind that: its first instruction runs twice, the call is one.
needs go
export HOME="$PWD" GOCACHE="$PWD/cache" GO111MODULE=off GOFLAGS=
cp "$SCRIPTS/../tests/live/programs/deep.go" main.go
go build -ldflags='-s -w' -o deep main.go >build.log 2>&1 || skip 'the Go compiler does not work here'
go build -buildmode=pie -ldflags='-s -w' -o deep-pie main.go >build.log 2>&1 || cp deep deep-pie
go build -buildmode=pie -ldflags='-s -w -linkmode=external' -o deep-linked main.go >build.log 2>&1 || cp deep deep-linked

cat >go.spile <<'SCRIPT'
probe deep { on call:it:main.Deep measure n = count(), sum = sum(retval), args = sum(arg0) export text }
probe level { on call:it:main.Deep filter self == 199 measure n = count(), more = sum(duration.self > duration) export text }
SCRIPT
cat >entries.bt <<'SCRIPT'
config = { print_maps_on_exit = false }
uprobe:./deep:main.Deep { @entries++ }
end { printf("%s\n", @entries > 10000 ? "stacks grew" : "stacks did not grow") }
SCRIPT
for program in deep deep-pie deep-linked; do
	good go.spile -c "./$program 50"
	expect_out '^calls 10000 sum 9950$'
	expect_out '^deep n=10000$'
	expect_out '^deep sum=995000$'
	expect_out '^deep args=995000$'
	expect_out '^level n=50$'
	expect_out '^level more=0$'
	expect_no_err 'Left out'

	good list "uprobe:./$program:main.*"
	expect_out '^uprobe:.*/'"$program"':main\.Deep$'
	expect_out '^uprobe:.*/'"$program"':main\.main$'

	# frames have names, and say where those are from
	good -e "uretprobe:./$program:main.Greet { @[ustack(why, 2)] = count(); }" -c "./$program 5"
	expect_out 'main\.Greet\+[0-9]+ \[[a-z]+, pclntab\]'
	expect_out 'main\.main\+[0-9]+ \[[a-z]+, pclntab\]'
done
good entries.bt -c './deep 50'
expect_out '^stacks grew$'

# whole stacks, from functions without frames too: their callers are known to the runtime's table
good -v -e 'begin { print(len(ustack)); exit(); }'
if ! grep -q 'along frame pointers' err; then
	cp "$SCRIPTS/../tests/unwind/programs/gopher.go" main.go
	go build -ldflags='-s -w' -o gopher main.go >build.log 2>&1 || fail 'gopher.go does not compile'
	good -q -c ./gopher -e 'uprobe:./gopher:main.leaf { print(ustack(why)); if (++@n == 20) { exit(); } }'
	n=$(grep -c '^        main\.leaf+0 \[top' out)
	[ "$n" -ge 20 ] || fail "$n stacks"
	expect_same "$(grep -A1 '^        main\.leaf+' out | grep -c '^        main\.\(circle\.area\|main\.func1\)+[0-9]* \[cfi')" "$n" 'callers of the leaf'
	expect_same "$(grep -c '^        main\.main+[0-9]* \[cfi' out)" "$n" 'stacks with main'
	expect_same "$(grep -c '^        runtime\.goexit+' out)" "$n" 'stacks to where goroutines begin'
	! grep -q stopped out || fail 'not whole'
	# while the collector runs, on the stacks of threads: the walk goes on where it was called from
	good -q -c './deep 50' -e 'uprobe:./deep:runtime.gcDrain { @[ustack(why)] = count(); }'
	! grep -q stopped out || fail 'not whole'
fi
