#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# table.sh BUILD - runs the cases on every kernel of kernels.list and prints docs/kernels.md: a row a case, a column a kernel.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/spile-table.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
names=$(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1 }')
failed=0

for name in $names; do
	RESULTS=$work/$name sh "$here/run.sh" "$build" "$name" >"$work/$name.out" 2>&1 || {
		failed=1
		cat "$work/$name.out" >&2
	}
	[ -s "$work/$name" ] || echo "kernel (not run)" >"$work/$name"
done

cat <<'END'
# Kernels

The cases of tests/kernels/cases on kernels of Debian, booted under qemu. Made by `./dev kernels`; do not edit.

`ok`: the case passes. Else the features of the kernel (rows of `spile doctor`) that the case needs and the kernel has not, as
its own answer to trying them. What is used where a feature is missing stands in base/feature.def; `SPILE_WITHOUT=NAME,…` takes
features away on any kernel.

END
row() { # row FIRST COMMAND : a cell a kernel, printed by COMMAND FILE
	printf '| %s |' "$1"
	for name in $names; do printf ' %s |' "$($2 "$work/$name")"; done
	echo
}
release() { sed -n 's/^kernel //p' "$1"; }
dashes() { echo ---; }
cell() {
	text=$(sed -n "s/^ok $case\$/ok/p; s/^FAIL $case\$/**fails**/p; s/^lacks $case: /no /p" "$1")
	echo "${text:--}"
}
row case release
row --- dashes
for case in $(cd "$here/cases" && ls | sed 's/\.sh$//'); do row "$case" cell; done
exit $failed
