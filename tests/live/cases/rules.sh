# SPDX-License-Identifier: Apache-2.0
# What scripts rely on: the order of things, exits, missing keys, full maps, loops, failures that say where.
t=$PROGRAMS/target
# exit ends its probe at once; what is behind it in the queue is dropped, what was before is printed, then end, then the maps
good -q --no-warnings -e 'begin { printf("before\n"); @x = 1; if (@x) { exit(); } printf("behind\n"); } end { printf("the end %d\n", @x); }'
expect_exactly <<'END'
before
the end 1


@x: 1
END
good -q -e 'config = { print_maps_on_exit = 0 } begin { @x = 1; } end { printf("still\n"); }'
expect_same "$(tr -d '\n' <out)" still "without maps"
good -q -e 'begin { @x = 1; @y = 2; } end { clear(@x); }'
expect_no_out '@x'
expect_out '^@y: 2$'
good -q -e 'begin { printf("one\n"); } BEGIN { printf("two\n"); } end { printf("three\n"); } END { printf("four\n"); }'
expect_same "$(tr '\n' '|' <out)" 'one|two|three|four|||' "begins and ends"
# two blocks of one site run in their order, return ends one of them only
good -q -c "$t words alpha" -e "uprobe:$t:say { printf(\"1\\n\"); return; printf(\"never\\n\"); } uprobe:$t:say { printf(\"2\\n\"); }" --no-warnings
expect_same "$(tr -d '\n' <out)" 12 "two blocks of a site"
# missing keys are zero and empty and do not come to be; ++ makes one
good -q -e 'begin { @m[1] = 5; @s["a"] = "text"; @t[1] = (1, "b"); print(@m[9]); print(@s["x"]); print(@t[7]); print(has_key(@m, 9)); print(len(@m)); @n[3]++; @n[3]++; print(@n[3]);
	print(delete(@m, 1)); print(has_key(@m, 1)); if (find(@n, 3, $v)) { print($v); } if (!find(@n, 4, $v)) { print($v); } exit(); }'
sed -n 1,10p out >head
mv head out
expect_exactly <<'END'
0

(0, )
false
1
2
true
false
2
2
END
# one value: deleted is unset; clear() removes keys, zero() keeps them
good -q -e 'begin { @x = 5; delete(@x); print(@x); @k[1] = 5; @k[2] = 6; zero(@k); }'
expect_out '^@x: 0$'
expect_out '^@k\[1\]: 0$'
expect_out '^@k\[2\]: 0$'
# loops over maps: each key once, deleting the current one is allowed, aggregates are numbers
good -q -e 'begin { @m[1] = 10; @m[2] = 20; @m[3] = 30; @c["a"] = count(); $n = 0; for ($kv : @m) { $n += $kv.0 * $kv.1; delete(@m, $kv.0); } print($n); print(len(@m));
	for ($kv : @c) { printf("%s %d\n", $kv.0, $kv.1 + 1); } }'
