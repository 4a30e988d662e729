# SPDX-License-Identifier: Apache-2.0
# spile build: compiled now, run later, without the compiler.
t=$PROGRAMS/target
cp "$t" copy
printf 'uprobe:./copy:hit { @ = count(); }\n' >count.spile
good build -o count.spo count.spile
expect_empty_out
good -c './copy calls 11' count.spo
expect_out '^@: 11$'
mkdir -m 755 alone && cp "$SPILE" alone/ # where there is no compiler
./alone/spile -c './copy calls 12' count.spo >out 2>err || fail "without the compiler"
expect_out '^@: 12$'
# refused: damaged, of another file, not ours, with parameters
head -c 1000 count.spo >cut.spo
bad cut.spo
bad "$t"
bad count.spo parameter
bad build -o again.spo count.spo
bad build count.spile
bad build -o /nonexistent/x.spo count.spile
bad build -o wrong.spo -e 'begin { nonsense }'
[ ! -e wrong.spo ] || fail "an object of a wrong script"
printf x >>copy
bad count.spo
expect_err 'copy'
