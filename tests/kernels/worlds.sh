#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# worlds.sh BUILD DIR [KERNEL...] - boots the kernels of kernels.list (or those named) and keeps what `spile check --world` asks of
# each as DIR/NAME.world: more than the image's BTF says, as tracepoints' fields and what can be traced are known there only.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$(CDPATH='' cd -- "$1" && pwd)
dir=$2
shift 2
[ $# -gt 0 ] || set -- $(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1 }')
mkdir -p "$dir"
for name; do
	root=$(sh "$here/fetch.sh" "$name")
	sh "$here/../../tools/kernel-run" -k "$root" -a nohz=off -t "${LIMIT:-600}" -f "$build/spile:/spile/spile" -- \
		'/spile/spile world save /tmp/world && base64 /tmp/world' >"$dir/$name.base64"
	tr -d '\r' <"$dir/$name.base64" | base64 -d >"$dir/$name.world"
	rm -f "$dir/$name.base64"
done
