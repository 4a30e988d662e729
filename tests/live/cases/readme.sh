# SPDX-License-Identifier: Apache-2.0
# Every command of the README that runs build/spile does what it should: it attaches or ends well. What would last is interrupted.
root=$(cd "$HERE/../.." && pwd)
ln -s "$root/examples" examples
ln -s "$BUILD" build
sed -n '/^```$/,/^```$/s/^\(sudo \)*\(build\/spile .*\)/\2/p' "$root/README.md" | sed 's/  *#.*//; s/ || true$//; s/profile 10$/profile 1/' >commands
[ "$(wc -l <commands)" -ge 12 ] || fail "the README has no commands"
while read -r line; do
	case $line in
	*repl) line="echo 'print(1)' | $line" ;;
	*fmt*) line="$line || [ \$? = 1 ]" ;; # it may be laid out otherwise
	esac
	printf '%s\n' "set -e; $line" >one.sh
	sh one.sh >out 2>err </dev/null &
	pid=$!
	started="$started $pid"
	wait_for 60 sh -c "grep -q '^Attached' err || [ ! -d /proc/$pid ] || grep -q ') Z' /proc/$pid/stat" || fail "neither attached nor ended: $line"
	if ! finished $pid; then
		sleep 0.3
		for child in $pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do kill -INT "$child" 2>/dev/null || :; done
	fi
	ended $pid 60
	! grep -q ERROR err || fail "refused: $line"
done <commands
