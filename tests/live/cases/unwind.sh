# SPDX-License-Identifier: Apache-2.0
# Stacks of a program without frame pointers: depths, callbacks, signal handlers, a library opened later, a program started
# later, a deleted one, one that carries its own libraries, a storm of short ones. Each stack must reach _start.
source=$HERE/../unwind/programs/frames.c
f=$T/frames
cc -w -Wno-psabi -O2 -fomit-frame-pointer -o "$f" "$source" || fail "frames.c does not compile"
whole() { # whole FRAMES... : the first stack of `out` holds these in this order, and reaches the program's first function
	sed -n '/^        /,/^$/p' out | sed '/^$/q' >stack
	grep -q '^        _start+' stack || fail "the stack does not reach _start: $(cat stack)"
	! grep -q 'stopped' stack || fail "the stack is not whole: $(cat stack)"
	order=$(sed 's/^ *//; s/[+. ].*//' stack | tr '\n' ' ')
	pattern=$(printf '%s .*' "$@")
	printf ' %s' "$order" | grep -q " $pattern" || fail "frames in another order: $order, not $*"
}
good -v -e 'begin { print(len(ustack)); exit(); }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"

for depth in 1 2 17 299; do
	good -c "$f deep 3600 $depth" -e "uprobe:$f:spin { print(ustack(why, 512)); exit(); }"
	whole spin deep deep main __libc_start_call_main
	expect_same "$(grep -c '^        deep+' out)" $((depth + 1)) "frames of deep()"
	expect_same "$(grep -c ' \[cfi' out)" $((depth + 1 + 4)) "frames found by unwind information"
done
good -c "$f qsort 3600" -e "uprobe:$f:compare { print(ustack); exit(); }"
whole compare qsort_r main
good -c "$f signal 3600" -e "uprobe:$f:on_inner { print(ustack(why)); exit(); }"
whole on_inner __restore_rt on_signal __restore_rt main
expect_same "$(grep -c ' \[signal' out)" 2 "frames out of which a handler was called"
good -c "$f longjmp 3600" -e "uprobe:$f:spin { print(ustack); exit(); }"
whole spin jumper main
good -c "$f alloca 3600" -e "uprobe:$f:spin { print(ustack); exit(); }"
whole spin with_alloca with_alloca main

# a uretprobe's trampolines are not in the way, and the frame says what it was found by
good -c "$f deep 3600 5" -e "uretprobe:$f:deep { @x = 1; } uprobe:$f:spin { print(ustack(why)); exit(); }"
whole spin deep deep deep deep deep main
expect_same "$(grep -c ' \[uretprobe' out)" 6 "return addresses put right"
good -c "$f deep 3600 5" -e "uretprobe:$f:deep /@n++ == 2/ { print(ustack(why)); exit(); }"
whole deep deep main

# in the vDSO, which is no file: sampled there
good -c "$f vdso 3600" -e 'profile:hz:199 /pid == cpid/ { @[ustack] = count(); if (@n++ > 60) { exit(); } }'
grep -q '^        _start+' out || fail "no whole stack from the vDSO"

# a library that is opened when the probes are attached: met once without its table, then with it
good -c "$f dlopen 3600" -e "uprobe:$f:called_back { if (len(ustack) > 6) { print(ustack(why)); exit(); } }"
whole called_back inflateInit2_ main

# a program that is not probed, started by another one after the attaching
printf 'exec %s signal 3600\n' "$f" >exec.sh
good -c "/bin/sh exec.sh" -e 'tracepoint:syscalls:sys_enter_tgkill /pid == cpid/ { if (len(ustack) > 5) { print(ustack(why)); exit(); } }'
whole main __libc_start_call_main

# deleted, and replaced by another file
cp "$f" gone
launch ./gone signal 3600
wait_for 10 grep -q /gone "/proc/$target/maps" || fail "the program does not start"
rm gone
echo other >gone
good -p "$target" -e 'tracepoint:syscalls:sys_enter_tgkill { print(ustack(why)); exit(); }'
grep -q 'stopped' out && fail "a deleted program's stack is not whole"
kill "$target"

# everything in one file, at an address of its own
if cc -w -Wno-psabi -O2 -fomit-frame-pointer -static-pie -o static "$source" 2>/dev/null; then
	good -c "$T/static signal 3600" -e "uprobe:$T/static:on_inner { print(ustack(why)); exit(); }"
	whole on_inner __restore_rt on_signal main
fi

# a hundred processes, each gone at once: what is met in them is counted, the last ones' stacks are whole
printf 'i=0; while [ $i -lt 100 ]; do cp %s c$((i %% 20)); ./c$((i %% 20)) signal 0.01; i=$((i + 1)); done\n' "$f" >storm.sh
good -v -c "/bin/sh storm.sh" -e 'tracepoint:syscalls:sys_enter_tgkill { @n++; if (len(ustack) > 5) { @whole++; } }'
expect_err '^unwind tables: .*met while running: [1-9]'
[ "$(value '@n')" -ge 100 ] || fail "$(value '@n') signals of 100 processes"

# the same three programs a hundred times and two at a time: once they are known, every stack of those that start later is whole
for k in 0 1 2; do cp "$f" "s$k"; done
printf 'i=0; while [ $i -lt 50 ]; do ./s$((i %% 3)) signal 0.01 & ./s$(((i + 1) %% 3)) signal 0.01; wait; i=$((i + 1)); done\n' >again.sh
good -c "/bin/sh again.sh" -e 'tracepoint:syscalls:sys_enter_tgkill { @of[pid] = count(); print(ustack(why)); }'
[ "$(grep -c '^@of' out)" -ge 100 ] || fail "stacks of $(grep -c '^@of' out) processes, not 100"
"$PYTHON" - <<'END' || fail "of the last stacks"
stacks = [s.splitlines() for s in open("out").read().split("\n\n") if "[top" in s][-50:]
assert len(stacks) == 50, len(stacks)
for s in stacks:
    assert "stopped" not in s[-1] and len(s) >= 7, "\n".join(s)
END

# in a system call whose instruction is a function's last one, with another function behind it
cat >last.s <<'END'
	.globl sleeper, main
	.type sleeper, @function
	.type main, @function
sleeper: .cfi_startproc
	pop %rsi
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rsi
	mov $231, %eax
	mov $7, %edi
	syscall
	.cfi_endproc
	.size sleeper, . - sleeper
main: .cfi_startproc
	sub $24, %rsp
	.cfi_adjust_cfa_offset 24
	call sleeper
	add $24, %rsp
	.cfi_adjust_cfa_offset -24
	ret
	.cfi_endproc
	.size main, . - main
	.section .note.GNU-stack, "", @progbits
END
if [ "$(uname -m)" = x86_64 ]; then
	cc -o last last.s || fail "last.s"
	good -c ./last -e 'tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { print(ustack(why)); }'
	whole main main __libc_start_call_main # the address is where the next function begins
fi
