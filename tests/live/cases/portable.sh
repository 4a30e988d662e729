# SPDX-License-Identifier: Apache-2.0
# What a built script took from the kernel's types is asked again where it runs. Here: of this kernel, as if it were another.
cat >all.spile <<'END'
begin {
	printf("%s %d %d\n", curtask.real_parent.comm, curtask.real_parent.tgid == ppid, curtask.tgid == pid);
	printf("%d %d\n", sizeof(struct task_struct) > 1000, curtask.mm.mm_users.counter > 0);
	printf("%d %d\n", offsetof(struct task_struct, comm) > 8, TCP_LISTEN);
	exit();
}
tracepoint:sched:sched_process_exec /args.pid == tid/ { @exec[str(args.filename, 16)] = count(); }
rawtracepoint:sched_process_exec { @raw[args.p.comm == "target"] = count(); }
END
printf '%s 1 1\n1 1\n1 10\n' "$(cat /proc/$$/comm)" >wanted.lines
good build -o all.spo all.spile
good all.spo
grep -q "$(sed -n 1p wanted.lines | cut -d' ' -f2-)" out || fail "the members of the current task"
cp out here
good --no-feature home all.spo
diff here out >&2 || fail "other values where all is asked again"
# a binary is the same wherever its build ID is
cp "$PROGRAMS/target" copy
printf 'uprobe:./copy:hit { @ = count(); }\n' >count.spile
good build -o count.spo count.spile
cp copy again
mv again copy
good --no-feature home -c './copy calls 11' count.spo
expect_out '^@: 11$'
rm copy
bad count.spo
expect_err 'probes .*copy, which is not here'
