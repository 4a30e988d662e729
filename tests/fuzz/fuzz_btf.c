// SPDX-License-Identifier: Apache-2.0
// BTF from a stranger's file: every type looked at, translated and completed; lookups by name; a file split on top of itself.
//
// A few hundred bytes can describe structs of a million members, and mutations of such a file are most of a corpus soon. What they
// take is bounded, and a unit test says so; here only one in sixty-four of them is completed, so that a second has a thousand inputs.
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

#define TYPES 100u
#define STEPS 2000u       // members of all structs together
#define LONG_NAME 200u    // bytes; it is looked for as one kind of type only

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

// Takes the members that flattening a type goes through from `left`; false when there are not so many.
static bool spend(const struct btf_file *b, uint32_t id, int depth, unsigned *left)
{
	const struct btf_type *t = btf_file_type(b, btf_file_strip(b, id));

	if (!t || depth > 30 || (btf_file_kind(t) != BTF_KIND_STRUCT && btf_file_kind(t) != BTF_KIND_UNION))
		return true;
	const struct btf_member *m = (const struct btf_member *)(t + 1);
	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		if (!*left)
			return false;
		--*left;
		if (!*btf_file_string(b, m[i].name_off) && !spend(b, m[i].type, depth + 1, left))
			return false;
	}
	return true;
}

static void try_lookups(const struct btf_file *b, const char *name)
{
	uint32_t id;
	int64_t value;

	btf_file_find(b, BTF_KIND_FUNC, name);
	if (strlen(name) > LONG_NAME)
		return;
	for (unsigned kind = 0; kind <= BTF_KIND_ENUM64; kind++)
		btf_file_find(b, kind, name);
	btf_file_enumerator(b, name, &id, &value);
	btf_file_raw_tracepoint(b, name);
}

static void try_type(const struct btf_file *b, struct btf_types *t, const struct btf_type *type)
{
	const char *name = btf_file_string(b, type->name_off);
	const struct event_field *f;
	const struct type *ret;
	size_t n;

	try_lookups(b, name);
	btf_file_first_named(b, btf_file_kind(type), type->name_off);
	if (strlen(name) > LONG_NAME)
		return;
	btf_types_named(t, TYPE_STRUCT, name);
	btf_types_typedef(t, name);
	btf_types_raw_tracepoint(t, name, &f, &n);
	btf_types_function(t, name, &f, &n, &ret);
}

static void try_types(const struct btf_file *b, bool all)
{
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	struct btf_types *t = btf_types_new(a, types, b);
	uint32_t end = MIN(btf_file_end(b), btf_file_first(b) + TYPES);
	unsigned left = STEPS;

	for (uint32_t id = btf_file_first(b); id < end; id++) {
		const struct btf_type *type = btf_file_type(b, id);
		const struct type *made = btf_types_get(t, id);
		_str_ struct str text = { 0 };

		if (spend(b, id, 0, &left) || all) {
			btf_types_complete(t, made);
			all &= left > 0;
		}
		type_print(made, &text);
		if (type)
			try_type(b, t, type);
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
	try_types(b, n % 64 == 0);
	if (btf_file_open(path, b, &split) == 0)
		try_types(split, n % 64 == 0);
	btf_file_close(split);
	btf_file_close(b);
	return 0;
}
