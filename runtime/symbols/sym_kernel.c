// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/sym_kernel.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"

#define KALLSYMS "/proc/kallsyms"
#define MAX_FUNCTION (1u << 20) // an address further behind the last symbol is not that symbol's
#define READ_BYTES (1u << 20)
#define LOOK_AGAIN_NS 2000000000ull

struct entry {
	uint64_t address;
	uint32_t name;   // offset into names; 0: nothing known from here on
	uint32_t module; // the same
};

struct sym_kernel {
	bool loaded;
	struct str names;
	struct map modules; // name -> offset into names
	VEC(struct entry) list;
	uint64_t loaded_at;     // CLOCK_MONOTONIC, ns
	struct str older[8];    // names of tables read before: they were handed out
	size_t n_older;
};

struct sym_kernel *sym_kernel_new(void)
{
	struct sym_kernel *k = xcalloc(1, sizeof *k);

	map_init(&k->modules, NULL);
	return k;
}

void sym_kernel_free(struct sym_kernel *k)
{
	if (!k)
		return;
	map_free(&k->modules);
	str_free(&k->names);
	for (size_t i = 0; i < k->n_older; i++)
		str_free(&k->older[i]);
	vec_free(&k->list);
	free(k);
}

struct line {
	uint64_t address;
	char kind;
	char *name, *module; // module NULL: the kernel proper
};

static uint64_t take_hex(char **p)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return v;
	}
}

// "ffffffff81000040 T entry_SYSCALL_64\t[module]\n"; returns the next line, NULL when this one is not whole.
static char *take_line(char *p, struct line *l)
{
	char *end = strchr(p, '\n'), *tab;

	if (!end)
		return NULL;
	*end = '\0';
	*l = (struct line){ .address = take_hex(&p) };
	if (p[0] == ' ' && p[1] && p[2] == ' ') {
		l->kind = p[1];
		l->name = p + 3;
		tab = memchr(l->name, '\t', (size_t)(end - l->name));
		if (tab) {
			*tab = '\0';
			l->module = tab[1] == '[' ? tab + 2 : NULL;
			if (l->module)
				l->module[strcspn(l->module, "]")] = '\0';
		}
	}
	return end + 1;
}

static bool is_text(char kind)
{
	return kind == 't' || kind == 'T' || kind == 'w' || kind == 'W';
}

static uint32_t module_name(struct sym_kernel *k, const char *name)
{
	void **at = map_puts(&k->modules, name);

	if (!*at) {
		*at = (void *)(uintptr_t)k->names.n;
		str_add(&k->names, name, strlen(name) + 1);
	}
	return (uint32_t)(uintptr_t)*at;
}

