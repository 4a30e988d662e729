// SPDX-License-Identifier: Apache-2.0
// A traced binary from a stranger: its headers, symbol tables, notes, stubs, unwind information and packed symbols, asked about
// everything Spile asks; once from memory as a vdso is, once as a file that is cut short in the middle of it.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/fde.h"
#include "runtime/symbols/sym_table.h"
#include "runtime/usdt_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void on_function(void *arg, const struct elf_function *fn)
{
	*(size_t *)arg += strlen(fn->name) + (size_t)fn->size;
}

static void try_addresses(struct sym_table *t, const struct elf_file *f)
{
	const uint64_t odd[] = { 0, 1, elf_file_entry(f), UINT64_MAX, 1ull << 63, elf_file_code_start(f) };
	uint64_t start, end, offset;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		sym_table_find(t, odd[i]);
		fde_bounds(f, odd[i], &start, &end);
		elf_file_offset(f, odd[i], true, &offset);
		elf_file_address(f, odd[i], &offset);
		elf_file_code_size(f, odd[i]);
	}
	for (uint64_t a = elf_file_code_start(f), i = 0; i < 64; i++) {
		struct sym_found found = sym_table_find(t, a + i * 61);

		if (found.name && strlen(found.name) > (1u << 30))
			BUG("a name without an end");
	}
}

static void ask(struct elf_file *f)
{
	struct arena *a = arena_new();
	const struct binary_usdt *notes;
	struct elf_function fn;
	const uint8_t *id;
	size_t n;
	uint64_t address, size;
	size_t sum = 0;

	elf_file_functions(f, on_function, &sum);
	elf_file_function(f, "main", &fn);
	elf_file_variable(f, "environ", &address, &size);
	elf_file_build_id(f, &id);
	elf_file_content(f);
	usdt_notes(f, a, &notes, &n);
	for (size_t i = 0; i < n; i++)
		sum += strlen(notes[i].provider) + strlen(notes[i].name) + strlen(notes[i].args);
	arena_free(a);
	struct sym_table *t = sym_table_new(f); // takes f
	try_addresses(t, f);
	sym_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct elf_file *f = NULL;
	char path[64];

	if (n == 0)
		return 0;
	void *copy = xmalloc(n);
	memcpy(copy, data, n);
	if (elf_file_from_memory(copy, n, &f) == 0)
		ask(f);
	_close_ int fd = memfd_create("elf", 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (write(fd, data, n) != (ssize_t)n || elf_file_open(path, &f) < 0)
		return 0;
	(void)!ftruncate(fd, (off_t)(n / 2));
	ask(f);
	return 0;
}
