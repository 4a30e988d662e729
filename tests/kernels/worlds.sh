#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# worlds.sh BUILD DIR [KERNEL...] - what `spile check --world` asks of each kernel of kernels.list (or of those named) as
# DIR/NAME.world, for `spile check --world DIR`.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=$1
dir=$2
shift 2
[ $# -gt 0 ] || set -- $(sed 's/#.*//' "$here/kernels.list" | awk 'NF { print $1 }')
mkdir -p "$dir"
for name; do
	world=$(sh "$here/world.sh" "$build" "$name")
	cp "$world" "$dir/$name.world"
done
