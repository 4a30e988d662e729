# SPDX-License-Identifier: Apache-2.0
# kill -9 under load leaves no program, map or link in the kernel, and the target unharmed.
needs bpftool
t=$PROGRAMS/target
held() { # ids of the programs, maps and links that a process holds
	sed -n 's/^\(prog\|map\|link\)_id:[[:space:]]*/\1 /p' /proc/"$1"/fdinfo/* 2>/dev/null | sort -u
}
launch "$t" tick
start "$SPILE" -e "uprobe:$t:tick { @[arg0] = count(); printf(\"%d\n\", arg0); } tracepoint:raw_syscalls:sys_enter { @s[comm] = count(); } profile:hz:99 { @p[ustack] = count(); }"
attached
held "$pid" >held
grep -q '^prog' held && grep -q '^map' held && grep -q '^link' held || fail "the running spile holds: $(cat held)"
kill -9 "$pid"
wait_for 10 finished "$pid"
wait "$pid" 2>/dev/null || :
still_there() {
	while read -r kind id; do bpftool "$kind" show id "$id" >/dev/null 2>&1 && return 0; done <held
	return 1
}
gone() { ! still_there; }
wait_for 30 gone || fail "left behind: $(cat held)"
kill -0 "$target" || fail "the target died"
good -p "$target" -e "uprobe:$t:tick { @ = count(); if (++@k == 20) { exit(); } }" # and can be traced again
[ "$(value '@')" -ge 20 ] || fail "$(value '@') ticks"
