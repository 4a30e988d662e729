// SPDX-License-Identifier: Apache-2.0
#include "lang/builtin.h"

#include <string.h>

#include "base/type.h"
#include "base/util.h"

static const struct builtin table[] = {
#define VAR(id_, name_, type_, needs_, fn_, doc_) \
	[BUILTIN_##id_] = { .id = BUILTIN_##id_, .name = name_, .type = type_, .needs = needs_, .fn = fn_, .doc = doc_ },
#define FUNC(id_, name_, args_, type_, needs_, flags_, event_, fn_, doc_)                                                   \
	[BUILTIN_##id_] = { .id = BUILTIN_##id_, .is_function = true, .name = name_, .args = args_, .type = type_,          \
			    .needs = needs_, .flags = flags_, .event = event_, .fn = fn_, .doc = doc_ },
#include "lang/builtin.def"
#undef VAR
#undef FUNC
};
_Static_assert(ARRAY_SIZE(table) == BUILTINS, "one row per builtin");

static bool is_argn(const char *name)
{
	if (strncmp(name, "arg", 3) != 0 || !name[3] || strlen(name) > 6)
		return false;
	return strspn(name + 3, "0123456789") == strlen(name + 3);
}

// __builtin_pid is pid: bpftrace's library is written with the longer names.
const struct builtin *builtin_find(const char *name, bool is_function)
{
	static const char longer[] = "__builtin_";

	if (strncmp(name, longer, sizeof longer - 1) == 0)
		name += sizeof longer - 1;
	if (!is_function && is_argn(name))
		return &table[BUILTIN_ARGN];
	for (size_t i = 0; i < BUILTINS; i++)
		if (table[i].is_function == is_function && i != BUILTIN_ARGN && strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct builtin *builtin_at(enum builtin_id id)
{
	return &table[id];
}

const struct type *builtin_type(const struct builtin *b, struct types *t)
{
	static const struct {
		const char *word;
		unsigned size;
		bool is_signed;
	} ints[] = { { "u8", 1, false }, { "u32", 4, false }, { "u64", 8, false }, { "i64", 8, true } };
	static const struct {
		const char *word;
		enum type_kind kind;
	} basics[] = { { "none", TYPE_NONE }, { "bool", TYPE_BOOL }, { "ksym", TYPE_KSYM }, { "usym", TYPE_USYM },
		       { "inet", TYPE_INET }, { "mac", TYPE_MAC }, { "username", TYPE_USERNAME },
		       { "cgroup_path", TYPE_CGROUP_PATH }, { "probe", TYPE_PROBE }, { "count", TYPE_COUNT } };

	if (!b->type)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ints); i++)
		if (strcmp(b->type, ints[i].word) == 0)
			return type_int(t, ints[i].size, ints[i].is_signed);
	for (size_t i = 0; i < ARRAY_SIZE(basics); i++)
		if (strcmp(b->type, basics[i].word) == 0)
			return type_basic(t, basics[i].kind);
	if (strcmp(b->type, "string16") == 0)
		return type_string(t, 16);
	BUG("builtin '%s': unknown type word '%s'", b->name, b->type);
}
