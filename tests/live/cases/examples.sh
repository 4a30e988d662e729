# SPDX-License-Identifier: Apache-2.0
# What ./dev run shows.
cp "$EXAMPLES/workshop" .
# as it is, but for its end: when everything was seen, instead of after eight seconds
sed 's/interval:s:8 { exit(); }/interval:s:1 { if (@orders >= 12 \&\& len(@calls) == 5 \&\& len(@ran_out) == 2) { exit(); } }/' "$SCRIPTS/first-look.spile" >look.spile
! cmp -s look.spile "$SCRIPTS/first-look.spile" || fail "the script ends otherwise"
good look.spile -c './workshop 3600'
for f in take cut weld paint deliver; do expect_out "^@calls\\[order_$f\\]: [0-9]+$"; done
expect_out '(Ada|Grace|Dennis|Ken|Barbara|Edsger)'
expect_out '^@weld_ns:'
expect_out '^@ran_out\[b'
expect_between "$(grep -cE '^[0-9]+ +[A-Z][a-z]+ +[0-9] ' out)" 12 14 "orders shown" # three workers may take the twelfth at once
cp "$EXAMPLES/shop" .
good test "$SCRIPTS/shop-checks.spile"
expect_out '^2 cases, 0 failed$'
