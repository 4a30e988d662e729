# SPDX-License-Identifier: Apache-2.0
# What the file sinks write, read back by other people's software: 1,000 calls, each of them in each file.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
needs go
cat >script.spile <<END
probe hits {
	on uprobe:$t:hit
	capture n = arg0, name = str(arg1), stack = ustack(8)
	export csv("hits.csv"), jsonl("hits.jsonl"), sqlite("hits.db"), perfetto("hits.json"), folded("hits.folded"),
		flamegraph("hits.svg"), pprof("hits.pprof")
}
probe sums {
	on uprobe:$t:hit
	measure n = count() by arg0 % 2, total = sum(arg0) by arg0 % 2, size = hist(arg0) by arg0 % 2
	export csv("sums.csv"), sqlite("sums.db")
}
END
good -q -c "$t calls 1000" script.spile
expect_no_err WARNING
cat >check.py <<'END'
import csv, json, sqlite3, xml.etree.ElementTree as xml

hits = list(csv.DictReader(open("hits.csv", newline="")))
assert sorted(int(h["n"]) for h in hits) == list(range(1000)), len(hits)
assert {h["name"] for h in hits} == {"name"}, hits[0]
lines = [json.loads(line) for line in open("hits.jsonl")]
assert len(lines) == 1000 and lines[7]["stack"], lines[7]
assert any(f.startswith("hit") for f in lines[7]["stack"]), lines[7]
db = sqlite3.connect("hits.db")
assert db.execute("SELECT count(*), sum(n), min(name), sum(weight) FROM hits").fetchone() == (1000, 499500, "name", 1000)
db = sqlite3.connect("sums.db")
assert db.execute("SELECT key_1, n, total FROM sums ORDER BY key_1").fetchall() == [(0, 500, 249500), (1, 500, 250000)]
trace = json.load(open("hits.json"))["traceEvents"]
calls = [e for e in trace if e["ph"] == "i"]
assert len(calls) == 1000 and all(e["pid"] and e["tid"] and e["ts"] > 0 for e in calls)
folded = [line.rsplit(" ", 1) for line in open("hits.folded")]
assert sum(int(n) for _, n in folded) == 1000
assert all(stack.endswith(";calls;hit") for stack, _ in folded), folded[0]
svg = xml.parse("hits.svg").getroot()
names = {g.get("data-n") for g in svg.iter("{http://www.w3.org/2000/svg}g")}
assert {"all", "calls", "hit"} <= names, names
sums = list(csv.DictReader(open("sums.csv", newline="")))
assert sum(b["count"] for s in sums for b in json.loads(s["size"])) == 1000
END
/usr/bin/python3.11 check.py || fail "the files are not what they should be"
go tool pprof -raw hits.pprof >raw 2>&1 || fail "go tool pprof cannot read it: $(cat raw)"
grep -q '^samples/count' raw || fail "go tool pprof: $(cat raw)"
[ "$(awk '/^Locations/ { on = 0 } on { n += $1 } /^samples.count/ { on = 1 } END { print n }' raw)" = 1000 ] || fail "samples: $(head -n 20 raw)"
# a path that cannot be written stops the run before anything is attached
bad -e "probe p { on uprobe:$t:hit capture n = arg0 export csv(\"/nowhere/at/all.csv\") }"
expect_err '/nowhere/at/all.csv cannot be written: No such file'
# a full disk: what did not fit is told
full=/dev/full
[ -c $full ] || { full=$T/full && mknod "$full" c 1 7; }
run -q -c "$t calls 1000" -e "probe p { on uprobe:$t:hit capture n = arg0 export csv(\"$full\") }"
expect_err 'WARNING: .*dropped'
# one that is full from the start is an error with its place (a file system of our own, where we may mount one)
if unshare -m sh -c 'mkdir tiny && mount -t tmpfs -o size=8k tiny tiny' 2>mount.log; then
	cat >full.sh <<'END'
mkdir -p tiny
mount -t tmpfs -o size=8k tiny tiny
cat /dev/zero >tiny/all 2>/dev/null
exec "$@"
END
	for sink in csv jsonl perfetto flamegraph pprof; do
		status=0
		timeout $MOST unshare -m sh full.sh "$SPILE" -c "$t calls 10" -e "probe p { on uprobe:$t:hit capture stack = ustack, n = arg0 export $sink(\"tiny/more\") }" \
			>out 2>err </dev/null || status=$?
		expect_status 1
		expect_err '^stdin:1:[0-9]+-[0-9]+: ERROR: tiny/more cannot be written: No space left on device'
		expect_no_err '^Attached'
	done
fi
