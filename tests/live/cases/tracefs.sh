# SPDX-License-Identifier: Apache-2.0
# Tracepoints work whether tracefs is mounted or not, and nothing is mounted for the host.
cat /proc/mounts >before
good -c "$PROGRAMS/target syscalls 10" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @ = count(); }'
expect_out '^@: 10$'
good -l 'tracepoint:sched:*'
expect_out '^tracepoint:sched:sched_switch$'
cat /proc/mounts >after
cmp -s before after || fail "mounts changed"
if unshare -m true 2>/dev/null; then # without it, in a mount namespace of our own
	unshare -m sh -c 'umount -l /sys/kernel/tracing 2>/dev/null; umount -l /sys/kernel/debug 2>/dev/null; exec "$@"' - \
		"$SPILE" --no-cache -c "$PROGRAMS/target syscalls 10" -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @ = count(); }' >out 2>err ||
		fail "without tracefs"
	expect_out '^@: 10$'
fi
