# SPDX-License-Identifier: Apache-2.0
# Settings: the config block, the environment that wins over it, old names, headers, other types; and the command line's refusals.
# ALSO WITHOUT ringbuf
good -q -e 'config = { BPFTRACE_MAX_STRLEN = 9; MAX_MAP_KEYS = 3; log_size = 2000000; perf_rb_pages = 4; on_stack_limit = 16; lazy_symbolication = 1; use_blazesym = 0;
	cpp_demangle = 0; show_debug_info = 0; license = "GPL v2"; cache_user_symbols = PER_PROGRAM; max_probes = 7; max_bpf_progs = 8 }
	begin { print((config.max_strlen, config.max_map_keys, config.log_size, config.max_probes, config.max_bpf_progs, config.on_stack_limit)); }'
expect_out '^\(9, 3, 2000000, 7, 8, 16\)$'
BPFTRACE_MAX_STRLEN=7 good -q -e 'config = { max_strlen = 9 } begin { print(config.max_strlen); }'
expect_out '^7$'
BPFTRACE_STRLEN=7 good -q -e 'begin { print(config.max_strlen); }'
expect_out '^7$'
expect_err 'strlen has been renamed, please use max_strlen'
BPFTRACE_MAX_STRLEN=many bad -e 'begin { }'
for key in btf kernel_build kernel_source vmlinux; do
	bad -e "config = { $key = \"x\" } begin { }"
	expect_err "$key can only be set as an environment variable"
