// SPDX-License-Identifier: Apache-2.0
// BTF from a stranger's file: every type looked at, translated and completed; lookups by name; a file split on top of itself.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/btf.h"
#include "runtime/btf_types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_lookups(const struct btf_file *b, const char *name)
{
	uint32_t id;
	int64_t value;

	for (unsigned kind = 0; kind <= BTF_KIND_ENUM64; kind++)
		btf_file_find(b, kind, name);
	btf_file_enumerator(b, name, &id, &value);
	btf_file_raw_tracepoint(b, name);
}

static void try_types(const struct btf_file *b)
{
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	struct btf_types *t = btf_types_new(a, types, b);
	uint32_t end = MIN(btf_file_end(b), btf_file_first(b) + 200);
	const struct event_field *f;
	const struct type *ret;
	size_t n;

	for (uint32_t id = btf_file_first(b); id < end; id++) {
		const struct btf_type *type = btf_file_type(b, id);
		const struct type *made = btf_types_get(t, id);
		_str_ struct str text = { 0 };

		btf_file_strip(b, id);
		btf_types_complete(t, made);
		type_print(made, &text);
		if (!type)
			continue;
		const char *name = btf_file_string(b, type->name_off);
		try_lookups(b, name);
		btf_file_first_named(b, btf_file_kind(type), type->name_off);
		btf_types_named(t, TYPE_STRUCT, name);
		btf_types_typedef(t, name);
		btf_types_raw_tracepoint(t, name, &f, &n);
		btf_types_function(t, name, &f, &n, &ret);
	}
	btf_types_free(t);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct btf_file *b = NULL, *split = NULL;
	_close_ int fd = memfd_create("btf", 0);
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (write(fd, data, n) != (ssize_t)n)
		return 0;
	btf_identity(path);
	if (btf_file_open(path, NULL, &b) < 0)
		return 0;
	try_types(b);
	if (btf_file_open(path, b, &split) == 0)
		try_types(split);
	btf_file_close(split);
	btf_file_close(b);
	return 0;
}
