# SPDX-License-Identifier: Apache-2.0
# A pinned iterator is a file: the run that makes it ends, and whoever reads it runs it.
# ALSO WITHOUT ringbuf
run -l 'iter:*'
grep -q '^iter:task$' out || skip "this kernel has no iterators"
mkdir fs
mount -t bpf bpf fs 2>/dev/null || skip "a BPF file system cannot be mounted"
mounted=$T/fs
launch sleep 3600
good -e "iter:task:$T/fs/ours /ctx.task->pid == $target/ {
	@read = count();
	printf(\"%d|%s|%-8s|%5d|%x|%#x|%X|%c%%|%s|%s\", ctx.task->pid, ctx.task->comm, ctx.task->comm, 42, 255, 255, 255, 65, ctx.task->pid > 0, !ctx.task->pid);
	printf(\"|%.3s|é %s|%s|%d|%hhd|%ld|%u|%p|%s\", \"abcdef\", str(ctx.task->comm), (int8)-5, 0x100000005, 300, 0x100000005, -1, 16, (int8 *)16);
	\$i = 0; while (\$i < 3) { printf(\"|%d\", \$i); \$i++; } unroll 2 { printf(\"x\"); } printf(\" %d\\n\", (int64)@read); }"
expect_out "^Program pinned to $T/fs/ours\$"
expect_err '^Attached 1 probe$'
for n in 1 2; do # by the file alone: the run is over
	cat fs/ours >out
	expect_out "^$target\\|sleep\\|sleep   \\|   42\\|ff\\|0xff\\|FF\\|A%\\|true\\|false\\|abc\\|é sleep\\|-5\\|5\\|44\\|4294967301\\|4294967295\\|0x10\\|0x10\\|0\\|1\\|2xx $n\$"
	expect_same "$(wc -l <out)" 1 "lines for one task"
done
# a name that is taken, what -q says (nothing), a folder that there is not, another file system
run -e "iter:task:$T/fs/ours { printf(\"x\"); }"
expect_status 255
expect_err "It is there already; 'rm $T/fs/ours' removes it"
rm fs/ours
good -q -e "iter:task:$T/fs/ours, iter:task:$T/fs/same /ctx.task->pid == $target/ { printf(\"%s\\n\", ksym(kaddr(\"schedule\"))); }"
expect_no_out 'pinned'
expect_same "$(cat fs/ours fs/same)" 'schedule
schedule' "both files"
run -e "iter:task:$T/fs/none/ours { printf(\"x\"); }"
expect_status 255
expect_err "The folder $T/fs/none: No such file or directory"
run -e "iter:task:$T/ours { printf(\"x\"); }"
expect_status 255
expect_err "$T is no BPF file system.*'mount -t bpf bpf /sys/fs/bpf'"
# nothing is left of a run that only looks, or that cannot begin
good --dry-run -e "iter:task:$T/fs/dry { printf(\"x\"); }"
run -c "$T/nothing" -e "iter:task:$T/fs/dry { printf(\"x\"); }"
expect_status 1
[ ! -e fs/dry ] || fail "a dry run pins"
