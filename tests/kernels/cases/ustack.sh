# SPDX-License-Identifier: Apache-2.0
# A user stack, walked by unwind tables where the kernel allows, else by the kernel along frame pointers, and then it says so.
# REQUIRES uprobe btf
good -v -c "$PROGRAMS/target burn 200" -e "uprobe:$PROGRAMS/target:burn_inner { print(ustack(why)); exit(); }"
expect_out '^        burn_inner\+'
expect_out '^        main\+'
if ! grep -q 'along frame pointers' err; then # those lose the caller of a function that has only just begun
	expect_out '^        burn_outer\+.*\[cfi'
	expect_out '^        main\+.*\[cfi'
	expect_err '^user stacks: [0-9]+ walked'
fi
