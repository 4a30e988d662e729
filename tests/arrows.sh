#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# arrows.sh ROOT - every #include "room/header" must be allowed by tools/arrows.txt.
set -eu
cd "$1"

allowed() { # allowed ROOM HEADER: is there a line that lets ROOM see HEADER?
	case $2 in "$1"/*) return 0 ;; esac
	grep "^$1\$\|^$1 " tools/arrows.txt | head -n 1 | tr ' ' '\n' | sed 1d | while read -r may; do
		case $may in
		*.*) [ "$2" != "$may" ] || echo yes ;;
		*) case $2 in "$may"/*) echo yes ;; esac ;;
		esac
	done | grep -q yes
}

bad=0 seen=0
for room in $(sed '/^#/d; s/ .*//' tools/arrows.txt); do
	[ -d "$room" ] || continue
	includes=$(find "$room" -type f \( -name '*.[chyS]' -o -name '*.re' -o -name '*.def' \) -exec \
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' {} + | sort -u)
	for header in $includes; do
		seen=$((seen + 1))
		case $header in */*) ;; *) continue ;; esac # beside the file: its own room
		allowed "$room" "$header" && continue
		echo "$room may not include $header:" >&2
		grep -rnF "\"$header\"" "$room" >&2
		bad=1
	done
done
[ "$seen" -gt 0 ] || { echo "found no includes in $1" >&2; exit 1; }
exit $bad
