# SPDX-License-Identifier: Apache-2.0
# REQUIRES uprobe
# An ordinary user with CAP_BPF and CAP_PERFMON, and no more, traces functions and gets their arguments; without them the message
# names those that are missing.
chmod 755 "$T"
ulimit -l unlimited # older kernels count maps as locked memory, which root may have and hand on
# Debian's 5.10 asks for CAP_SYS_ADMIN above 2, whatever else a process may do
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ] || echo 2 >/proc/sys/kernel/perf_event_paranoid
as() { # as CAPABILITIES ARGUMENT... : +bpf,+perfmon, or -all
	caps=$1
	shift
	status=0
	(unset SPILE_CACHE_DIR; HOME=/nonexistent timeout $MOST /spile/setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$caps" --ambient-caps="$caps" \
		"$SPILE" "$@" >out 2>err </dev/null) || status=$?
}
script="uprobe:$PROGRAMS/target:say { printf(\"%s %d by %d\n\", str(arg0), arg1, uid); }"
enough=+bpf,+perfmon
as $enough -q -c "$PROGRAMS/target words alpha beta" -e "$script"
if [ "$status" != 0 ]; then # some of the years between let only CAP_SYS_ADMIN have uprobes: that is said
	expect_err 'older kernels ask for CAP_SYS_ADMIN'
	enough=$enough,+sys_admin
	as $enough -q -c "$PROGRAMS/target words alpha beta" -e "$script"
fi
expect_status 0
expect_no_err ERROR
expect_out '^alpha 5 by 65534$'
expect_out '^beta 4 by 65534$'
as -all -e "$script"
expect_status 1
expect_empty_out
expect_err 'Missing CAP_BPF capability, .*missing CAP_PERFMON capability'
as +bpf -e "$script"
expect_status 1
expect_err 'Missing CAP_PERFMON capability'
expect_no_err 'CAP_BPF capability'
as +perfmon -e "$script"
expect_status 1
expect_err 'Missing CAP_BPF capability'
# with less of such memory than the maps take: it works, or the limit is named
ulimit -l 64
as $enough -q -c "$PROGRAMS/target words alpha beta" -e "$script"
if [ "$status" = 0 ]; then
	expect_out '^alpha 5 by 65534$'
else
	expect_err 'locked memory, of which this process may have 64 KiB; raise that \(ulimit -l unlimited\)'
fi
