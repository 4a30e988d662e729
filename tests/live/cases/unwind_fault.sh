# SPDX-License-Identifier: Apache-2.0
# A stack of which a page is not there: a probe cannot wait for it, so the walk ends before it and says why; the frames above are
# shown, the program goes on, and -v counts it.
cat >hole.c <<'END_OF_SOURCE'
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
static volatile char *low;
__attribute__((noipa)) void marker(void) { __asm__ volatile(""); }
__attribute__((noipa)) int deep(int n)
{
	volatile char room[1000];

	room[n] = (char)n;
	if (n == 0) {
		// five frames are above the page that goes; whoever returned to it would find zeros
		madvise((void *)(((uintptr_t)room + 8192) & ~4095ul), 4096, MADV_DONTNEED);
		marker();
		_exit(0);
	}
	return deep(n - 1) + room[n];
}
int main(void) { return deep(40); }
END_OF_SOURCE
cc -w -O1 -fomit-frame-pointer -o hole hole.c || fail "hole.c does not compile"
good -v -e 'begin { print(len(ustack)); exit(); }'
! grep -q 'along frame pointers' err || skip "$(grep 'along frame pointers' err)"
for without in '' bpf_loop,big_values; do
	SPILE_WITHOUT=$without good -v -c ./hole -e "uprobe:./hole:marker { print(ustack(why)); }"
	expect_out '^        marker\+0 \[top'
	expect_out '^        \[stopped: memory not readable\]'
	expect_between "$(grep -c '^        deep+' out)" 3 20 "frames before the hole"
	expect_no_out '^        main\+'
	expect_err '^user stacks: 1 walked, 0 ?% whole.* memory not readable 100 ?%'
done
# such a stack has another key than one that is whole, and without why shows what there is
good -q -c ./hole -e "uprobe:./hole:marker { @[ustack] = count(); } uprobe:./hole:deep { @n = count(); }"
expect_out '^        marker\+0'
expect_out '^@n: 41$'
