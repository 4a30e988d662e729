# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe
# Arguments at the return of kernel functions, as they were at the entry: each return with the values of its own call.
#
# ksys_read and vfs_read are calls one in the other, in one map: if frames were told apart wrongly, some return would find none.
pairs='kretprobe:vfs_read, kretprobe:ksys_read /pid == cpid && entry.arg2 == 777/ { @n[func] = count(); @r[func] = sum(retval); @wrong = sum((uint64)(retval > entry.arg2)); }
kretprobe:vfs_write /pid == cpid/ { if (entry.arg2 == 777) { @w = count(); @left = sum(entry.arg2 - retval); } }'
for without in kprobe_session kprobe_multi ''; do
	SPILE_WITHOUT=$without good -q -c 'dd if=/dev/zero of=/dev/null bs=777 count=50' -e "$pairs"
	expect_out '^@n\[vfs_read\]: 50$'
	expect_out '^@n\[ksys_read\]: 50$'
	expect_out '^@r\[ksys_read\]: 38850$'
	expect_out '^@wrong: 0$'
	expect_out '^@w: 50$'
	expect_out '^@left: 0$'
	expect_no_err 'entry was not seen'
	grep '^@' out >"seen.$without"
done
diff -u seen.kprobe_session seen. || fail "one program sees other calls than two"
diff -u seen.kprobe_multi seen. || fail "probes one by one see other calls"

# all that run, on all processors, in interrupts too
good -q -c 'dd if=/dev/zero of=/dev/null bs=1 count=2000' -e 'kretprobe:vfs_*, kretprobe:kmem_cache_alloc* { @all = count(); @none = sum((uint64)(entry.arg0 == 0)); }'
expect_out '^@all: [1-9]'
expect_no_err 'entry was not seen'
