# SPDX-License-Identifier: Apache-2.0
# One probe over thousands of functions.
many=$PROGRAMS/many
BPFTRACE_MAX_PROBES=5000; export BPFTRACE_MAX_PROBES
good -c "$many" -e "uprobe:$many:many_* { @ = count(); }"
expect_err '^Attached 4096 probes$'
expect_out '^@: 4096$'

good -c "$many" -e "uprobe:$many:many_ab* { @[func] = count(); }"
expect_same "$(grep -c '^@\[many_ab.\]: 1$' out)" 16 "functions"

# a pattern in the place of the provider: those that have it
good -c "$many" -e "*:$many:many_ab0 { @[probe] = count(); }"
expect_err '^Attached 2 probes$'
expect_out "^@\[uprobe:$many:many_ab0\]: 1\$"
expect_out "^@\[uretprobe:$many:many_ab0\]: 1\$"

# the limit is an error, not a truncation
BPFTRACE_MAX_PROBES=1000
bad -e "uprobe:$many:many_* { @ = count(); }"
expect_err '1000'
unset BPFTRACE_MAX_PROBES
# matching nothing is an error
bad -e "uprobe:$many:nothing_like_it* { @ = count(); }"
expect_err 'nothing_like_it'
