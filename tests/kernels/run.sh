#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD KERNEL [CASE...] - boots a kernel of kernels.list and runs the cases in it (all, or the named ones) with the spile of
# a build. Prints a line a case; the status is 0 when none failed. RESULTS=FILE keeps the lines for the table.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
kernel=$2
shift 2
tree=$here/../..
work=$(mktemp -d "${TMPDIR:-/tmp}/spile-kernels.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
out=$work/out

root=$(sh "$here/fetch.sh" "$kernel")
# What is compiled here and runs there: the emulated machine is slow, and scripts go from one kernel to another.
mkdir "$work/gen"
case " $* " in
'  ' | *' gen '*)
	"$build/tests/gen/gen_run" -w "$root/../btf" -o "$work/gen" -s 310000 -n 110 >"$out" || {
		cat "$out" >&2
		exit 1
	}
	;;
esac
mkdir "$work/scripts"
cp "$here"/scripts/*.spile "$work/scripts/"
oldest=$(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1; exit }')
built=$(sh "$here/fetch.sh" "$oldest")/../btf
"$build/spile" build --world "$built" -o "$work/scripts/portable.spo" "$here/scripts/portable.spile"
for script in field function helper; do
	"$build/spile" check --world "$root/../btf" "$here/scripts/$script.spile" 2>/dev/null |
		awk 'NR == 2 { print $2 }' >"$work/scripts/$script.verdict" || true
done
set -- -d "$here:/spile/kernels" -d "$work/scripts:/spile/scripts" -f "$here/../live/lib.sh:/spile/live/lib.sh" -f "$build/spile:/spile/build/spile" \
	-f "$build/spile-compiler:/spile/build/spile-compiler" -d "$work/gen:/spile/gen" -- sh /spile/kernels/guest.sh "$@"
for program in "$build"/tests/programs/*; do
	set -- -f "$program:/spile/build/tests/programs/${program##*/}" "$@"
done
status=0
# Slow machines have time, one that hangs does not hang for ever. Without a periodic tick Linux 6.1 loses timers in the emulated
# machine, and then sleeps for ever.
# The modules are those of filters on packets.
boot() { sh "$tree/tools/kernel-run" -k "$root" -m sch_ingress -m cls_bpf -a nohz=off -t ${LIMIT:-3600} "$@" >"$out" || status=$?; }
boot "$@"
# A kernel that died was no test of ours: that is said, and tried once more.
if [ $status = 125 ]; then
	cat "$out"
	echo "run: the kernel died; once more" >&2
	status=0
	boot "$@"
fi
cat "$out"
[ -z "${RESULTS:-}" ] || sed -n '/^\(kernel\|ok\|FAIL\|lacks\) /p' "$out" >"$RESULTS"
exit $status
