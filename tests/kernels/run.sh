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
# What check says of scripts of which each fails on one kernel or another, and of the library; the cases see whether it is so.
# Those of the library that it says work go there compiled.
world=$(sh "$here/world.sh" "$build" "$kernel")
verdicts() { awk 'NR > 1 && NF == 2 && $1 ~ /[.](spile|bt)$/ { print $1, $2 }'; }
(cd "$here/scripts" && "$build/spile" check --world "$world" *.spile || true) | verdicts >"$work/scripts/verdicts"
mkdir "$work/library"
cp -r "$tree/probes/." "$work/library/"
observed="head -c 1 /etc/passwd" # what cases/library.sh runs; there is no Python there, and no Go
(cd "$tree/probes" && ls */*.bt */*.spile | grep -v -e '^python/' -e '^gc/' | xargs "$build/spile" check -c "$observed" --world "$world" || true) | verdicts >"$work/library/verdicts"
while read -r script verdict; do
	[ "$verdict" != works ] || "$build/spile" build -c "$observed" --world "$world" -o "$work/library/$script.spo" "$tree/probes/$script"
done <"$work/library/verdicts"
set -- -d "$here:/spile/kernels" -d "$work/scripts:/spile/scripts" -f "$here/../live/lib.sh:/spile/live/lib.sh" -f "$build/spile:/spile/build/spile" \
	-f "$build/spile-compiler:/spile/build/spile-compiler" -d "$work/gen:/spile/gen" \
	-d "$work/library:/spile/library" -f /usr/bin/setpriv:/spile/setpriv -m dummy -- sh /spile/kernels/guest.sh "$@"
for program in "$build"/tests/programs/*; do
	set -- -f "$program:/spile/build/tests/programs/${program##*/}" "$@"
done
# the libraries and the shell that scripts of the library probe, and what takes rights away
for file in $(ldconfig -p | sed -n 's/.*libssl[.]so[.].*=> //p' | head -n 1) /bin/bash; do
	[ ! -e "$file" ] || set -- -f "$file:$file" "$@"
done
status=0
# Slow machines have time, one that hangs does not hang for ever. Without a periodic tick Linux 6.1 loses timers in the emulated
# machine, and then sleeps for ever.
# The modules are those of filters on packets.
boot() { sh "$tree/tools/kernel-run" -k "$root" -m sch_ingress -m cls_bpf -a nohz=off -t ${LIMIT:-1800} "$@" >"$out" || status=$?; }
boot "$@"
# A kernel that died, or stands still, was no test of ours: that is said, and tried once more.
if [ $status = 124 ] || [ $status = 125 ]; then
	cat "$out"
	echo "run: the kernel $([ $status = 124 ] && echo stood still || echo died); once more" >&2
	status=0
	boot "$@"
fi
cat "$out"
[ -z "${RESULTS:-}" ] || sed -n '/^\(kernel\|ok\|FAIL\|lacks\) /p' "$out" >"$RESULTS"
exit $status
