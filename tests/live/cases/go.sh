# SPDX-License-Identifier: Apache-2.0
# Go functions: exits at their return instructions, paired by goroutine, while goroutines change threads and their stacks move.
needs go
export HOME="$PWD" GOCACHE="$PWD/cache" GO111MODULE=off GOFLAGS=
cp "$SCRIPTS/../tests/live/programs/routines.go" main.go
go build -o routines main.go >build.log 2>&1 || skip 'the Go compiler does not work here'
cat >go.spile <<'SCRIPT'
probe rec { on call:it:main.Recurse measure n = count(), args = sum(arg0), same = sum(retval == arg0) export text }
probe early { on call:it:main.Early measure n = count() export text }
probe negative { on call:it:main.Early filter (int64)retval < 0 capture n = arg0, r = (int64)retval measure n = count() export text }
SCRIPT
# 100 goroutines, 50 times: a recursion of depth id % 20, and Early(i); the program checks its own results
good go.spile -c './routines 100'
expect_out '^goroutines 100 bad 0$'
expect_out '^rec n=52500$'
expect_out '^rec args=332500$'
expect_out '^rec same=52500$'
expect_out '^early n=5000$'
expect_out '^negative n=800$'
expect_same "$(grep -c '^negative n=[0-9]* r=-' out)" 800 'records of negative results'
expect_no_err 'Left out'

# a uretprobe of the core is no uretprobe of the kernel's either: that would end the program
good -v -e 'uretprobe:./routines:main.Recurse { @n = count(); @sum = sum(retval); }' -c './routines 20'
expect_out '^goroutines 20 bad 0$'
expect_out '^@n: 10500$'
expect_err 'each return instruction'

# arguments by name: a string is read by its length; a parameter without a name takes its register all the same; what Go passes on the
# stack is read there
cp "$SCRIPTS/../tests/live/programs/arguments.go" main.go
go build -o arguments main.go >build.log 2>&1 || fail "arguments.go does not compile"
good -e 'uprobe:./arguments:main.Blank { printf("blank %d\n", args.x); }
uprobe:./arguments:"main.(*T).Method" { printf("method %d %d %d len %d cap %d\n", args.t.a, args.t.b, args.n, args.s.len, args.s.cap); }
uprobe:./arguments:main.Many { printf("many %d %d %d %d\n", args.a, args.i, args.j, args.k); }
uprobe:./arguments:main.Struct { printf("struct %d [%s] %d n %d k %d\n", args.p.X, str(args.p.Name), args.p.Name.len, args.n, args.k); }' -c ./arguments
expect_out '^blank 7$'
expect_out '^method 1 2 5 len 2 cap 3$'
expect_out '^many 1 9 10 11$'
expect_out '^struct 3 \[pname\] 5 n 42 k -5$'
cat >calls.spile <<'SCRIPT'
probe named { on call:it:main.Struct capture name = str(args.p.Name), n = args.n export text }
SCRIPT
good calls.spile -c ./arguments
expect_out '^named name=pname n=42$'
bad -e 'uprobe:./arguments:main.Struct { print(args.p.F); }' -c ./arguments
expect_err 'args\.p\.F can not be read here'
