# SPDX-License-Identifier: Apache-2.0
# The command line as a user meets it.
good --version
expect_out '^spile v[0-9]'
expect_out '^bpftrace v0\.[0-9]'
good --help
expect_out '^USAGE'
expect_no_err '.'
run
expect_status 1
expect_err 'USAGE'
expect_empty_out
bad --nonsense
bad -f jsonx -e 'begin { }'
expect_err 'Invalid output format "jsonx"'
expect_err "Valid formats: 'text', 'json'"
bad -B x -e 'begin { }'
expect_err "-B must be either 'line', 'full', or 'none'"
bad -p a1111 -e 'begin { }'
expect_err 'Failed to parse pid: invalid integer: a1111'
for mode in line full none; do
	good -q -B $mode -e 'begin { printf("x\n"); exit(); }'
	expect_out '^x$'
done
good --no-feature uprobe_multi -c "$PROGRAMS/target calls 5" -e "uprobe:$PROGRAMS/target:hit { @ = count(); }"
expect_out '^@: 5$'
good --info
for section in System Build 'Kernel features' 'Probe types'; do expect_out "^$section"; done
for type in kprobe fentry lsm hardware uprobe tc watchpoint; do # says what doctor says
	expect_same "$(sed -n "s/.*  $type: \([a-z]*\).*/\1/p" out)" "$("$SPILE" doctor 2>/dev/null | sed -n "s/^\([a-z]*\)  *$type .*/\1/p")" "$type in --info"
done
expect_out '^  btf: yes {25}  [a-z ]+: (yes|no)$' # two columns
expect_out '^  libdw .DWARF support.: yes$'
expect_out '  jiffies64: yes( |$)'
if grep -q '  tp_btf: yes' out; then # helpers of typed programs
	expect_out '  dpath: yes( |$)'
	expect_out '  skboutput: yes( |$)'
fi