// Of symbols at one address the first is kept. Data behind text ends the function before it.
static void add(struct sym_kernel *k, const struct line *l)
{
	struct entry e = { .address = l->address };

	if (!l->name || !l->address)
		return;
	if (is_text(l->kind)) {
		e.name = (uint32_t)k->names.n;
		str_add(&k->names, l->name, strlen(l->name) + 1);
		if (l->module)
			e.module = module_name(k, l->module);
	} else if (!k->list.n || !k->list.v[k->list.n - 1].name) {
		return;
	}
	vec_push(NULL, &k->list, e);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static void sort(struct sym_kernel *k)
{
	bool sorted = true;
	size_t out = 0;

	for (size_t i = 1; i < k->list.n && sorted; i++)
		sorted = k->list.v[i - 1].address <= k->list.v[i].address;
	if (!sorted)
		qsort(k->list.v, k->list.n, sizeof *k->list.v, compare);
	for (size_t i = 0; i < k->list.n; i++)
		if (!out || k->list.v[i].address != k->list.v[out - 1].address)
			k->list.v[out++] = k->list.v[i];
		else if (!k->list.v[out - 1].name)
			k->list.v[out - 1] = k->list.v[i];
	k->list.n = out;
}

// Where a chunk of the file ends amid a line, the rest of it is moved to the front and read on.
static char *add_lines(struct sym_kernel *k, char *text)
{
	struct line l;

	for (char *next; (next = take_line(text, &l)); text = next)
		add(k, &l);
	return text;
}

void sym_kernel_parse(struct sym_kernel *k, char *text)
{
	k->loaded = true;
	str_addc(&k->names, '\0'); // offset 0 is "no name"
	add_lines(k, text);
	sort(k);
}

static void load(struct sym_kernel *k)
{
	_close_ int fd = open(KALLSYMS, O_RDONLY | O_CLOEXEC);
	_free_ char *buf = xmalloc(READ_BYTES + 1);
	size_t have = 0;
	ssize_t n;

	k->loaded = true;
	str_addc(&k->names, '\0');
	while (fd >= 0 && have < READ_BYTES && (n = read(fd, buf + have, READ_BYTES - have)) > 0) {
		char *rest;

		have += (size_t)n;
		buf[have] = '\0';
		rest = add_lines(k, buf);
		have -= (size_t)(rest - buf);
		memmove(buf, rest, have);
	}
	sort(k);
	k->list.v = k->list.n ? xrealloc(k->list.v, k->list.n * sizeof *k->list.v) : k->list.v;
	k->list.cap = k->list.n;
}

// Modules and BPF programs come while we run. An address that nothing has is a reason to look again, a few times.
static bool look_again(struct sym_kernel *k, uint64_t ip)
{
	if (!(ip >> 63) || !k->loaded_at || k->n_older == ARRAY_SIZE(k->older) || clock_ns(CLOCK_MONOTONIC) - k->loaded_at < LOOK_AGAIN_NS)
		return false;
	k->older[k->n_older++] = k->names;
	k->names = (struct str){ 0 };
	k->list.n = 0;
	map_free(&k->modules);
	map_init(&k->modules, NULL);
	load(k);
	k->loaded_at = clock_ns(CLOCK_MONOTONIC);
	return true;
}

static void find(struct sym_kernel *k, uint64_t ip, struct symbol *ret)
{
	size_t lo = 0, hi = k->list.n;

	while (lo < hi) { // the first entry behind ip
		size_t mid = lo + (hi - lo) / 2;

		if (k->list.v[mid].address <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return;
	const struct entry *e = &k->list.v[lo - 1];
	if (!e->name || ip - e->address > MAX_FUNCTION)
		return;
	ret->name = k->names.p + e->name;
	ret->offset = ip - e->address;
	ret->module = e->module ? k->names.p + e->module : NULL;
	ret->source = ret->module && strcmp(ret->module, "bpf") == 0 ? SYMBOL_BPF : SYMBOL_KALLSYMS;
}

void sym_kernel_find(struct sym_kernel *k, uint64_t ip, struct symbol *ret)
{
	*ret = (struct symbol){ .source = SYMBOL_UNMAPPED };
	if (!k->loaded) {
		load(k);
		k->loaded_at = clock_ns(CLOCK_MONOTONIC);
	}
	find(k, ip, ret);
	if (!ret->name && k->list.n && look_again(k, ip))
		find(k, ip, ret);
	if (!k->list.n)
		ret->source = SYMBOL_HIDDEN;
}

uint64_t sym_kernel_address(const char *name)
{
	_close_ int fd = open(KALLSYMS, O_RDONLY | O_CLOEXEC);
	_free_ char *buf = xmalloc(READ_BYTES + 1);
	size_t have = 0;
	ssize_t n;

	while (fd >= 0 && have < READ_BYTES && (n = read(fd, buf + have, READ_BYTES - have)) > 0) {
		char *p = buf;
		struct line l;

		have += (size_t)n;
		buf[have] = '\0';
		for (char *next; (next = take_line(p, &l)); p = next)
			if (l.name && strcmp(l.name, name) == 0)
				return l.address;
		have -= (size_t)(p - buf);
		memmove(buf, p, have);
	}
	return 0;
}
