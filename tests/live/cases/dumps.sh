# SPDX-License-Identifier: Apache-2.0
# -d STAGE shows a stage and runs nothing; --dry-run attaches and prints nothing.
script='begin { printf("ran\n"); exit(); } interval:s:1 { @x = count(); }'
for stage in tokens ast core types program ir asm plan; do
	good -d $stage -e "$script"
	[ -s out ] || fail "-d $stage prints nothing"
	expect_no_out '^ran$'
	expect_no_err 'Attached'
done
good -d verifier -e "$script"
expect_out '^probe_0_begin:$'
expect_out '^probe_1_1:$'
expect_out '^processed [0-9]+ insns '
expect_no_out '^ran$'
expect_no_err 'Attached'
bad -d verifier,ast -e "$script"
expect_err 'it goes alone'
good -d all -e "$script"
expect_between "$(wc -l <out)" 50 100000 "lines of all stages"
good -d core -e "$script"
cp out core.spile
good -q core.spile # the printed core is a script
expect_out '^ran$'
bad -d nonsense -e "$script"
expect_err 'invalid option for -d: nonsense'
run -d
expect_status 1

good --dry-run -e 'begin { printf("ran\n"); } interval:s:1 { @x = 1; }'
expect_empty_out
expect_no_err 'Attached'
