# SPDX-License-Identifier: Apache-2.0
# -f json: every line is one JSON object, whatever the script prints.
# ALSO WITHOUT ringbuf
cat >check.py <<'END'
import json, sys
kinds = [json.loads(line)["type"] for line in open("out", encoding="utf-8")]
missing = set(sys.argv[1:]) - set(kinds)
sys.exit(f"no object of type {missing} in {kinds}" if missing else 0)
END
t=$PROGRAMS/target
good -f json -c "$t calls 100" -e "uprobe:$t:hit { @c = count(); @h = hist(arg0); @l = lhist(arg0, 0, 100, 10); @k[comm, arg0 % 2] = sum(arg0);
	@s = stats(arg0); @a = avg(arg0); @stack[ustack] = count(); @str = str(arg1); }
	begin { printf(\"quote \\\" backslash \\\\ tab \\t and bytes \\xff\\xc3\n\"); print((1, \"two\", 3)); print(5); time(\"%H\n\"); }
	end { print(@c); }"
/usr/bin/python3 check.py attached_probes map hist stats printf value time || fail "no valid JSON"
good -f json -e 'begin { @["a\nb"] = 1; @x[1, 2] = "y"; exit(); }'
/usr/bin/python3 check.py map || fail "no valid JSON"
expect_out '"1,2"'
# errors are text on stderr, never half an object
run -f json -e 'begin { nonsense'
expect_status 1
expect_empty_out
