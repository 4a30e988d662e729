#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# world.sh BUILD NAME - prints the file that `spile world save` wrote on a kernel of kernels.list, which is booted for it once: it is
# kept beside the kernel, and made anew when one of the sources that write it is another. More than the image's BTF says, as
# tracepoints' fields and what can be traced are known to a running kernel only.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
tree=$here/../..
root=$(sh "$here/fetch.sh" "$2")
dir=$(dirname "$root")
exec 9>"$dir/world.lock" # two tests may want it at once
flock 9
made_by=$(cd "$tree/runtime" && cat world_save.c world_record.c world_record.h tracefs.c tracefs_format.c kernel_functions.c | cksum)
if [ ! -s "$dir/world" ] || [ "$(cat "$dir/world.by" 2>/dev/null)" != "$made_by" ]; then
	sh "$tree/tools/kernel-run" -k "$root" -a nohz=off -t "${LIMIT:-600}" -f "$build/spile:/spile/spile" -- \
		'/spile/spile world save /tmp/world && base64 /tmp/world' >"$dir/world.base64" 9>&-
	tr -d '\r' <"$dir/world.base64" | base64 -d >"$dir/world.new"
	rm -f "$dir/world.base64"
	mv "$dir/world.new" "$dir/world"
	echo "$made_by" >"$dir/world.by"
fi
echo "$dir/world"
