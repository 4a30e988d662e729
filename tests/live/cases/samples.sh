# SPDX-License-Identifier: Apache-2.0
# Sampling: weights stand for what was left out. Shares are compared with the count of all within 6 standard deviations (a chance of
# one in 500 million to fail), rates exactly.
# ALSO WITHOUT ringbuf
N=40000
WRITES="/bin/dd if=/dev/zero of=/dev/null bs=3 count=$N"
number() { sed -n "s/.*\"probe\": \"$1\".*\"$2\": \([0-9]*\)}*\$/\1/p" out | tail -n 1; } # number PROBE MEASURE
deviation() { awk "BEGIN { print int(6 * sqrt($1 * ($2 - 1)) + 1) }"; }               # of the weight of $1 events, each taken once in $2

cat >shares.spile <<'SCRIPT'
probe all { on tracepoint:syscalls:sys_enter_write filter in_target("it") && args.count == 3 measure n = count(), bytes = sum(args.count) export json }
probe tenth { on tracepoint:syscalls:sys_enter_write filter in_target("it") && args.count == 3 sample 1/10 measure n = count(), bytes = sum(args.count), h = hist(args.count), a = avg(args.count) export json }
probe keyed { on tracepoint:syscalls:sys_enter_write filter in_target("it") && args.count == 3 sample 1/7 by nsecs measure n = count() export json }
probe both { on tracepoint:syscalls:sys_enter_write filter in_target("it") && args.count == 3 sample 1/3, 1/2 by nsecs measure n = count() export json }
probe call { on syscall:it:write filter args.count == 3 sample 1/5 capture n = args.count export jsonl("calls.jsonl") }
SCRIPT
good shares.spile -c "$WRITES"
all=$(number all n)
[ "$all" -ge $N ] || fail "dd wrote $all times"
for p in 'tenth 10' 'keyed 7' 'both 6'; do
	name=${p% *} of=${p#* }
	d=$(deviation "$all" "$of")
	expect_between "$(number "$name" n)" $((all - d)) $((all + d)) "the weight of $name"
done
d=$(deviation "$all" 10)
expect_same "$(number tenth bytes)" $((3 * $(number tenth n))) 'the weighted sum of bytes'
expect_out '"probe": "tenth".*"h": \[\{"min": 2, "max": 3, "count": '"$(number tenth n)"
expect_err '^Left out: [0-9]+ events of tenth, by sample 1/10$'
calls=$(grep -c '"weight": 5' calls.jsonl)
d=$(deviation "$all" 5)
expect_between $((5 * calls)) $((all - d)) $((all + d)) 'the weight of calls'

# a rate leaves nothing uncounted: what was taken and what waits in the bucket are all there were
cat >rate.spile <<'SCRIPT'
tracepoint:syscalls:sys_enter_write
/in_target("it")/
{
	@all = count();
	let $w = at_most(@bucket, 10, 1s);
	if ($w) { @taken = count(); @weight = weighted($w, count()); }
	@left = @bucket.1;
}
SCRIPT
good rate.spile -c "$WRITES"
expect_same "$(($(value @weight) + $(value @left)))" "$(value @all)" 'weights of a rate, and what is left in its bucket'
[ "$(value @taken)" -lt "$(value @all)" ] || fail 'the rate bounds nothing'
[ "$(value @taken)" -gt 0 ] || fail 'the rate lets nothing through'

# a share of a processor, too small for what the probe does: the gate never lets less than one in 1024 through, which bounds how far off
# its weights may be. (Where even to enter costs more than half the share the probe is taken off its events: budget.sh.)
cat >gate.spile <<'SCRIPT'
probe all { on syscall:it:write filter args.count == 3 measure n = count() export json }
probe gated { on syscall:it:write filter args.count == 3 sample cpu 10% measure n = count() do { for $i : 0..300 { @work = $i; } } export json }
SCRIPT
good gate.spile -c "/bin/dd if=/dev/zero of=/dev/null bs=3 count=400000"
all=$(number all n)
d=$(deviation "$all" 1024)
grep -q 'probes were off their events' err || expect_between "$(number gated n)" $((all - d)) $((all + d)) 'the weight of what passed the gate'

# the same without exchanges of memory, as on kernels before 5.12: no instruction of the programs asks for one
cat >rate.spile <<'END'
probe rated { on syscall:it:write filter args.count == 3 sample max 5/s measure n = count() export csv("rated.csv") }
END
cat >words.sh <<'END'
i=0
while [ $i -lt 300 ]; do printf 'ab\n'; i=$((i + 1)); done
END
SPILE_WITHOUT=atomics good -q -c 'sh words.sh' rate.spile
n=$(sed -n '$s/.*,//p' rated.csv)
left=$(sed -n 's/^Left out: \([0-9]*\) events of rated.*/\1/p' err)
[ "$n" -ge 1 ] && [ "$n" -le 300 ] && [ "${left:-0}" -ge 1 ] || fail "$n taken, ${left:-none} left out of 300"
"$SPILE" -d asm --no-feature atomics rate.spile -c 'sh words.sh' >asm
! grep -qiE 'xchg|cmpxchg|fetch' asm || fail "an exchange: $(grep -iE 'xchg|fetch' asm | head -n 3)"
