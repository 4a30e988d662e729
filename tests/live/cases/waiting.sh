# SPDX-License-Identifier: Apache-2.0
# A script whose target nothing belongs to yet: it says what it looks for, waits, and observes what comes.
cp "$PROGRAMS/target" "$T/waited"
cat >script.spile <<END
target late { exe "*/waited" }
probe calls { on call:late:hit measure n = count() export csv("n.csv") }
END
bad --no-wait script.spile
expect_err '^script.spile:2:18-31: ERROR: no program of the target .late. runs \(exe "\*/waited"\)$'
cp "$PROGRAMS/target" "$T/waitet"
launch "$T/waitet" tick
bad --no-wait script.spile
expect_err "^HINT: 'waitet' runs$"
start "$SPILE" script.spile
wait_for 20 grep -q '^Waiting: no program of the target' err || fail "it does not say that it waits"
kill -INT "$pid"
ended "$pid" 20
expect_status 1
expect_no_err '^Attached'

sed 's/call:late:hit/call:late:tick/' script.spile >tick.spile
start "$SPILE" tick.spile
wait_for 20 grep -q '^Waiting: ' err || fail "it does not say that it waits"
launch "$T/waited" tick
attached

sleep 1 # it calls a thousand times a second, or as often as it may run
kill -INT "$pid"
ended "$pid" 20
expect_status 0
[ "$(sed -n 2p n.csv | cut -d, -f2)" -gt 0 ] || fail "nothing was seen of it: $(cat n.csv)"
