#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# verdicts.sh BUILD [KERNEL...] - `spile check --world` of every script of probes/ for the kernels of kernels.list (or those
# named): its table and its reasons. Fails when a script does not compile for one of them, unless cannot.list says so, or when it
# does though cannot.list says otherwise.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
shift
[ $# -gt 0 ] || set -- $(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1 }')
set -- $(printf '%s\n' "$@" | sort -V) # as check orders a folder
work=$(mktemp -d "${TMPDIR:-/tmp}/spile-verdicts.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

sh "$here/worlds.sh" "$build" "$work/worlds" "$@"
cd "$here/../../probes"
"$build/spile" check -c true --world "$work/worlds" */*.bt */*.spile >"$work/out" || [ -s "$work/out" ]
cat "$work/out"
sed '/^$/q' "$work/out" | sed '1d; /^$/d' >"$work/table" # below it are the reasons
[ "$(awk 'NF == n + 1' n=$# "$work/table" | wc -l)" = "$(ls */*.bt */*.spile | wc -l)" ] || {
	echo "verdicts: the table is not whole" >&2
	exit 1
}
# SCRIPT KERNEL of each that fails, as the table has them and as they are expected
awk -v names="$*" 'BEGIN { split(names, kernel) } { for (i = 2; i <= NF; i++) if ($i != "works") print $1, kernel[i - 1] }' "$work/table" | sort >"$work/fails"
for kernel; do sed 's/#.*//' "$here/cannot.list" | awk -v k="$kernel" '$2 == k { print $1, $2 }'; done | sort >"$work/expected"
diff "$work/expected" "$work/fails" >"$work/diff" || {
	echo "verdicts: other than cannot.list (<) says (>):" >&2
	cat "$work/diff" >&2
	exit 1
}
