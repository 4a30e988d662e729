# SPDX-License-Identifier: Apache-2.0
# A C function's arguments, strings, result and latency.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
good -q -c "$t words alpha be gamma" -e "uprobe:$t:say { printf(\"%s %d\n\", str(arg0), arg1); }"
expect_out '^alpha 5$'
expect_out '^be 2$'
expect_out '^gamma 5$'
expect_same "$(grep -c '^[a-z]* [0-9]$' out)" 3 "lines"

good -c "$t slow 5 5 5 70" -e "uprobe:$t:slow { @start[tid] = nsecs; }
	uretprobe:$t:slow /@start[tid]/ { @ms = hist((nsecs - @start[tid]) / 1000000); @least = min((nsecs - @start[tid]) / 1000000); @n = count(); @ret = sum(retval); delete(@start, tid); }"
expect_out '^@ret: 85$'
expect_out '^@n: 4$'
# a busy machine makes calls longer, never shorter
expect_no_out '^\[[0-2](, [0-9]+\)|\])'
[ "$(value '@least')" -ge 5 ] || fail "the shortest call took $(value '@least') ms"
expect_out '^\[[0-9]+, [0-9K]+\) +[1-9]'

# counting is exact, from several threads too
good -c "$t calls 20000 4" -e "uprobe:$t:hit { @ = count(); @sum = sum(arg0); @s = stats(arg0); }"
expect_out '^@: 80000$'
expect_out '^@sum: 799960000$'
expect_out '^@s: \{ \.count = 80000, \.average = 9999, \.total = 799960000 \}$'

# every aggregation, keyed
good -c "$t calls 100" -e "uprobe:$t:hit { @c[arg0 % 3] = count(); @min[pid == cpid] = min(arg0); @max = max(arg0); @avg = avg(arg0); @l = lhist(arg0, 0, 100, 25); }"
expect_out '^@c\[0\]: 34$'
expect_out '^@c\[2\]: 33$'
expect_out '^@max: 99$'
expect_out '^@avg: 49$'
expect_out '^\[0, 25\) +25 '

# recursion: entries equal returns
good -c "$t deep 50" -e "uprobe:$t:deep { @in = count(); } uretprobe:$t:deep { @out = count(); @top = max(retval); }"
expect_out '^@in: 51$'
expect_out '^@out: 51$'
expect_out '^@top: 51$'

# an offset, an address, a predicate; func and probe
good -q -c "$t calls 3" -e "uprobe:$t:hit+0 { printf(\"%s %s %d\n\", func, probe, arg0); }"
expect_out "^hit uprobe:$t:hit(\\+0)? 2$"
good -c "$t calls 1000" -e "uprobe:$t:hit /arg0 >= 990/ { @ = count(); }"
expect_out '^@: 10$'

# a library by its name
good -c "/bin/ls /" -e 'uprobe:libc:malloc { @ = count(); }'
expect_out '^@: [1-9]'
