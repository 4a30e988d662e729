#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fetch.sh NAME - prints the folder of a kernel of kernels.list: unpacked, not installed; its types (BTF, taken out of the image)
# are the file `btf` beside it, which `spile check --world` and `spile build --world` read. What is not in the cache is downloaded
# by apt under a configuration of its own: the archive is the one this machine's apt reads, with its keys; lists, state and
# packages are in the cache (SPILE_KERNELS, or .cache/kernels of the tree) and nothing of the machine's apt is touched.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${SPILE_KERNELS:-$here/../../.cache/kernels}
name=${1:?which kernel of kernels.list?}

die() {
	echo "fetch: $*" >&2
	exit 1
}
line=$(sed 's/#.*//' "$here/kernels.list" | awk -v n="$name" '$1 == n')
[ -n "$line" ] || die "kernels.list has no kernel '$name'"
# shellcheck disable=SC2086 # words
set -- $line
suite=$2 package=$3

mkdir -p "$cache"
cache=$(CDPATH='' cd -- "$cache" && pwd)
exec 9>"$cache/lock" # two tests may want the same kernel at once
flock 9
dir=$cache/$name

# The types of a kernel from its image: a bzImage says where the compressed ELF file lies in it (Documentation/arch/x86/boot.rst),
# whose last 4 bytes are a length that the decompressors do not know.
take_btf() { # take_btf FOLDER
	image=$(find "$1/root" -name 'vmlinuz*' -type f | head -n 1)
	number() { od -An -v -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
	payload() { tail -c "+$((($(number 497 1) + 1) * 512 + $(number 584 4) + 1))" "$image" | head -c "$(($(number 588 4) - 4))"; }
	case $(payload | head -c 4 | od -An -t x1 | tr -d ' ') in
	02214c18) payload | lz4 -q -dc ;;
	28b52ffd) payload | zstd -q -dc ;;
	fd377a58) payload | xz -dc ;;
	1f8b*) payload | gzip -dc ;;
	*) die "the kernel '$name' is compressed in a way that is not known" ;;
	esac >"$1/vmlinux"
	objcopy --dump-section ".BTF=$1/btf.new" "$1/vmlinux" /dev/null
	rm -f "$1/vmlinux"
	[ -s "$1/btf.new" ] || die "the kernel '$name' has no BTF"
	mv "$1/btf.new" "$1/btf"
}
if [ -f "$dir/complete" ]; then
	[ -s "$dir/btf" ] || take_btf "$dir"
	echo "$dir/root"
	exit 0
fi

# Where Debian itself is found: what apt says of its own indexes, or what its sources say before the first update.
archive() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' | grep -E '/debian/?$'
}
uri=$(archive | head -n 1)
[ -n "$uri" ] || die "apt on this machine knows no Debian archive"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keys" ] || die "there is no $keys (package debian-archive-keyring)"

apt=$cache/apt-$suite
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/etc"
echo "deb [arch=amd64 signed-by=$keys] $uri $suite main" >"$apt/sources.list"
# A suite's lists may be older than they say they last: an archived suite is not renewed.
apt_in() { # apt_in TOOL ARGUMENT...
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$apt" \
		-o Dir::State::Lists="$apt/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$apt" -o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
		-o Acquire::Retries=3 -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root "$@"
}
apt_in apt-get update >"$apt/log" 2>&1 || {
	cat "$apt/log" >&2
	die "the lists of '$suite' cannot be fetched"
}

# The package and what it needs of the kernel: images, modules, and in newer suites the binary.
needed() {
	todo=$package done=' '
	while [ -n "$todo" ]; do
		set -- $todo
		p=$1
		shift
		todo=$*
		case $done in *" $p "*) continue ;; esac
		done="$done$p "
		text=$(apt_in apt-cache show --no-all-versions "$p") || die "'$suite' has no package '$p'"
		! echo "$p" | grep -qE '^linux-(image|binary|modules)-[0-9]' || echo "$p" # a metapackage is empty
		todo="$todo $(echo "$text" | sed -n 's/^Depends: //p' | tr ',|' '\n\n' | sed 's/^ *//; s/[ :(].*//' | grep -E '^linux-(image|binary|modules)-[0-9]' | tr '\n' ' ')"
		todo=$(echo $todo)
	done
}
packages=$(needed)
[ -n "$packages" ] || die "'$package' of '$suite' leads to no kernel"
rm -rf "$dir" "$dir.new"
mkdir -p "$dir.new/root"
# shellcheck disable=SC2086
(cd "$dir.new" && apt_in apt-get download $packages) >>"$apt/log" 2>&1 || {
	cat "$apt/log" >&2
	die "the kernel '$name' cannot be fetched"
}
for deb in "$dir.new"/*.deb; do dpkg-deb -x "$deb" "$dir.new/root"; done
rm -f "$dir.new"/*.deb
[ -n "$(find "$dir.new/root" -name 'vmlinuz*' -type f)" ] || die "the packages of '$name' hold no kernel"
take_btf "$dir.new"
touch "$dir.new/complete"
mv "$dir.new" "$dir"
echo "$dir/root"
