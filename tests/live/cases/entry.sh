# SPDX-License-Identifier: Apache-2.0
# Arguments at the return, as they were at the entry: against what the program itself did.
# ALSO WITHOUT ringbuf
REAL=$(realpath "$PROGRAMS/calls")

# recursion nests: recurse(N) is N + 1; a filter on arguments is tested at the entry
good -q -c "$REAL recurse 5" -e "uretprobe:$REAL:recurse { printf(\"f(%d) = %d\\n\", entry.arg0, retval); }"
for n in 0 1 2 3 4 5; do expect_out "^f\($n\) = $((n + 1))\$"; done
expect_same "$(grep -c '^f(' out)" 6 'returns of a recursion of depth 5'
expect_no_out '@'
expect_no_err 'Left out'
good -q -c "$REAL recurse 5" -e "uretprobe:$REAL:recurse /entry.arg0 >= 2 && retval < 5/ { printf(\"f(%d)\\n\", entry.arg0); }"
expect_same "$(grep '^f(' out | tr -d '\n')" 'f(2)f(3)' 'those that the filter lets through'

# threads at once; what longjmp left; a child that returns from its parent's call
good -q -c "$REAL threads 16" -e "uretprobe:$REAL:recurse { @n = count(); @sum = sum(entry.arg0); @wrong = sum((uint64)(entry.arg0 + 1 != retval)); }"
expect_out '^@n: 6400$'
expect_out '^@sum: 9600$'
expect_out '^@wrong: 0$'
good -q -c "$REAL jump 100" -e "uretprobe:$REAL:jumper { @n = count(); @wrong = sum((uint64)(entry.arg1 != retval)); }"
expect_out '^@n: 50$'
expect_out '^@wrong: 0$'
good -q -c "$REAL fork 50" -e "uretprobe:$REAL:doubled { @n = count(); @wrong = sum((uint64)(entry.arg0 != retval)); }"
expect_out '^@n: 50$'
expect_out '^@wrong: 0$'

# a function that ends with a jump to another leaves it its frame; both return. Of a pattern's only the latter has its arguments
good -q -c "$REAL tail 30" -e "uretprobe:$REAL:tail, uretprobe:$REAL:leaf { @[probe] = sum(entry.arg0); }"
expect_same "$(grep -c ': 435$' out)" 2 'functions that saw all their arguments'
good -q -c "$REAL tail 30" -e "uretprobe:$REAL:*a* { @[func] = sum(entry.arg0); }"
expect_out '^@\[leaf\]: 435$'
expect_err '^Left out: 30 returns of uretprobe:.* whose entry was not seen'

# where a program begins no return address lies, but what main() gets: a pattern leaves it out
good -q -c "$REAL tail 3" -e "uretprobe:$REAL:* { @ = count(); } uprobe:$REAL:main { printf(\"%d arguments\\n\", arg0); }"
expect_out '^3 arguments$'
bad -e "uretprobe:$REAL:_start { @ = count(); }"
expect_err 'nothing calls it'

# at return instructions, and with the names of debugging information; what a pointer leads to is read at the return
good -q -c "$REAL recurse 5" -e "uretprobe:$REAL:ret:recurse { @ = sum(entry.arg0); }"
expect_out '^@: 15$'
t=$(realpath "$PROGRAMS/typed")
good -q -c "$t" -e "uretprobe:$t:find { @[entry.id, args.id == entry.arg1, entry.from->id, retval->id] = count(); }"
expect_out '^@\[([0-9]+), true, [0-9]+, \1\]: 1$'
good -q -c "$t" -e "uretprobe:$t:find { print(args); }"
expect_out '\.id = [0-9]'
bad -e "uretprobe:$t:find { print(entry.key); }"
expect_err "has no argument 'key'"

# system calls
good -q -c 'cat /etc/passwd' -e 'tracepoint:syscalls:sys_exit_openat /pid == cpid && args.ret >= 0/ { @[str(entry.filename), entry.flags] = count(); }
tracepoint:syscalls:sys_exit_read /pid == cpid && args.ret > (int64)entry.count/ { @more = count(); }'
expect_out '^@\[/etc/passwd, 0\]: 1$'
expect_no_out '@more'

# a clause of a declarative probe
printf 'probe p { on uretprobe:%s:recurse filter entry.arg0 == 3 capture n = entry.arg0, r = retval export json }\n' "$REAL" >p.spile
good -q p.spile -c "$REAL recurse 5"
expect_same "$(grep -c '"n": 3, "r": 4' out)" 1 'records of the declarative probe'

bad -e "uprobe:$REAL:recurse { print(entry.arg0); }"
expect_err "for probes of its return; 'uprobe:.*' is none"
