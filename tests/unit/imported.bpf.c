// SPDX-License-Identifier: Apache-2.0
// imported.bpf.c - what test_bpf_code.c reads, compiled when the tests are built. The macros are those of bpf_helpers.h.
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name

static void *(*lookup)(void *map, const void *key) = (void *)1;

struct {
	__uint(type, 1);
	__uint(max_entries, 7);
	__type(key, int);
	__type(value, long);
} plain SEC(".maps");
struct {
	__uint(type, 2);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 40);
	__uint(pinning, 1);
} pinned SEC(".maps");

struct thing { int other, red; } __attribute__((preserve_access_index));
struct thing___none { int gone; } __attribute__((preserve_access_index));

static int counter = 3;
const volatile int limit = 9;

static __attribute__((noinline)) long inner(long x) { return x * counter++; }

int add(int a, unsigned char b) { return a + b; }
long look(void *key) { long *v = lookup(&plain, key); return v ? *v : -1; }
long look_pinned(int *key) { long *v = lookup(&pinned, key); return v ? *v : -1; }
_Bool nested(long x, struct thing *t, char *text) { return inner(x) > limit + text[1] && t; }
long red(struct thing *t) { return (long)__builtin_preserve_field_info(t->red, 0) * 1000 + __builtin_preserve_field_info(t->red, 1); }
int has(struct thing___none *t) { return __builtin_preserve_field_info(t->gone, 2); }
extern int kernel_thing(int x) __attribute__((section(".ksyms")));
int kernel(int x) { return kernel_thing(x); }
int five(int a, int b, int c, int d, int e) { return a - b - c - d - e; }

SEC("kprobe") int not_for_scripts(void *ctx) { return 0; }
