# SPDX-License-Identifier: Apache-2.0
# User stacks of a program without frame pointers, frame by frame as they are known to be: deep ones, out of the C library, out of
# signal handlers, in a system call, in an interrupt, from a uretprobe.
# REQUIRES uprobe btf
f=$PROGRAMS/frames
stack() { # stack FRAMES... : the first stack of `out` is these (NAME*N: N times), then the C library's start, and is whole
	sed -n '/^        /,/^$/p' out | sed '/^$/q' >stack
	! grep -q stopped stack || fail "not whole: $(cat stack)"
	sed 's/^ *//; s/[+. ].*//; /^$/d' stack | uniq -c | sed 's/^ *//; s/ /*/; s/^1\*//' | sed 's/^\([0-9]*\)\*\(.*\)/\2*\1/' >order
	expect_same "$(sed -n "1,$#p" order | tr '\n' ' ')" "$* " "the frames"
	expect_same "$(tail -n 1 order)" _start "the last frame"
	expect_between $(($(wc -l <order) - $#)) 2 3 "frames below main"
}
for depth in 1 17 299; do
	good -v -c "$f deep 3600 $depth" -e "uprobe:$f:spin { print(ustack(why, 512)); exit(); }"
	expect_no_err 'along frame pointers'
	stack spin "deep*$((depth + 1))" main
	expect_same "$(grep -c ' \[cfi' stack)" $(($(grep -c '\[' stack) - 1)) "frames found by unwind information"
done
good -c "$f qsort 3600" -e "uprobe:$f:compare { print(ustack); exit(); }"
expect_out '^        main\+'
expect_out '^        _start\+'
good -c "$f signal 3600" -e "uprobe:$f:on_inner { print(ustack(why)); exit(); }"
expect_same "$(grep -c ' \[signal' out)" 2 "frames out of which a handler was called"
expect_out '^        _start\+'
good -c "$f signal 3600" -e 'tracepoint:syscalls:sys_enter_tgkill /comm == "frames"/ { if (len(ustack) > 5) { print(ustack(why)); exit(); } }'
expect_out '^        main\+'
expect_out '^        _start\+'
good -c "$f deep 3600 40" -e 'profile:hz:99 /comm == "frames"/ { if (len(ustack) > 40) { print(ustack); exit(); } }'
expect_out '^        deep\+'
expect_out '^        _start\+'
good -c "$f deep 3600 5" -e "uretprobe:$f:deep { @x = 1; } uprobe:$f:spin { print(ustack(why)); exit(); }"
stack spin 'deep*6' main
expect_same "$(grep -c ' \[uretprobe' out)" 6 "return addresses put right"
