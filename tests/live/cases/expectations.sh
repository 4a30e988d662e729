# SPDX-License-Identifier: Apache-2.0
# Scripts as checks: expect clauses, cases, spile test.
cat >secret.spile <<'END'
param name = "/secret" "what must not be opened"
probe no_secret {
	on      syscall:it:openat
	filter  strcontains(str(args.filename), name)
	capture path = str(args.filename), comm, stack = ustack(4)
	expect  none
}
probe opens {
	on      syscall:it:openat
	capture path = str(args.filename, 64), result = retval, duration
	measure longest = max(duration), by_path = count() by path
	export  jsonl("opens.jsonl")
	expect  count() > 0, any(path == "plain") || any(path == "secret.txt"), all(duration >= 0)
}
case plain_only {
	run    "cat plain"
	expect count(opens) >= 1, any(opens, path == "plain" && result >= 0), none(opens, path == "plain" && result < 0), opens.longest > 0
}
case missing {
	run    "cat plain not-there"
	expect any(opens, path == "not-there" && result < 0), count(opens) > count(no_secret)
}
END
sed '/^case/,$d' secret.spile >checks.spile
echo text >plain
echo text >secret.txt

# a run is the check: its status, what was expected, and the records that are to blame
good checks.spile -c 'cat plain'
run checks.spile -c 'cat secret.txt' --name=secret
expect_status 1
expect_err '^checks.spile:6:10-14: ERROR: no_secret: expected none \(count\(\): [1-9]'
expect_out 'secret.txt +cat$'
expect_out 'open'
expect_no_err 'opens: expected'
run -f json checks.spile -c 'cat secret.txt' --name=secret
expect_status 1
run checks.spile -c 'cat /dev/null'
expect_status 1
expect_err 'opens: expected any\(path == "plain"\) \|\| any\(path == "secret.txt"\) \(any\(path == "plain"\): 0 met it, any\(path == "secret.txt"\): 0 met it\)'
expect_no_err 'no_secret'

# what is printed as core is the same check
"$SPILE" -d core checks.spile -c 'cat plain' >core.bt || fail "no core"
run core.bt -c 'cat secret.txt' -- --name=secret
expect_status 1
expect_err 'no_secret: expected none \(count\(\): [1-9]'

# cases, each a run of its own
good test secret.spile
expect_out '^\[       OK \] plain_only \([0-9]+ ms\)$'
expect_out '^\[       OK \] missing \([0-9]+ ms\)$'
expect_out '^2 cases, 0 failed$'
good test --case missing secret.spile
expect_no_out plain_only
run test --case nothing secret.spile
expect_status 1
expect_err "'secret.spile' has no case 'nothing'"
bad --case nothing secret.spile -c 'cat plain'
expect_err "the script has no case 'nothing'"

mkdir -p suite/below
cat >suite/a.spile <<'END'
import "../checks.spile";
case secret { run "cat secret.txt" with "--name=secret" expect count(opens) < 0 }
case plain { run "cat plain" expect count(opens) > 0 }
END
printf '%s\n' 'test:one { } test:two { printf("why\n"); return 2; }' >suite/below/b.bt
echo 'begin { exit(); }' >suite/below/none.bt
echo 'case broken {' >suite/broken.spile
run test --junit out.xml suite
[ "$status" != 0 ] || fail "failed cases are no failure"
expect_out '^\[  FAILED  \] secret \('
expect_out '    .*ERROR: secret: expected count\(opens\) < 0 \(count\(opens\): [1-9]'
expect_out '    .*ERROR: no_secret: expected none'
expect_out '^\[       OK \] plain \('
expect_out '^\[  FAILED  \] suite/broken.spile '
expect_out 'OK .* one '
expect_out '^3 cases, 2 failed$'
/usr/bin/python3 - <<'END' || fail "JUnit"
import xml.etree.ElementTree as tree
suite = tree.parse("out.xml").getroot()
cases = {(c.get("classname"), c.get("name")): c for c in suite}
failed = {k[1] for k, c in cases.items() if c.find("failure") is not None}
assert suite.tag == "testsuite" and int(suite.get("tests")) == len(cases) == 5 and int(suite.get("failures")) == 3, tree.tostring(suite)
assert failed == {"secret", "two", "suite/broken.spile"}, failed
assert "expected none" in cases["suite/a.spile", "secret"].find("failure").text
assert "why" in cases["suite/below/b.bt", "two"].find("failure").text
assert float(cases["suite/a.spile", "plain"].get("time")) > 0
END
good test -c 'cat plain' checks.spile
expect_out '^\[       OK \] checks.spile '
bad test checks.spile
expect_err 'with -c COMMAND or -p PID what its probes expect is checked'
bad test suite/below/none.bt
expect_err 'has nothing to test'
bad test missing.spile
expect_err "failed to open file 'missing.spile'"

# records that are lost on their way are counted all the same
cat >flood.spile <<'END'
config = { perf_rb_pages = 1 }
probe loops {
	on      syscall:it:getpriority
	capture which = args.which, who = args.who
	export  jsonl("/dev/null")
	expect  count() == 20000
}
END
run flood.spile -c "$PROGRAMS/target syscalls 20000"
expect_status 0

# where counts of other processors cannot be read, they are kept as one number
export SPILE_WITHOUT=percpu_lookup,for_each_map
good flood.spile -c "$PROGRAMS/target syscalls 20000"
run checks.spile -c 'cat secret.txt' --name=secret
expect_status 1
unset SPILE_WITHOUT
