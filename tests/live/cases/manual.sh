# SPDX-License-Identifier: Apache-2.0
# The man page and the completions that the build makes: nothing of the tables is missing, and bash completes with it.
made=$BUILD/gen/manual
[ -s "$made/page" ] || skip "the target manual was not built"
needs bash
if command -v man >/dev/null; then
	man --warnings -l "$made/page" >page.txt 2>err </dev/null || fail "man refuses the page"
	[ ! -s err ] || fail "the page has mistakes"
fi
for word in tracepoint uprobe fentry 'count()' 'str()' otlp prometheus max_strlen; do
	grep -qF -- "fB$word" "$made/page" || fail "the page lacks $word"
done
"$SPILE" --help | sed -n 's/^ .*\(--[a-z][a-z-]*\).*/\1/p' | sort -u >names
[ "$(wc -l <names)" -gt 20 ] || fail "no options in the help"
while read -r name; do
	grep -qF -- "$(echo "$name" | sed 's/-/\\-/g')" "$made/page" || fail "the page lacks $name"
	grep -qF -- "$name" "$made/bash" || fail "bash's completion lacks $name"
	grep -qF -- "'*$name[" "$made/zsh" || fail "zsh's completion lacks $name"
done <names
PATH=$(dirname "$SPILE"):$PATH
export PATH
cat >complete.bash <<'END'
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
COMP_POINT=${#COMP_LINE}
_spile
printf '%s\n' "${COMPREPLY[@]}"
END
bash complete.bash "$made/bash" spile expl >out
expect_out '^explain$'
bash complete.bash "$made/bash" spile --junit comp >out
expect_out '^complete.bash$'
bash complete.bash "$made/bash" spile --no-c >out
expect_out '^--no-cache$'
bash complete.bash "$made/bash" spile list tracepoint:sched:sched_process_fo >out
expect_out 'sched_process_fork$'
if command -v zsh >/dev/null; then zsh -n "$made/zsh" || fail "zsh's completion has mistakes"; fi