expect_same "$(sed -n 1,3p out | tr '\n' '|')" '140|0|a 2|' "loops over maps"
good -q -e 'let @l = lruhash(64); begin { for $i : 0..1000 { @l[$i] = $i; } print(len(@l) > 0 && len(@l) <= 64); clear(@l); }'
expect_no_err 'Map full'
# min and max keep their first value, whatever it is; hist takes negatives
good -q -e 'begin { @least = min(7); @most = max(-9); @zero = max(0); @avg = avg(-10); @avg = avg(0); @avg = avg(0); }'
expect_out '^@least: 7$'
expect_out '^@most: -9$'
expect_out '^@zero: 0$'
expect_out '^@avg: -3$'
# failures say where: an index out of bounds, a division, what JSON makes of them
good -q -e 'begin { $i = rand % 1 + 9; $s = "abc"; print($s[$i]); }'
expect_err '^stdin:1:[0-9]+-[0-9]+: WARNING: Array access out of bounds'
good -q -f json -e 'begin { $z = rand % 1; print(5 / $z); warnf("w %d", 1); errorf("e \"%s\"", "x"); time("%Y\n"); join((uint64)0); }'
expect_out '^\{"type": "runtime_error", "msg": "Divide or modulo by 0 detected.*", "filename": "stdin", "line": 1, "col": [0-9]+\}$'
expect_out '^\{"type": "warnf", "msg": "w 1", "filename": "stdin", "line": 1, "col": [0-9]+\}$'
expect_out '^\{"type": "errorf", "msg": "e \\"x\\"", "filename": "stdin", "line": 1, "col": [0-9]+\}$'
printf 'seven\n' >some.txt
good -q -f json --unsafe -e "enum fruit { APPLE = 3 }; begin { cat(\"$T/some.txt\"); system(\"echo out\"); print(buf(\"ab\", 2)); print(APPLE); print(true); print(kstack(1)); @[\"a b\", 1] = 1; }"
expect_out '^\{"type": "cat", "data": "seven\\n"\}$'
expect_out '^\{"type": "syscall", "data": "out\\n'
expect_out '^\{"type": "value", "data": \[97,98\]\}$'
expect_out '^\{"type": "value", "data": 3\}$'
expect_out '^\{"type": "value", "data": true\}$'
expect_out '"ab,1": 1'
# assert(), errorf(): on stderr with their place; system(): its text, or its status
run -q -e 'begin { assert(1 == 2, "sums"); printf("late\n"); }'
expect_status 1
expect_err '^stdin:1:9-31: ERROR: assert failed: sums$'
expect_no_out late
run -q --unsafe -e 'begin { system("echo to stderr >&2"); system("echo lost; exit 3"); cat("/nonexistent/file"); warnf("take care"); }'
expect_out '^to stderr$'
expect_no_out lost
expect_err 'command exited with code 3$'
expect_err "ERROR: failed to open file '/nonexistent/file' \\(No such file or directory\\)$"
expect_err 'WARNING: take care$'
run -q --no-warnings -e 'begin { warnf("take care"); 5 + 5; }'
expect_no_err .
good -q -e 'config = { max_cat_bytes = 4 } begin { cat("'"$T"'/some.txt"); }'
expect_same "$(head -c 4 out)" seve "bytes of cat()"
expect_no_out seven
# a debugger's or a signal's interruption is no end: STOP and CONT
start "$SPILE" -e 'interval:ms:10 { @n++; if (@n == 40) { exit(); } } interval:s:3600 { exit(9); }'
attached
kill -STOP "$pid"
kill -CONT "$pid"
ended "$pid" 30
expect_status 0
[ "$(value @n)" -ge 40 ] || fail "$(value @n) ticks"
# commands that take their time do not keep Ctrl-C from the end
start env --default-signal=INT "$SPILE" --unsafe -e 'interval:ms:1 { system("sleep 0.05"); } end { printf("ended\n"); }'
attached
kill -INT "$pid"
ended "$pid" 30
expect_status 0
expect_out '^ended$'

# symbols of addresses, also where the program that runs is our own
good -e 'begin { @u[usym(5)] = 1; print(ksym(6)); }'
expect_out '^@u\[0x5\]: 1$'
expect_out '^0x6$'
# exit() ends the probe out of any loop
for without in '' bpf_loop ringbuf may_goto; do
	SPILE_WITHOUT=$without run -q -e 'begin { for $i : 0..10 { for $j : 0..10 { @seen = ($i, $j); if ($i * $j == 6) { exit(6); } } } @never = 1; }'
	expect_status 6
	expect_out '^@seen: \(1, 6\)$'
	expect_no_out '^@never'
done
run -q -e 'begin { @[1] = 1; @[2] = 2; for $kv : @ { @n = count(); $k = 0; while ($k < 3) { $k++; exit(7); } } @never = 1; } end { printf("end\n"); }'
expect_status 7
expect_out '^@n: 1$'
expect_out '^end$'
expect_no_out '^@never'
