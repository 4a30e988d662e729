# SPDX-License-Identifier: Apache-2.0
# What ./dev run shows.
cp "$EXAMPLES/workshop" .
begun=$(date +%s)
good "$SCRIPTS/first-look.spile" -c ./workshop
expect_between $(($(date +%s) - begun)) 7 15 "seconds"
for f in take cut weld paint deliver; do expect_out "^@calls\\[order_$f\\]: [0-9]+$"; done
expect_out '(Ada|Grace|Dennis|Ken|Barbara|Edsger)'
expect_out '^@weld_ns:'
expect_out '^@ran_out\[b'
expect_same "$(grep -cE '^[0-9]+ +[A-Z][a-z]+ +[0-9] ' out)" 12 "orders shown"
