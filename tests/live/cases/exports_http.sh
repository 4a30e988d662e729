# SPDX-License-Identifier: Apache-2.0
# OpenTelemetry decoded by its own definitions, Prometheus scraping us, and receivers that are slow, broken or not there.
t=$PROGRAMS/target
needs node
needs prometheus
peers=$HERE/../../.cache/peers
[ -d "$peers/node_modules" ] || skip "needs OpenTelemetry's definitions, which ./dev test installs"
receiver=$HERE/../peers/otlp-receiver.js

receive() { # receive NAME [ARGUMENT...]: a receiver; $port, what it got in NAME
	: >"$1"
	name=$1
	shift
	node "$receiver" "$peers" "$@" >"$name" 2>&1 &
	receiver_pid=$!
	started="$started $receiver_pid"
	wait_for 30 grep -q '^listening' "$name" || fail "the receiver does not start: $(cat "$name")"
	port=$(sed -n 's/listening //p' "$name")
}

receive got
cat >script.spile <<END
export collector = otlp("http://127.0.0.1:$port") { headers "x-token=secret"; service "shop"; delay 100ms; }
probe hits {
	on uprobe:$t:hit
	capture n = arg0, name = str(arg1)
	export collector
}
probe sums {
	on uprobe:$t:hit
	measure n = count() by comm, size = hist(arg0) by comm, part = stats(arg0) by comm
	export collector
}
END
# the run goes on until its records have arrived: what the end of one may cost is bounded in seconds
start "$SPILE" script.spile
attached
"$t" calls 2000
arrived() { [ "$(grep -o '"key":"n"' "$1" | wc -l)" = "$2" ]; }
wait_for 60 arrived got 2000 || fail "$(grep -o '"key":"n"' got | wc -l) records arrived"
kill -INT "$pid"
ended "$pid" 60
expect_status 0
expect_no_err WARNING
cat >check.py <<'END'
import json

got = [json.loads(line) for line in open("got") if line.startswith("{")]
assert not [g for g in got if "error" in g], got
assert all(g["headers"]["x-token"] == "secret" and g["headers"]["content-encoding"] == "gzip" for g in got)
resources = [r for g in got if g["path"] == "/v1/logs" for r in g["request"]["resourceLogs"]]
names = {a["key"]: a["value"] for a in resources[0]["resource"]["attributes"]}
assert names["service.name"]["stringValue"] == "shop", names
logs = [l for r in resources for s in r["scopeLogs"] for l in s["logRecords"]]
seen = sorted(int({a["key"]: a["value"] for a in l["attributes"]}["n"]["intValue"]) for l in logs)
assert seen == list(range(2000)), (len(seen), seen[:5])
metrics = {m["name"]: m for g in got if g["path"] == "/v1/metrics" for r in g["request"]["resourceMetrics"]
           for s in r["scopeMetrics"] for m in s["metrics"]}
point = metrics["sums.n"]["sum"]["dataPoints"][0]
assert point["asInt"] == "2000" and point["attributes"][0]["value"]["stringValue"] == "target", point
size = metrics["sums.size"]["exponentialHistogram"]["dataPoints"][0]
assert size["count"] == "2000" and size["zeroCount"] == "1" and not size.get("scale"), size
assert [int(c) for c in size["positive"]["bucketCounts"]] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 976], size
part = metrics["sums.part"]["histogram"]["dataPoints"][0]
assert part["count"] == "2000" and part["sum"] == 1999000, part
END
/usr/bin/python3.11 check.py || fail "what arrived is not what was sent: $(cut -c1-600 got | head -n 5)"

