# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe_session
# Entry and return of the same functions by one program: the same is seen as by two.
pairs='kprobe:vfs_read, kprobe:vfs_write /pid == cpid/ { @in[func, probe] = count(); @at[tid] = nsecs; if (arg2 == 77777) { return 1; } @len = max(arg2); }
kretprobe:vfs_read, kretprobe:vfs_write /pid == cpid/ { @out[func, probe] = count(); if (@at[tid]) { @pairs = count(); } @r = max(retval); delete(@at, tid); @s[kstack(2)] = count(); }'
for without in kprobe_session ''; do
	SPILE_WITHOUT=$without good -q -c 'head -c 100 /dev/zero' -e "$pairs"
	expect_out '^@in\[vfs_read, kprobe:vfs_read\]: [1-9]'
	expect_out '^@in\[vfs_write, kprobe:vfs_write\]: [1-9]'
	expect_out '^@out\[vfs_read, kretprobe:vfs_read\]: [1-9]'
	expect_out '^@out\[vfs_write, kretprobe:vfs_write\]: [1-9]'
	expect_out '^@r: [1-9]'
	grep '^@\(pairs\|in\[\|len\)' out >seen."$without"
done
diff -u seen.kprobe_session seen. || fail "one program sees other calls than two"
SPILE_WITHOUT=kprobe_session good explain -e "$pairs"
expect_no_out 'session'
good explain -e "$pairs"
expect_same "$(grep -c 'kprobe and kretprobe (session), 2 places' out)" 2 'halves of a session'
# the return may stand first in the script
good -q -c 'head -c 100 /dev/zero' -e 'kretprobe:vfs_read /pid == cpid/ { @out = count(); } kprobe:vfs_read /pid == cpid/ { @in = count(); }'
expect_same "$(sed -n 's/^@in: //p' out)" "$(sed -n 's/^@out: //p' out)" 'entries and returns'
# other functions at each end, or a budget: two programs
good explain -e 'kprobe:vfs_read { @ = count(); } kretprobe:vfs_write { @ = count(); }'
expect_no_out 'session'
