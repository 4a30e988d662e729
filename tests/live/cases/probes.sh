# SPDX-License-Identifier: Apache-2.0
# Every script of the library says what it is for, compiles against this kernel's types, and runs where its events are.
library=$SCRIPTS/../probes
list=$SCRIPTS/../docs/probes.md
export SPILE_PROBES="$library"
ran=0
absent() { # what the script observes is not on this machine
	case $1 in
	tls) ! ls /usr/lib/*/libssl.so* /lib/*/libssl.so* >/dev/null 2>&1 ;;
	python) [ ! -x $PYTHON ] ;;
	gc) [ ! -x $PYTHON ] || [ "$2" = gogc ] ;; # gogc looks at a Go program: live/go
	*) false ;;
	esac
}
for script in "$library"/*/*.bt "$library"/*/*.spile; do
	theme=$(basename "$(dirname "$script")") name=$(basename "${script%.*}")
	purpose=$(sed -n 's/^\/\/ //p' "$script" | grep -v '^SPDX' | head -n 1)
	case $purpose in *.) ;; *) fail "$script does not begin with its purpose" ;; esac
	for line in "^//   .*spile $name" '^// Needs '; do grep -q -e "$line" "$script" || fail "$script has no line $line"; done
	grep -qxF "| $theme | \`$name\` | $purpose |" "$list" || fail "docs/probes.md lacks: | $theme | \`$name\` | $purpose |"
	[ "$(ls "$library"/*/"$name".*)" = "$script" ] || fail "two scripts are called $name"
	! absent "$theme" "$name" || continue
	command="head -c 1 /etc/passwd"
	[ "$theme" != python ] && [ "$theme" != gc ] || command="$PYTHON -c 1"
	if grep -q '^k[ret]*probe:' "$script" && [ ! -e /sys/bus/event_source/devices/kprobe/type ]; then
		good build -o script.spo "$name"
		run -q -c true script.spo
		[ "$status" = 255 ] || fail "$script: status $status"
		expect_err 'built without kprobes'
		continue
	fi
	good -q -c "$command" "$name"
	ran=$((ran + 1))
done
[ $ran -ge 40 ] || fail "only $ran scripts ran"
expect_same "$(grep -c '^| [a-z]* | `' "$list")" "$(ls "$library"/*/*.bt "$library"/*/*.spile | wc -l)" "rows of the list and scripts"

# what they print is what happened
good -q -c "head -c 1 /etc/passwd" opensnoop
expect_out ' [0-9]+ +head +[0-9]+ +/etc/passwd$'
good -q -c "head -c 1 /etc/hostname-that-is-not" opensnoop --failed --program=head
expect_out ' [0-9]+ +head +-1 +No such file or directory +/etc/hostname-that-is-not$'
expect_no_out '/etc/ld.so.cache'
good -q -c "sh -c /bin/true" execsnoop
expect_out '/bin/true$'
good -q -c "sleep 0.01" naptime
expect_out ' [0-9]+ +[^ ]+ +sleep +10(\.0)? ms$'
good -q -c "$PROGRAMS/target burn 300" runqlen
expect_out '^@waiting:$'
expect_out '^\[[0-9]+\] +[0-9]+ \|'
good -q -c "$PROGRAMS/target exit 3" exitsnoop --failed
expect_out ' [0-9]+ +target +3 '
good -q -c "cat /nothing-here" syserrors --program=cat
expect_out '^cat +openat +No such file or directory +[0-9]+$'
good -q -c "cat /etc/passwd" opens_under --path=/nowhere/
run -q -c "cat /etc/passwd" opens_under --path=/etc/pass
expect_status 1
expect_out ' /etc/passwd +cat +[0-9]+$'
cp /bin/true "$T/started"
run -q -c "$T/started" execfrom --folder="$T"
expect_status 1
expect_out "$T/started$"