# a receiver that is busy at first: tried again, nothing lost
receive busy refuse 3
start "$SPILE" -e "probe p { on uprobe:$t:hit capture n = arg0 export otlp(\"http://127.0.0.1:$port\") }"
attached
"$t" calls 100
wait_for 60 arrived busy 100 || fail "$(grep -o '"key":"n"' busy | wc -l) records arrived"
kill -INT "$pid"
ended "$pid" 60
expect_no_err WARNING
# none is there, or its name is none: an error with its place, before anything is attached
bad -q -c "$t calls 100" -e "probe p { on uprobe:$t:hit capture n = arg0 export otlp(\"http://127.0.0.1:1\") }"
expect_err "^stdin:1:[0-9]+-[0-9]+: ERROR: the sink otlp cannot reach http://127.0.0.1:1: .*onnect"
bad -e "export far = otlp(\"http://nowhere.invalid:4318\") probe p { on uprobe:$t:hit capture n = arg0 export far }" -c "$t calls 100"
expect_err '^stdin:1:[0-9]+-[0-9]+: ERROR: the sink otlp cannot reach http://nowhere.invalid:4318: .*resolve'
# one that goes away: tried again, and the run ends in time and says what was dropped
receive gone
start "$SPILE" -e "probe p { on uprobe:$t:hit capture n = arg0 export otlp(\"http://127.0.0.1:$port\") { delay 100ms; } }"
attached
"$t" calls 100
wait_for 60 arrived gone 100 || fail "$(grep -o '"key":"n"' gone | wc -l) records arrived"
kill "$receiver_pid"
wait_for 60 finished "$receiver_pid" || fail 'the receiver goes on'
"$t" calls 50
kill -INT "$pid"
ended "$pid" 60
expect_status 0
expect_err "WARNING: 50 of the 150 records.*dropped: http://127.0.0.1:$port/v1/logs: .*onnect"
# one that takes nothing
receive nothing
run -q -c "$t calls 100" -e "probe p { on uprobe:$t:hit capture n = arg0 export otlp(\"http://127.0.0.1:$port/else\") }"
expect_err 'WARNING: 100 of the 100 .*HTTP status 404'

# Prometheus: both ports are the kernel's choice, told once they are taken
start "$SPILE" -c "$t tick" -e "probe ticks { on uprobe:$t:tick measure n = count() by comm, size = hist(arg0) by comm every 100ms export prometheus(\"127.0.0.1:0\") }"
attached
wait_for 30 grep -q '^prometheus: listening at 127.0.0.1:[1-9]' err || fail 'the port is not told'
ours=$(sed -n 's/^prometheus: listening at 127.0.0.1://p' err)
cat >prometheus.yml <<END
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [ { job_name: spile, static_configs: [ { targets: [ "127.0.0.1:$ours" ] } ] } ]
END
prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="127.0.0.1:0" --log.level=info >prometheus.log 2>&1 &
started="$started $!"
theirs() { sed -n 's/.*msg="Listening on" address=127.0.0.1:\([0-9]*\).*/\1/p' prometheus.log | head -n 1; }
listening() { [ -n "$(theirs)" ]; }
wait_for 60 listening || fail "Prometheus does not start: $(cat prometheus.log)"
theirs=$(theirs)
# a port that is taken
bad -e "probe p { on uprobe:$t:tick measure n = count() export prometheus(\"127.0.0.1:$theirs\") }"
expect_err "^stdin:1:[0-9]+-[0-9]+: ERROR: the sink prometheus cannot listen at 127.0.0.1:$theirs: Address already in use"
cat >query.py <<'END'
import json, sys, urllib.parse, urllib.request
url = f"http://127.0.0.1:{sys.argv[1]}/api/v1/query?" + urllib.parse.urlencode({"query": sys.argv[2]})
result = json.load(urllib.request.urlopen(url, timeout=60))["data"]["result"]
print(result)
sys.exit(0 if result and float(result[0]["value"][1]) > 0 else 1)
END
scraped() { /usr/bin/python3.11 query.py "$theirs" "$1" >answer 2>&1; }
wait_for 60 scraped 'spile_ticks_n_total{comm="target"}' || fail "Prometheus has no counter: $(cat answer prometheus.log)"
wait_for 60 scraped 'histogram_quantile(0.5, spile_ticks_size_bucket{comm="target"})' || fail "Prometheus has no histogram: $(cat answer prometheus.log)"
