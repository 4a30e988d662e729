# SPDX-License-Identifier: Apache-2.0
# An ordinary user is told what is missing; what needs no rights works.
needs setpriv
mkdir -m 755 user && chmod 755 "$T"
cp "$SPILE" "$BUILD/spile-compiler" user/
as_user() {
	status=0
	(unset SPILE_CACHE_DIR; HOME=/nonexistent timeout $MOST setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$T/user/spile" "$@" >out 2>err </dev/null) || status=$?
}
as_user -e 'begin { exit(); }'
expect_status 1
expect_empty_out
expect_err 'CAP_BPF'
expect_err 'CAP_PERFMON'
expect_same "$(wc -l <err)" 1 "lines of complaint"
for arguments in --version --help '-d ast -e begin{exit()}' '-l interval:*'; do
	# shellcheck disable=SC2086
	as_user $arguments
	expect_status 0
done
as_user doctor
expect_status 1
expect_out '^no   rights .*CAP_BPF'
expect_out '^no   load .*not known without the rights above'
expect_out '^no   cookie .*not known without the rights above'
expect_no_out 'Operation not permitted'
as_user --info
expect_status 0
expect_out '^System'
# with the two capabilities, and no more, an ordinary user traces
cp "$PROGRAMS/target" user/
cat >user/look.sh <<'END'
grep -E '^Cap(Eff|Amb)' /proc/self/status
grep '^CapPrm' /proc/$PPID/status
"$1" calls 5
END
chmod 755 user/*
# what a script hooks, needs and copies is explained to anybody; what it costs is not measured, and that is said
cat >user/explained.spile <<END
rawtracepoint:sched_switch { @[comm] = count(); }
profile:hz:99 { @s[ustack(4)] = count(); }
probe reads { on call:$T/user/target:hit capture pid, comm, duration sample max 5/s }
tracepoint:sched:sched_process_exec { printf("%d\\n", args.pid); }
END
chmod 644 user/explained.spile
as_user explain "$T/user/explained.spile"
expect_status 0
for part in '^HOOKS' '^  rawtracepoint:(vmlinux:)?sched_switch .*raw tracepoint' '^  uprobe:.*target:hit .*uprobe \(multi|perf\)' '^RIGHTS' 'CAP_BPF .*: missing' '^COPIED' '^MAPS' '^SINKS' \
	'^COST, not measured' 'Missing CAP_BPF capability.*by .*and [0-9]+ more'; do
	expect_out "$part"
done
as_user explain -e 'tracepoint:syscalls:sys_enter_openat { printf("%s", str(args.filename)); }'
expect_err 'without rights the kernel is known by its type information alone'
with() { # with CAPABILITIES ARGUMENT... : +bpf,+perfmon
	caps=$1
	shift
	status=0
	(unset SPILE_CACHE_DIR; HOME=/nonexistent timeout $MOST setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$caps" --ambient-caps="$caps" \
		"$T/user/spile" "$@" >out 2>err </dev/null) || status=$?
}
count="uprobe:$T/user/target:hit { @ = count(); }"
with +bpf,+perfmon,+net_raw -c "/bin/sh $T/user/look.sh $T/user/target" -e "$count"
[ $status = 0 ] || fail "an ordinary user with CAP_BPF and CAP_PERFMON"
expect_out '^@: 5$'
expect_out '^CapEff:	0+$' # what it starts inherits none
expect_out '^CapAmb:	0+$'
expect_out '^CapPrm:	000000c000000000$' # and it keeps no third one
with +bpf -e "$count begin { print(1); }"
expect_status 1
expect_empty_out
expect_err 'Missing CAP_PERFMON capability, .*, by uprobe:.*target:hit and 1 more'
expect_no_err 'CAP_BPF capability'
with +perfmon -e "$count"
expect_status 1
expect_err 'Missing CAP_BPF capability, .*, by uprobe:.*target:hit'
good build -o user/count.spo -e "$count"
chmod 644 user/count.spo
as_user user/count.spo
expect_status 1
expect_err 'Missing CAP_BPF .*; missing CAP_PERFMON|Missing CAP_BPF .*, missing CAP_PERFMON'
