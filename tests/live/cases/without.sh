# SPDX-License-Identifier: Apache-2.0
# As on kernels that lack what this one has: each feature taken away, alone and all together, and the results are the same.
t=$PROGRAMS/target
trace() { # trace FEATURES : counts, names, loops and strings of a known program
	export SPILE_WITHOUT="$1"
	good -q -c "$t words alpha beta alpha" -e "uprobe:$t:say { \$s = str(arg0); @words[\$s] = count(); @by[func, comm] = count();
		for (\$i : 0..5) { @i = sum(\$i); } if (strncmp(\$s, \"be\", 2) == 0) { printf(\"%s has it\n\", \$s); } }
	uretprobe:$t:say { @r = sum(retval); @p[probe] = count(); } tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { @e = args.error_code; }
	tracepoint:sched:sched_process_exec /pid == cpid/ { @x[str(args.filename)] = count(); }"
	unset SPILE_WITHOUT
	sort out
}
trace '' >all
for f in uprobe_multi cookie bpf_loop tp_btf perf_link may_goto kprobe_multi kprobe_session atomics long_keys task_regs big_values ringbuf global_funcs cgroup2 \
	uprobe_multi,cookie,bpf_loop,tp_btf,perf_link,may_goto,kprobe_multi,kprobe_session,atomics,long_keys,task_regs,for_each_map,ringbuf,global_funcs,cgroup2; do
	trace $f >some
	cmp -s all some || { diff all some >&2; fail "other results without $f"; }
done
grep -q '^@words\[alpha\]: 2$' all || fail "nothing was traced"
grep -q '^@i: 30$' all || fail "no loop ran"

# the end of a loop that cannot be known: what is not done is said
SPILE_WITHOUT=bpf_loop run -k -c "$t words alpha" -e "uprobe:$t:say { for (\$i : 0..(arg1 * 100)) { @n = count(); } }"
expect_out '^@n: 256$'
expect_err 'the loop ended after 256 rounds'

# doctor says of each what it is, and that it is switched off
SPILE_WITHOUT=bpf_loop,btf run doctor
expect_out '^no   bpf_loop .*switched off'
expect_out '^no   fentry .*BTF'
expect_out '^yes  uprobe '
expect_status 0
SPILE_WITHOUT=nothing_such run -e 'begin { exit(); }'
expect_status 1
expect_err "Invalid feature 'nothing_such' for SPILE_WITHOUT"
run doctor
expect_out '^(yes|no )  kprobe '
expect_out '^(yes|no )  fentry '

# what cannot be had without a feature is refused by name
SPILE_WITHOUT=percpu_lookup run -e 'begin { @c = count(); if (@c > 3) { exit(); } }'
expect_status 1
expect_err "@c is a 'count_t?', .* bpf_map_lookup_percpu_elem.* 5.19"
SPILE_WITHOUT=percpu_lookup run -e 'begin { @c = count(); delete(@c); }'
expect_status 1
expect_err "@c is a 'count_t?', .* to delete it takes .* 5.19.*clear\\(@c\\)"
SPILE_WITHOUT=for_each_map run -e 'begin { @a[1] = 2; print(len(@a)); }'
expect_status 1
expect_err 'len\(\) of a map needs the helper bpf_for_each_map_elem'
SPILE_WITHOUT=long_keys good -q -c "$t calls 3" -e "uprobe:$t:hit { @[comm, pid, ustack, kstack] = count(); print(ustack); }"
expect_out '\]: 3$'
expect_out '^ *calls\+'
SPILE_WITHOUT=long_keys run -e "uprobe:$t:hit { @[ustack(100)] = count(); }"
expect_err 'the keys of @ take [0-9]* bytes; this kernel has them of up to 512'
expect_err 'stacks with fewer frames: kstack\(20\)'
SPILE_WITHOUT=long_keys run -e "config = { max_strlen = 600 } uprobe:$t:say { @a[str(arg0)] = 2; }"
expect_status 1
expect_err 'the keys of @a take [0-9]+ bytes; this kernel has them of up to 512'
SPILE_WITHOUT=for_each_map run -e 'begin { @a[1] = 2; for ($kv : @a) { print($kv.0); } }'
expect_status 1
expect_err 'bpf_for_each_map_elem'
SPILE_WITHOUT=func_ip run -e "uretprobe:$t:say { print(func); }"
expect_status 1
expect_err 'func in a uretprobe needs the helper bpf_get_func_ip'
SPILE_WITHOUT=cgroup2 run -e 'begin { print(cgroupid("/sys/fs/cgroup/unified")); }'
expect_status 1
expect_err "no control groups of version 2 .*mount -t cgroup2"
SPILE_WITHOUT=cgroup2 good -q -e 'begin { print(cgroup > 0); exit(); }'
expect_err '^stdin:1:15-21: WARNING: cgroup is the same for all processes'
SPILE_WITHOUT=read_kernel run -e 'begin { printf("%d\n", curtask->pid); }'
expect_status 255
expect_err '^stdin:1:.* begin: this reads memory of the kernel, .* locked down for confidentiality'
SPILE_WITHOUT=ringbuf run doctor
expect_status 0
expect_out '^no   ringbuf '

# where limits cannot be raised (CAP_SYS_RESOURCE), which one it is
: >out
! (ulimit -n 40 && SPILE_WITHOUT=uprobe_multi exec "$SPILE" -e "uprobe:$PROGRAMS/many:many_ab* { @ = count(); }" >out 2>err </dev/null) || fail "attached without descriptors"
expect_err 'Too many open files; raise the limit .ulimit -n. or trace fewer probes'
expect_empty_out

# locked down for confidentiality: what programs hold, and the numbers of their calls
SPILE_WITHOUT=read_kernel good -q -c "$t words alpha beta alpha" -e "uprobe:$t:say { \$s = str(arg0); @words[\$s] = count(); @by[func, comm] = count(); @stack[ustack(2)] = count();
	\$t = (1, comm, \$s); print(\$t); printf(\"%s %s %d %s\n\", \$s, comm, strlen(\$s), \"a text that is longer than a few words, and none of its letters may be lost\");
	if (\$s == \"beta\") { @is = buf(arg0, 4); printf(\"%r\n\", buf(arg0, 4)); } } uretprobe:$t:say { @r = sum(retval); @h = hist(retval); }"
expect_out '^@words\[alpha\]: 2$'
expect_out '^\(1, target, beta\)$'
expect_out '^beta target 4 a text that is longer than a few words, and none of its letters may be lost$'
expect_out '^beta$'
expect_out '^@is: beta$'

# without the kernel's types, tracepoints and programs are traced all the same
SPILE_WITHOUT=btf good -q -c "$t words alpha" -e "tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { @e = args.error_code; @c[comm] = count(); }
	uprobe:$t:say { printf(\"%s\n\", str(arg0)); }"
expect_out '^alpha$'
expect_out '^@c\[target\]: 1$'
SPILE_WITHOUT=btf run -e 'rawtracepoint:sys_enter { exit(); }'
expect_err 'needs the kernel.s type information .*tracepoint does not'
