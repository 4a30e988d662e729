# SPDX-License-Identifier: Apache-2.0
# The manual's examples run, and so does the core they are rewritten to.
# ALSO WITHOUT ringbuf
cp "$EXAMPLES/shop" .
awk '/^```spile/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("doc" n ".spile") }' "$SCRIPTS/../docs/language.md"
[ -e doc7.spile ] || fail 'examples are missing'
for script in doc*.spile; do
	good "$script" -c './shop 20'
	expect_out '^152 queries, 8 slow$'
	"$SPILE" -d core "$script" -c './shop 20' >core 2>err || fail "the core of $script is not printed"
	mv core core.spile
	good core.spile -c './shop 20'
	expect_out '^152 queries, 8 slow$'
done

# the shop: every slow query of the sampled connections, and all calls, from the script and from its core alike
sed 's/127.0.0.1:9464/127.0.0.1:0/; s/cpu 50%; //' "$SCRIPTS/shop.spile" >shop.spile # no budget: how much this machine takes for it is no matter of this case
slow() { sed -n 's/.*"query": "\([^"]*LIKE[^"]*\)", "connection": \([0-9]*\),.*"weight": 2.*/\2 \1/p' slow_queries.jsonl | sort; }
good shop.spile -c './shop 100'
expect_out '^760 queries, 40 slow$'
slow >first
"$SPILE" -d core shop.spile -c './shop 100' >core.spile 2>err || fail 'the core of the shop is not printed'
grep -q 'uretprobe:it:exec_query' core.spile || fail 'the core has no return'
rm slow_queries.jsonl
good core.spile -c './shop 100'
slow >second
cmp -s first second || { diff first second >&2; fail 'the core gives other records'; }
each=$(cut -d' ' -f1 first | sort | uniq -c | awk '{ print $1 }' | sort -u)
[ -z "$each" ] || expect_same "$each" 10 'slow queries of each sampled connection'
for c in 1 2 3 4; do expect_out "^ +$c +190\$"; done
expect_err 'Left out: [0-9]+ events of slow_query, by sample 1/2 by key'