done
BPFTRACE_VMLINUX=/nonexistent good -q -e 'begin { }'
# colours are for terminals unless wanted
bad -e 'begin { nope }'
expect_no_err "$(printf '\033')"
BPFTRACE_COLOR=always bad -e 'begin { nope }'
expect_err "^$(printf '\033')\\[31mstdin:1:9-13: ERROR"
# types of another BTF file
cp /sys/kernel/btf/vmlinux other.btf
BPFTRACE_BTF=$T/other.btf good -q -e 'begin { print(curtask.tgid == pid); }'
expect_out '^true$'
BPFTRACE_BTF=/nonexistent bad -e 'begin { }'
expect_err "BPFTRACE_BTF: '/nonexistent' cannot be read: No such file or directory"
: >empty.btf
BPFTRACE_BTF=$T/empty.btf bad -e 'begin { print(curtask.tgid); }'
# the kernel's headers, others by option and variable; a definition that the kernel has too
if [ -e /usr/include/linux/in.h ] && ls /usr/lib/*/libclang*19* /usr/lib/llvm-19/lib/libclang* >found 2>/dev/null; then
	good -q -e '#include <linux/in.h>
#include <linux/fs.h>
begin { print((IPPROTO_TCP, sizeof(struct sockaddr_in), BLKROSET)); }'
	expect_out '^\(6, 16, 4701\)$'
	mkdir -p headers
	printf '#define ZZ 5\nstruct zz { long a, b; };\n' >headers/zz.h
	CPATH=headers good -q -e '#include <zz.h>
begin { print(ZZ); }'
	expect_out '^5$'
	C_INCLUDE_PATH=headers good -q -e '#include <zz.h>
begin { print(ZZ); }'
	expect_out '^5$'
	good -q -I headers -e '#include "zz.h"
begin { print(ZZ); }'
	expect_out '^5$'
	good -q --include headers/zz.h -e 'begin { print((ZZ, sizeof(struct zz))); }'
	expect_out '^\(5, 16\)$'
	bad --include headers/none.h -e 'begin { }'
	expect_err "^--include:1:.*'headers/none.h' file not found"
	mkdir -p source/include && printf '#define OWN 6\n' >source/include/own.h
	BPFTRACE_KERNEL_SOURCE=$T/source BPFTRACE_KERNEL_BUILD=$T/source good -q -e '#include <own.h>
begin { print(OWN); }'
	expect_out '^6$'
	bad -e '#include <linux/none_of_that_name.h>
begin { }'
	expect_err 'file not found'
fi
good -q -e 'struct task_struct { int mine; }; begin { print(sizeof(struct task_struct)); }'
expect_out '^4$'
expect_err 'WARNING: the kernel has a type .task_struct. too'
# command line
bad -p 111a1 -e 'begin { }'
expect_err 'Failed to parse pid: invalid trailing bytes: 111a1'
bad -p 5000000 -e 'begin { }'
expect_err 'Pid out of range: 5000000'
good -q -e 'begin { print(1); }' -e 'begin { print(2); }' # the last one wins
expect_same "$(head -n 1 out)" 2 "two scripts"
good -q -b --btf --verify-llvm-ir --usdt-file-activation -e 'begin { print(3); }' # accepted, without effect
expect_out '^3$'
good -q --no-warnings -e 'begin { 1 + 1; print($1); }'
expect_no_err .
good -q -e 'begin { 1 + 1; print($1); }'
expect_err 'Return value discarded'
good -f json -e 'begin { exit(); }'
expect_out '^\{"type": "attached_probes", "count": 1, "data": \{"probes": 1\}\}$'
printf 'begin {\n\tif (1) {\n\t\tnope(\n1);\n\t}\n\tnope;\n}\n' >lines.bt
bad lines.bt
expect_err '^lines.bt:3-4: ERROR: Unknown function'
expect_err '^lines.bt:6:2-6: ERROR'
expect_err '^    nope;$' # a tab is four columns, also under the line
expect_err '^    ~~~~$'
good -q -e 'begin { print((__builtin_pid == pid, __builtin_comm)); }'
expect_out '^\(true, spile\)$'
# builtins outside of any event
good -q -e 'begin { print((nsecs(monotonic) > 0, nsecs(monotonic) <= nsecs(boot), nsecs(tai) > 0, nsecs(sw_tai) > 0, pid(init) > 0, tid(curr_ns) == tid));
	print((ncpus > 0, jiffies > 0, numaid < 1024, probetype, elapsed > 0, ppid > 0, leader_comm, leader_tid == pid, cgroup > 0, cpu < ncpus)); print(pcomm); print(comm(1)); }'
expect_out '^\(true, true, true, true, true, true\)$'
expect_out '^\(true, true, true, special, true, true, spile, true, true, true\)$'
bad -e 'begin { print(kaddr("nothing_of_that_name")); }'
expect_err 'Failed to resolve kernel symbol: nothing_of_that_name'
bad -e 'interval:ms:1 { print(reg("xx")); }'
expect_err "'xx' is not a valid register on this architecture; it can be: .*ax"
bad -e 'begin { print(buf(1, -1)); }'
expect_err 'negative length'
good -q -e 'begin { print((ntop(pton("1.2.3.4")), ntop(0x0100007f), ntop(10, pton("::1")), bswap((uint16)0x0102), strerror(2), signal_name(9), syscall_name(0))); print(cpid); print(has_cpid); }'
expect_out '^\(1\.2\.3\.4, 127\.0\.0\.1, ::1, 513, No such file or directory, SIGKILL, read\)$'
expect_out '^false$'
good -q -e 'begin { print((leader_tid(curtask) == pid, ppid(curtask) == ppid, leader_comm(curtask), pcomm(curtask) == pcomm)); }'
expect_out '^\(true, true, spile, true\)$'
good -q -c "$PROGRAMS/target burn 300" -e 'profile:ms:5 /pid == cpid/ { @[usermode] = count(); }'
expect_out '^@\[1\]: [1-9]'
BPFTRACE_CAT_BYTES_MAX=2 BPFTRACE_MAP_KEYS_MAX=1 BPFTRACE_NO_CPP_DEMANGLE=1 good -q -e 'begin { print((config.max_cat_bytes, config.max_map_keys, config.cpp_demangle)); @[1] = 1; @[2] = 1; }'
expect_out '^\(2, 1, false\)$'
expect_err 'map_keys_max has been renamed, please use max_map_keys'
good -q -e 'config = { str_trunc_trailer = "~~" } begin { print(config.str_trunc_trailer); }'
expect_out '^~~$'
# a list of functions in place of the kernel's own
printf 'vfs_read\nvfs_write\n' >functions
good -l --traceable-functions functions 'kprobe:vfs_*'
expect_same "$(tr '\n' '|' <out)" 'kprobe:vfs_read|kprobe:vfs_write|' "functions of the list"
bad --traceable-functions /nonexistent -e 'kprobe:vfs_read { }'
expect_err "failed to open file '/nonexistent': No such file or directory"
