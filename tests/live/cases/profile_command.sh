# SPDX-License-Identifier: Apache-2.0
# spile profile: a flame graph of a command's time, its text, and what pprof reads.
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
refused "how many seconds it is to last, not 'soon'" soon
refused 'Cannot use both -c and -p' -c true -p 1
refused 'USAGE: spile profile' -e 'begin { }'
bad -F 99 -e 'begin { }'
expect_err 'spile profile; a script.s probe says it itself'
