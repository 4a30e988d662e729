# SPDX-License-Identifier: Apache-2.0
# LAST: a kernel that was locked down stays so
# A kernel locked down for confidentiality: what programs hold can be traced, what is the kernel's cannot, and that is said.
mkdir -p /sys/kernel/security
mount -t securityfs none /sys/kernel/security 2>/dev/null || :
grep -q '\[none\]' /sys/kernel/security/lockdown || skip "no lockdown here"
t=$PROGRAMS/target
script="uprobe:$t:say { printf(\"%s by %s\n\", str(arg0), comm); @[comm, str(arg0)] = count(); @s = sum(arg1); }"
good -q -c "$t words alpha" -e "$script"
cp out open
echo integrity >/sys/kernel/security/lockdown
good -q -c "$t words alpha" -e "$script"
cmp open out || fail "integrity: other results"
echo confidentiality >/sys/kernel/security/lockdown
run doctor
expect_out '^no   read_kernel .*locked down'
good -q -c "$t words alpha" -e "$script"
cmp open out || fail "confidentiality: other results"
good -q -e 'begin { printf("%s %d\n", comm, 7); exit(); }'
expect_out '^spile 7$'
run -e 'begin { print(curtask->pid); exit(); }'
expect_err 'locked down for confidentiality|needs the kernel.s type information'
run -c "$t words alpha" -e 'kprobe:vfs_read { @ = count(); }'
if [ $status = 0 ]; then
	has kprobe_multi || fail "a kprobe was attached" # kernels do not ask whether they are locked down where many are attached at once
else
	expect_err 'locked down|lockdown'
fi
