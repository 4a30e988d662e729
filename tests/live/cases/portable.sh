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
# exists(): one branch compiles here, a flavour or nothing serves the other
cat >exists.spile <<'END'
struct task_struct___other { long gone; };
begin {
	if (exists(struct task_struct.tgid)) { printf("tgid %d\n", curtask.tgid == pid) } else { print(((struct task_struct___other *)curtask).gone) }
	if (exists(struct task_struct.gone)) { print(((struct task_struct___other *)curtask).gone) } else { printf("not gone\n") }
	if (exists(struct task_struct.nonesuch)) { print(curtask.nonesuch) }
	printf("%d %d %d\n", exists(TCP_LISTEN), exists("tracepoint:sched:sched_switch"), exists("nonesuch_function"));
	exit();
}
END
good exists.spile
expect_exactly <<'END'
tgid 1
not gone
1 1 0


END
good build -o exists.spo exists.spile
good --no-feature home exists.spo
expect_out '^not gone$'
# reached, and not there
printf 'struct task_struct___other { long gone; };\nbegin { print(((struct task_struct___other *)curtask).gone); exit(); }\n' >gone.spile
run gone.spile
expect_status 255
expect_err "gone.spile:2:.*struct task_struct has no member 'gone' on this kernel"

# user stacks are walked by offsets that are constants of the program: the object names them, so that another kernel refuses it
good build -o stacks.spo -e 'profile:hz:99 { @[ustack] = count(); }'
if [ "$(uname -m)" = x86_64 ]; then
	for member in vm_start vm_pgoff i_ino; do grep -qa "$member" stacks.spo || fail "the object does not say where $member lay"; done
fi
