# SPDX-License-Identifier: Apache-2.0
# spile check: scripts against kernels, from files, without rights.
btf=/sys/kernel/btf/vmlinux
printf 'begin { print(curtask.tgid); exit(); }\ntracepoint:sched:sched_process_exec { @[str(args.filename)] = count() }\n' >good.spile
printf 'begin { print(curtask.nonesuch); exit(); }\n' >member.spile
printf 'fentry:no_such_function { print(1) }\n' >function.spile
good world save here.world
mkdir folder
cp here.world folder/
good check --world here.world good.spile
expect_out "^good.spile +works$"
run check --world folder --world $btf --junit j.xml good.spile member.spile function.spile
expect_status 1
expect_out "^SCRIPT +$(uname -r) +this machine *$"
expect_out '^member.spile +FAILS +FAILS$'
expect_out '^function.spile +FAILS +FAILS$'
expect_out "does not contain a field named 'nonesuch'"
expect_out "no_such_function"
grep -q 'tests="6" failures="4"' j.xml || fail "the JUnit file counts otherwise"
# this machine, and its verifier
good check --load good.spile
expect_out '^good.spile +works$'
# what only the code generator finds wrong is told in its words
printf 'uretprobe:%s:hit { print(func) }\n' "$PROGRAMS/target" >func.spile
SPILE_WITHOUT=func_ip run check func.spile
expect_status 1
expect_out '^func.spile +FAILS$'
expect_out '^func.spile:1:.*ERROR: func in a uretprobe needs the helper bpf_get_func_ip'
expect_no_err .
# -c says that there is a target `it`
printf 'probe p { on syscall:it:openat measure n = count() }\n' >it.spile
good check -c true it.spile
run check it.spile
expect_status 1
expect_out "there is no target 'it'"
# nobody needs rights for it
chmod 755 . && chmod 644 ./*.spile
if [ -r $btf ]; then
	setpriv --reuid=65534 --clear-groups "$SPILE" check good.spile member.spile >out 2>err && fail "nobody: member.spile works"
	expect_out '^good.spile +works$'
	expect_out '^member.spile +FAILS$'
fi
# files that are no kernel
head -c 5000 here.world >cut.world
printf 'SPWORLD1nonsense' >bad.world
for f in cut.world bad.world good.spile; do
	run check --world $f good.spile
	expect_status 1
	expect_out 'is no kernel'
done
bad check
bad world
bad check --world /nonexistent good.spile
