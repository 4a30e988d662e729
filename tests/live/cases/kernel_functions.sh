# SPDX-License-Identifier: Apache-2.0
# Functions of the kernel: probed where this kernel can, else the refusal names what it lacks and what can serve.
can_kprobe=no
[ ! -e /sys/bus/event_source/devices/kprobe/type ] || can_kprobe=yes

run -q -c "head -c 100 /dev/zero" -e 'kprobe:vfs_read { @n = count(); @k[func] = count(); } kretprobe:vfs_read { @r = max(retval); }'
if [ $can_kprobe = yes ]; then
	[ "$status" = 0 ] || fail "kprobes are here, but: $status"
	expect_out '^@n: [1-9]'
	expect_out '^@k\[vfs_read\]: [1-9]'
else
	[ "$status" = 255 ] || fail "status $status"
	expect_err 'Unable to attach probe: k(ret)?probe:vfs_read. This kernel is built without kprobes .CONFIG_KPROBES.; tracepoint:syscalls:sys_enter_read can serve'
fi

run -q -c "head -c 100 /dev/zero" -e 'fexit:vfs_read /comm == "head"/ { @got[args.count, str(args.file.f_path.dentry.d_name.name)] = max(retval); }'
if [ "$status" = 0 ]; then
	expect_out '^@got\[[0-9]+, zero\]: [1-9]'
else
	expect_err 'Error loading BPF program for fexit:vmlinux:vfs_read.*no BPF trampolines on functions, or forbids them'
	expect_err 'can serve in its place|does nearly the same'
fi

# hooks of security modules: the refusal says what is missing, and what can serve
run doctor
can_lsm=no
! grep -q '^yes  lsm ' out || can_lsm=yes
run -q -c "head -c 100 /dev/zero" -e 'lsm:file_open /comm == "head"/ { @n = count(); }'
if [ $can_lsm = yes ]; then
	[ "$status" = 0 ] || fail "status $status"
	expect_out '^@n: [1-9]'
else
	[ "$status" = 255 ] || fail "status $status"
	expect_err "lsm:file_open.*('bpf' among the security modules|'bpf' is not among the security modules|CONFIG_BPF_LSM)"
	expect_err '(tracepoint:syscalls:sys_enter_openat can serve in its place|kprobe:security_file_open sees the same calls)'
fi
good -lv 'lsm:path_mk*'
expect_out '^lsm:path_mkdir$'
expect_out '^    struct dentry \* dentry$'
run -e 'lsm:file_open { return -1; }'
expect_err 'without --unsafe it can only return 0'

# all forms compile here against this kernel's types, whatever it can attach
for script in 'kprobe:vfs_* { @[func] = count(); }' 'kretprobe:vfs_read { print(retval); }' 'kprobe:vfs_read+4 { @ = count(); }' \
	'lsm:file_open /args.file.f_flags > 0/ { @[str(args.file.f_path.dentry.d_name.name)] = count(); }' 'fentry:vfs_open { printf("%s\n", str(args.path.dentry.d_name.name)); }' 'fexit:vfs_read { print((args.count, retval)); }'; do
	good -d program -e "$script"
done
good -l 'kprobe:vfs_rea*'
expect_out '^kprobe:vfs_read$'
good -lv 'fexit:vfs_read'
expect_out '^fexit:vmlinux:vfs_read$'
expect_out '^    struct file \* file$'
expect_out '^    int64 retval$'
