#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# table.sh BUILD - runs the cases on every kernel of kernels.list and prints docs/kernels.md: a row a case, a column a kernel.
# TAKEN=DIR: what run.sh wrote to DIR/NAME (its RESULTS) is taken for a kernel that was run before.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/spile-table.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
names=$(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1 }')
failed=0

for name in $names; do
	if [ -n "${TAKEN:-}" ] && [ -s "$TAKEN/$name" ]; then
		cp "$TAKEN/$name" "$work/$name"
		! grep -q '^FAIL ' "$work/$name" || failed=1
		continue
	fi
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
its own answer to trying them. What is used where a feature is missing stands below; `--no-feature NAME,…` (or `SPILE_WITHOUT`) takes
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

# The table that check prints, until its reasons begin.
as_rows() { # as_rows COMMAND : each line of it, its words as cells
	awk 'NF == 0 { exit } { printf "|"; for (i = 1; i <= NF; i++) printf " %s |", $i; print "" } NR == 1 { printf "|"; for (i = 1; i <= NF; i++) printf " --- |"; print "" }'
}
sh "$here/worlds.sh" "$build" "$work/worlds" >&2 || failed=1
cat <<'END'

## Scripts

What `spile check --world` says of scripts that ask for what not every kernel has (tests/kernels/scripts), from files that
`spile world save` wrote on each. The case `check` runs each script on each kernel and fails where something else happens.

END
(cd "$here/scripts" && "$build/spile" check --world "$work/worlds" *.spile || true) | as_rows
cat <<END

The library (probes/, $(ls "$here"/../../probes/*/*.* | wc -l) scripts) is asked about in the same way, and the case \`library\` attaches each on each kernel. All
work everywhere but these:

END
sed 's/#.*//' "$here/cannot.list" | awk 'BEGIN { print "| script | kernel | why |\n| --- | --- | --- |" } NF { script = $1; kernel = $2; $1 = $2 = ""; sub(/^ +/, ""); printf "| %s | %s | %s |\n", script, kernel, $0 }'
cat <<'END'

## What a kernel may lack

Found by trying it, never by a version. Two of them are a matter of how the machine is set up: `read_kernel` (a kernel booted with
`lockdown=confidentiality` lets no program read its memory: what programs hold, and the numbers that probes hand over, can be
traced; what else a script wants is refused with its place) and `cgroup2`.

Without `ringbuf` each CPU has two buffers of its own, one for what is printed and one for exit(), print of a map and the like, filled by
perf events. The records are the same, and are merged by the time that the kernel stamps on them; the last thousandth of a second
waits for what may still come from another CPU. `perf_rb_pages` is shared out among the CPUs. Losses are counted in the place of the
script as ever. A record has 65,508 bytes at the most; what is longer counts as lost. User stacks are walked along frame pointers.

| feature | what it is good for | what has it, and what is used without it |
| --- | --- | --- |
END
sed -n 's/^FEATURE([A-Z0-9_]*, "\([^"]*\)", "\([^"]*\)", "\([^"]*\)")$/| `\1` | \2 | \3 |/p' "$here/../../base/feature.def"
exit $failed
