#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# style.sh ROOT - the rules of CONTRIBUTING.md that a machine can check.
set -eu
cd "$1"
rooms='base lang codegen runtime stdlib cli tests tools examples'

breach() { sed "s|^|$1: |"; } # every line of input is a breach of the rule
sources() {                   # sources ROOM...: C and what becomes C
	for room in "$@"; do
		[ ! -d "$room" ] || find "$room" -type f \( -name '*.[chy]' -o -name '*.re' \)
	done
}
everywhere() {
	# shellcheck disable=SC2086
	sources $rooms
}

check_files() {
	everywhere | while read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f"
	done | breach "no SPDX line"
	everywhere | while read -r f; do
		[ "$(wc -l <"$f")" -le 1000 ] || echo "$f"
	done | breach "more than 1000 lines"
	for room in base lang codegen runtime stdlib cli tests examples docs probes; do
		[ ! -d "$room" ] || [ -f "$room/README.md" ] || echo "$room"
	done | breach "no README.md"
	find . -name README.md -not -path './README.md' -not -path './build*' -not -path './.*' | while read -r f; do
		[ "$(wc -l <"$f")" -le 25 ] || echo "$f"
	done | breach "a folder's README of more than 25 lines"
	[ ! -e .git ] || ! command -v git >/dev/null ||
		git -c safe.directory='*' ls-files 2>/dev/null | grep -E '(^|/)(lex\.c|grammar\.[ch])$|\.(o|a|bc|spo)$|^build' |
		breach "a generated file in git"
}

check_lines() {
	sources lang | xargs -r grep -nE '(^|[^_a-z])free\(' | breach "free in lang/ (one arena per compilation)"
	sources base lang codegen runtime cli | xargs -r grep -n 'llvm-c/' | grep -v '^codegen/ll\.h:' | breach "llvm-c outside codegen/ll.h"
	sources lang codegen runtime | xargs -r grep -nE '(^|[^_a-z.>])exit\(|[^_]stderr' |
		grep -vE ':[0-9]+:\s*(//|\*)|//.*(exit\(|stderr)|"[^"]*(exit\(|stderr)' | breach "exit() or stderr outside cli/"
	sources base lang codegen runtime cli | xargs -r grep -nE 'typedef struct' | breach "typedef of a struct"
	everywhere | xargs -r grep -nE '\b(TODO|FIXME|XXX|HACK)\b' | breach "a note that belongs in an issue"
}

breaches=$(check_files; check_lines)
[ -z "$breaches" ] || { printf '%s\n' "$breaches" >&2; exit 1; }
