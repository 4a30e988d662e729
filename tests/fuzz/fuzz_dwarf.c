// SPDX-License-Identifier: Apache-2.0
// A traced binary's DWARF from a stranger: lines and inlined calls by our own reader, at addresses all over it; functions' arguments,
// types and lines' addresses by libdw's, as the compile side asks.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/dwarf.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct type *no_type(struct world *w, enum type_kind kind, const char *name)
{
	return NULL;
}

static void on_address(void *arg, uint64_t address)
{
	*(uint64_t *)arg += address;
}

static void on_function(void *arg, const struct elf_function *fn)
{
	struct dwarf *d = arg;
	const struct event_field *f;
	const struct type *ret;
	size_t n;

	if (dwarf_function(d, fn->address, &f, &n, &ret) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (f[i].type->kind == TYPE_POINTER && f[i].type->elem)
			dwarf_complete(d, f[i].type->elem);
}

static void try_libdw(struct elf_file *f, const char *path)
{
	struct arena *a = arena_new();
	const struct world_ops ops = { .type_named = no_type };
	struct world w = { .ops = &ops, .arena = a, .types = types_new(a) };
	struct dwarf *d = NULL;
	uint64_t sum = 0;

	if (dwarf_open(&w, f, path, 1, &d) == 0) {
		elf_file_functions(f, on_function, d);
		dwarf_line(d, "seed_program.c", 30, 0, on_address, &sum);
	}
	dwarf_close(d);
	arena_free(a);
}

static void try_lines(const struct elf_file *f, const char *path)
{
	uint64_t ask[260], base = elf_file_code_start(f);
	struct line_frames found[ARRAY_SIZE(ask)];
	struct lines *l = NULL;
	size_t sum = 0;

	if (lines_open_file(path, &l) < 0)
		return;
	for (size_t i = 0; i < 256; i++)
		ask[i] = base + i * 3;
	memcpy(ask + 256, (const uint64_t[]){ 0, 1, UINT64_MAX, elf_file_entry(f) }, 4 * sizeof *ask);
	lines_find(l, ask, ARRAY_SIZE(ask), found);
	for (size_t i = 0; i < ARRAY_SIZE(ask); i++)
		for (uint32_t k = 0; k < found[i].n; k++)
			sum += (found[i].at[k].function ? strlen(found[i].at[k].function) : 0) + (found[i].at[k].file ? strlen(found[i].at[k].file) : 0);
	if (sum == SIZE_MAX)
		BUG("names without an end");
	lines_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct elf_file *f = NULL;
	_close_ int fd = memfd_create("dwarf", 0);
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (write(fd, data, n) != (ssize_t)n || elf_file_open(path, &f) < 0)
		return 0;
	try_lines(f, path);
	try_libdw(f, path);
	elf_file_close(f);
	return 0;
}
