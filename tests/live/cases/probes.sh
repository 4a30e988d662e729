# SPDX-License-Identifier: Apache-2.0
# Every script of the library compiles against this kernel's types; those whose events are here run.
# ALSO WITHOUT ringbuf
library=$SCRIPTS/../probes
ran=0
for script in "$library"/*/*.bt "$library"/*/*.spile; do
	need=
	! grep -q 'libssl' "$script" || need=$(ls /usr/lib/*/libssl.so* /lib/*/libssl.so* 2>/dev/null | head -n 1)
	grep -q 'libssl' "$script" && [ -z "$need" ] && continue
	good build -c true -o script.spo "$script"
	head -n 2 "$script" | grep -q '^// [A-Z].*[.]$' || fail "$script does not begin with its purpose"
	if grep -q '^k[ret]*probe:' "$script" && [ ! -e /sys/bus/event_source/devices/kprobe/type ]; then
		run -q -c true script.spo
		[ "$status" = 255 ] || fail "$script: status $status"
		expect_err 'built without kprobes'
		continue
	fi
	good -q -c "head -c 1 /etc/passwd" script.spo
	ran=$((ran + 1))
done
[ $ran -ge 15 ] || fail "only $ran scripts ran"

# what they print is what happened
good -q -c "head -c 1 /etc/passwd" "$library/files/opensnoop.bt"
expect_out '^r?[0-9]+ +head +[0-9]+ +0 /etc/passwd$'
good -q -c "head -c 1 /etc/hostname-that-is-not" "$library/files/opensnoop.bt"
expect_out '^[0-9]+ +head +-1 +2 /etc/hostname-that-is-not$'
good -q -c "sh -c /bin/true" "$library/process/execsnoop.bt"
expect_out '/bin/true$'
good -q -c "sleep 0.01" "$library/process/naptime.bt"
expect_out '^[0-9]+ +[^ ]+ +sleep +0\.010$'
good -q -c "$PROGRAMS/target burn 300" "$library/cpu/runqlen.bt"
expect_out '^@waiting:$'
expect_out '^\[[0-9]+\] +[0-9]+ \|'
