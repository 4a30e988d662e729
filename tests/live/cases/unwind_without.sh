# SPDX-License-Identifier: Apache-2.0
# Stacks as kernels walk them that lack what newer ones have: the same, frame by frame, in programs of the distribution and in one
# with deep stacks and signal handlers.
f=$PROGRAMS/frames
good -v -e 'begin { print(len(ustack)); exit(); }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"
cat >script.sh <<'END_OF_SCRIPT'
f() { if [ "$1" -gt 0 ]; then f $(($1 - 1)); else x=$(echo a | cat); case $x in a) : ;; esac; fi; }
for i in 1 2 3; do f $((i * 5)); done
END_OF_SCRIPT
cat >script.py <<'END_OF_SCRIPT'
import functools, os
class Told:
    def __repr__(self): return repr([1, {2: "x"}])
def deep(n): return repr([Told()]) if n == 0 else deep(n - 1)
os.getppid() # what the interpreter does before depends on what it has kept on disk
for n in range(0, 30, 7): sorted([n, 1, 2], key=functools.cmp_to_key(lambda a, b: len(deep(n)) and a - b))
END_OF_SCRIPT
trace() { # trace NAME : stacks of a run of each, in the order they were taken
	good -q -c "bash script.sh" -e 'uprobe:/bin/bash:execute_command_internal /pid == cpid/ { print(ustack(why)); }'
	mv out "bash.$1"
	good -q -c "$PYTHON script.py" -e "tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @on = 1; }
		uprobe:$PYTHON:PyObject_Repr /@on/ { print(ustack(why)); print(ustack(build_id)); }"
	mv out "python.$1"
	for depth in 3 126 300; do
		good -c "$f deep 3600 $depth" -e "uprobe:$f:spin { if (@k++ == 0) { print(ustack(why, 512)); print(len(ustack)); } else { exit(); } }"
		sed '/^@k/d' out >>"deep.$1"
	done
	good -c "$f signal 3600" -e "uprobe:$f:on_inner { if (@k++ == 0) { print(ustack(why)); } else { exit(); } }"
	sed '/^@k/d' out >"signal.$1"
	good -c "$f deep 3600 5" -e "uretprobe:$f:deep { @x = 1; } uprobe:$f:spin { if (@k++ == 0) { print(ustack(why)); } else { exit(); } }"
	sed '/^@/d' out >"return.$1"
	rm -f err
}
trace all
for what in bash python deep signal return; do
	grep -q '^        _start+' $what.all || fail "no whole stack of $what"
done
[ "$(grep -c '\[top' bash.all)" -ge 30 ] || fail "$(grep -c '\[top' bash.all) stacks of bash"
[ "$(grep -c '\[top' python.all)" -ge 30 ] || fail "$(grep -c '\[top' python.all) stacks of python"
! grep -q stopped bash.all python.all deep.all signal.all return.all || fail "not whole"
n=0
for without in bpf_loop task_regs big_values bpf_loop,task_regs,big_values; do
	n=$((n + 1))
	export SPILE_WITHOUT=$without
	trace $n
	unset SPILE_WITHOUT
	for what in bash python deep signal return; do
		cmp -s $what.all $what.$n || { diff $what.all $what.$n | head -n 40 >&2; fail "other stacks of $what without $without"; }
	done
done
