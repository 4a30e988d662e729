# SPDX-License-Identifier: Apache-2.0
# test: and bench: probes, --test, --bench, --mode, --probe-filter.
# ALSO WITHOUT ringbuf
esc=$(printf '\033')
plain() { sed "s/$esc\[[0-9]*m//g" out >plain; }
cat >t.bt <<'END'
begin { @b = 1; }
test:ok { @x = @b; return @x - 1; }
test:returns { printf("shown\n"); return 3; }
test:errs { errorf("oops %d", 3); }
test:exits { exit(2); }
test:quiet { printf("hidden\n"); exit(); }
test:divides { $a = 0; @d = 10 / $a; }
test:loop { for ($i : 0..10) { if ($i == 5) { return 7; } } }
test:loop_good { for ($i : 0..10) { if ($i == 5) { return 0; } } return 1; }
bench:nothing { }
bench:printing { printf("never shown %d\n", 1); }
interval:ms:1 { printf("never attached\n"); }
END
run --test t.bt
expect_status 1
plain
for name in ok quiet loop_good; do grep -qE "^\[       OK \] $name \([0-9]+ (ns|us|ms|s)\)\$" plain || fail "$name did not pass"; done
for name in returns errs exits divides loop; do grep -qE "^\[  FAILED  \] $name \([0-9]+ (ns|us|ms|s)\)\$" plain || fail "$name did not fail"; done
grep -q '^\[==========\] Running 8 tests\.$' plain || fail "header"
grep -q '^\[  FAILED  \] 5 tests, listed below:$' plain || fail "summary"
expect_out '^shown$'
expect_out 'ERROR: oops 3'
expect_no_out 'hidden|never|^@'
expect_no_err '^Attached'
good --mode test -e 'test:one { }'
plain
grep -q '^\[==========\] 1 test ran\.$' plain || fail "singular"
run -f json --test t.bt
expect_status 1
/usr/bin/python3 - <<'END' || fail "JSON"
import json
r = {}
for line in open("out"):
    o = json.loads(line)
    assert o["type"] == "test_result"
    r.update(o["data"])
assert len(r) == 8 and r["ok"]["passed"] and not r["errs"]["passed"] and "oops" in r["errs"]["output"] and type(r["ok"]["duration"]) is int, r
END
good --bench t.bt
expect_out '^Benchmark {32} +Time\(ns\) +Iterations$'
expect_out '^-{71}$'
expect_out '^nothing {34} +[0-9]+ +[0-9]+$'
expect_no_out 'never'
good -f json --mode bench t.bt
expect_out '^\{"type": "benchmark_result", "data": \{"printing": \{"average": [0-9]+, "iters": [0-9]+\}\}\}$'
bad --bench -e 'test:x { }'
expect_err 'the script has no bench probes'
bad -e 'test:x { }'
expect_err 'run by --test and --bench'
bad --probe-filter none -e 'begin { } interval:ms:1 { }'
expect_err 'none matches the --probe-filter'
bad --probe-filter '(' -e 'begin { }'
bad --test --bench t.bt
good --probe-filter '^interval:ms:1$' -e 'begin { } interval:ms:1 { exit(); } interval:s:1 { }'
expect_err '^Attached 2 probes'
