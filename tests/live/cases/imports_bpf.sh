# Functions of .bpf.c and .bpf.o files, called from a script; functions of the kernel that programs may call.
needs clang
umask 022
mkdir lib
cat >lib/more.h <<'TEXT'
#define STEP 2
TEXT
cat >lib/some.bpf.c <<'TEXT'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "more.h"
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, int); __type(value, long); } counts SEC(".maps");
static int total = 5;
const volatile int limit = 7;
static const char name[] = "hello world";
static __attribute__((noinline)) long twice(long x) { return x * 2 + total++; }
static long one_step(__u64 i, long *sum) { *sum += STEP * i; return 0; }
int add(int a, int b) { return a + b; }
unsigned char narrow(unsigned char a) { return a; }
_Bool positive(long x) { return x > 0; }
int five(int a, int b, int c, int d, int e) { return a * 10000 + b * 1000 + c * 100 + d * 10 + e; }
long deep(long x) { return twice(x) + limit; }
char letter(unsigned i) { return name[i & 7]; }
void put(int *p, char *s) { *p = -3; s[0] = 'J'; }
void set(void *m, long k, long v) { bpf_map_update_elem(m, &k, &v, 0); }
long sum_to(int n) { long s = 0; bpf_loop(n, one_step, &s, 0); return s; }
unsigned long second(struct pt_regs *ctx) { unsigned long v = 0; bpf_probe_read_kernel(&v, 8, (char *)ctx + 104); return v; }
long calls(int key)
{
	long one = 1, *v = bpf_map_lookup_elem(&counts, &key);

	if (v)
		return ++*v;
	bpf_map_update_elem(&counts, &key, &one, 0);
	return 1;
}
TEXT
cat >all.bt <<'TEXT'
import "lib/some.bpf.c";
begin {
	print(add(2, -5));
	print(narrow(256 + 7));
	print((positive(-1), positive(3)));
	print(five(1, 2, 3, 4, 5));
	print((deep(10), deep(10)));
	print(letter(4));
	let $p: int32 = 9;
	$s = "hello";
	put(&$p, &$s);
	print(($p, $p + 1, $s));
	$literal = 1;
	put(&$literal, &$s);
	print($literal);
	@m[(int64)1] = 5;
	set(&@m, 1, 77);
	set(&@m, 2, 78);
	print(sum_to(10));
	print((calls(1), calls(1), calls(2)));
	for ($i : 0..3) { @sum = @sum + add($i, 1); }
}
end { printf("end %d\n", calls(1)); }
TEXT
results() {
	expect_exactly <<'TEXT'
-3
7
(false, true)
12345
(32, 33)
111
(-3, -2, Jello)
-3
90
(1, 2, 1)
end 3


@m[1]: 77
@m[2]: 78
@sum: 6
TEXT
}
good all.bt
results
good -v all.bt
expect_err 'cache: found'
echo '#define STEP 4' >lib/more.h # an included header, and the file itself, are looked at
good -v all.bt
expect_err 'cache: .*more.h changed'
expect_out '^180$'
echo '#define STEP 2' >lib/more.h
good -d core all.bt
cp out core.spile
good core.spile
results

# the same as an object; the maps and variables are one for all programs
clang --target=bpfel -O2 -g -c -I/usr/include/x86_64-linux-gnu lib/some.bpf.c -o some.bpf.o || fail "clang"
sed 's/lib.some.bpf.c/some.bpf.o/' all.bt >object.bt
SPILE_CLANG=/nonexistent good object.bt
results
good build -o all.spo all.bt
good all.spo
results

# what clang says, and where it is not
echo 'int broken(void) { return nonesuch; }' >broken.bpf.c
bad -e 'import "broken.bpf.c"; begin { broken() }'
expect_err "'broken.bpf.c' can not be imported: clang says: .*undeclared identifier 'nonesuch'"
export SPILE_CLANG=/nonexistent
bad -e 'import "broken.bpf.c"; begin { broken() }'
expect_err "SPILE_CLANG names '/nonexistent', which is no program"
unset SPILE_CLANG
export TMPDIR="$T/none"
bad -e 'import "broken.bpf.c"; begin { broken() }'
expect_err 'there is no place for what clang makes of it: .*/none/spile-.*: No such file'
unset TMPDIR
printf 'no object' >bytes.bpf.o
bad -e 'import "bytes.bpf.o"; begin { }'
expect_err 'it is no ELF file'
cat >none.bpf.c <<'TEXT'
extern int elsewhere(int x);
struct { int (*type)[1]; int (*pinning)[1]; } pinned __attribute__((section(".maps"), used));
static void *(*lookup)(void *map, const void *key) = (void *)1;
int away(int x) { return elsewhere(x); }
long kept(int *key) { return !lookup(&pinned, key); }
TEXT
bad -e 'import "none.bpf.c"; begin { away(1) }'
expect_err "this kernel has no function 'elsewhere'"
bad -e 'import "none.bpf.c"; begin { let $k: int32 = 1; kept(&$k) }'
expect_err "kept\(\) of 'none.bpf.c' cannot be called: it uses the map 'pinned', and it is pinned"

# the context, from a program's registers
good -e 'import "lib/some.bpf.c"; uprobe:'"$PROGRAMS"'/calls:jumper { @same = second(ctx) == arg1; @[second(ctx) == arg1] = count(); exit(); }' -c "$PROGRAMS/calls jump 3"
expect_out '^@same: 1|^@same: true'
expect_no_out '^@\[false'

# kernel types, found by names; vmlinux.h is made where there is none
cat >core.bpf.c <<'TEXT'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct task_struct___none { int nonesuch; };
int tgid(struct task_struct *t) { return BPF_CORE_READ(t, tgid); }
int parent(void) { struct task_struct *t = (void *)bpf_get_current_task(); return BPF_CORE_READ(t, real_parent, tgid); }
int none(void)
{
	struct task_struct___none *t = (void *)bpf_get_current_task();

	return bpf_core_field_exists(t->nonesuch) ? BPF_CORE_READ(t, nonesuch) : -1;
}
int sizes(void) { return bpf_core_type_size(struct list_head) * 100 + bpf_core_field_size(((struct task_struct *)0)->comm); }
int kind(void) { return bpf_core_enum_value(enum pid_type, PIDTYPE_SID); }
TEXT
good -e 'import "core.bpf.c"; begin { print((tgid(curtask) == pid(init), parent() == curtask.real_parent.tgid, none(), sizes(), kind())); }'
expect_out '^\(true, true, -1, 1616, 3\)$'

# the manual's example, each part where it says
awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$SCRIPTS/../docs/imports.md" >lib.bpf.c
awk '/^```spile/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("doc" n ".spile") }' "$SCRIPTS/../docs/imports.md"
good doc1.spile -c '/bin/true'
expect_out '^[0-9]+\.[0-9]{9} [^ ]+, [0-9]+ below init, call 1 of its process$'
good doc2.spile

# the kernel's own functions: where they may be called, and where not
good -e 'iter:task { if comptime (kfunc_allowed("bpf_cpumask_create")) { $c = bpf_cpumask_create(); if ($c) { @made = true; bpf_cpumask_release($c); } } else { @made = true; } }'
expect_out '^@made: (1|true)$'
good -e 'begin { print((kfunc_allowed("bpf_cpumask_create"), kfunc_allowed("vfs_read"), kfunc_exist("vfs_read"))); }'
expect_out '^\(false, false, true\)$'
bad -e 'begin { $c = bpf_cpumask_create(); }'
expect_err 'this kernel does not let begin call its function bpf_cpumask_create\(\)'
