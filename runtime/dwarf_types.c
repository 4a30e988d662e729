// SPDX-License-Identifier: Apache-2.0
// dwarf_types.c - DWARF's types as the language's. Structs are opaque until they are asked for; pointers point into the program.
#include <dwarf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "runtime/dwarf_private.h"

#define MAX_FIELDS 65536u
#define MOST_STEPS 100000000u // of one run; the largest programs have some ten million entries
#define PASS_BY_REFERENCE 4 // DW_CC_pass_by_reference

bool dwarf_number(struct dwarf *d, Dwarf_Die *die, unsigned name, uint64_t *ret)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	if (!d->dwarf_attr_integrate(die, name, &a) || d->dwarf_formudata(&a, &v) != 0)
		return false;
	*ret = v;
	return true;
}

bool dwarf_flag(struct dwarf *d, Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute a;
	bool v = false;

	return d->dwarf_attr_integrate(die, name, &a) && d->dwarf_formflag(&a, &v) == 0 && v;
}

bool dwarf_next(struct dwarf *d, Dwarf_Die *die)
{
	return d->steps++ < MOST_STEPS && d->dwarf_siblingof(die, die) == 0;
}

static bool is_alias(int tag)
{
	return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type || tag == DW_TAG_restrict_type ||
	       tag == DW_TAG_atomic_type || tag == DW_TAG_immutable_type;
}

bool dwarf_type_of(struct dwarf *d, Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Die at = *die;
	Dwarf_Attribute a;

	for (int i = 0; i < 4 * MAX_DEPTH; i++) {
		Dwarf_Die next;

		if (!d->dwarf_attr_integrate(&at, DW_AT_type, &a) || !d->dwarf_formref_die(&a, &next))
			return false;
		at = next;
		if (!is_alias(d->dwarf_tag(&at))) {
			*ret = at;
			return true;
		}
	}
	return false;
}

static const struct type *none(struct dwarf *d)
{
	return type_basic(d->world->types, TYPE_NONE);
}

static uint64_t size_of(struct dwarf *d, Dwarf_Die *type)
{
	Dwarf_Word size;

	return d->dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

static bool is_float(struct dwarf *d, Dwarf_Die *type)
{
	uint64_t encoding = 0;

	dwarf_number(d, type, DW_AT_encoding, &encoding);
	return encoding == DW_ATE_float || encoding == DW_ATE_complex_float || encoding == DW_ATE_imaginary_float || encoding == DW_ATE_decimal_float;
}

static const struct type *get_base(struct dwarf *d, Dwarf_Die *type)
{
	uint64_t encoding = 0, size = size_of(d, type);

	dwarf_number(d, type, DW_AT_encoding, &encoding);
	if (is_float(d, type))
		return none(d);
	if (encoding == DW_ATE_boolean && size == 1)
		return type_basic(d->world->types, TYPE_BOOL);
	if (size == 1 || size == 2 || size == 4 || size == 8)
		return type_int(d->world->types, (unsigned)size, encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
	return none(d);
}

// A tag that no other type has: the kernel may have a struct of that name, another program, another unit of this one.
static const char *tag(struct dwarf *d, Dwarf_Die *type, enum type_kind kind, uint64_t size)
{
	struct arena *a = d->world->arena;
	const char *name = d->dwarf_diename(type);

	if (!name)
		return arena_printf(a, "(anonymous %u.%lx)", d->number, (unsigned long)d->dwarf_dieoffset(type));
	if (d->number > 1 || d->world->ops->type_named(d->world, kind, name))
		name = arena_printf(a, "%s~%u", name, d->number);
	if (kind == TYPE_ENUM)
		return name;
	const struct type *known = type_struct(d->world->types, kind, name);
	return size && known->size && known->size != size ? arena_printf(a, "%s~%lx", name, (unsigned long)d->dwarf_dieoffset(type)) : name;
}

static const struct type *get_struct(struct dwarf *d, Dwarf_Die *type)
{
	enum type_kind kind = d->dwarf_tag(type) == DW_TAG_union_type ? TYPE_UNION : TYPE_STRUCT;
	uint64_t size = size_of(d, type);
	struct type *s = type_struct(d->world->types, kind, tag(d, type, kind, size));
	void **id = map_put(&d->ids, &s, sizeof s);

	if (!s->complete && size <= INT32_MAX && (!s->size || !*id)) {
		s->size = (uint32_t)size;
		*id = (void *)(uintptr_t)(d->dwarf_dieoffset(type) + 1);
	}
	if (size && !dwarf_flag(d, type, DW_AT_declaration)) // a definition serves better than the declaration met before
		*id = (void *)(uintptr_t)(d->dwarf_dieoffset(type) + 1);
	return s;
}

static const struct type *get_enum(struct dwarf *d, Dwarf_Die *type)
{
	VEC(struct enumerator) list = { 0 };
	uint64_t size = size_of(d, type);
	Dwarf_Die child;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return none(d);
	if (d->dwarf_child(type, &child) == 0)
		do {
			Dwarf_Attribute a;
			Dwarf_Sword v;

			if (d->dwarf_tag(&child) == DW_TAG_enumerator && d->dwarf_diename(&child) &&
			    d->dwarf_attr_integrate(&child, DW_AT_const_value, &a) && d->dwarf_formsdata(&a, &v) == 0)
				vec_push(NULL, &list, (struct enumerator){ d->dwarf_diename(&child), v });
		} while (dwarf_next(d, &child));
	const struct type *t = type_enum(d->world->types, tag(d, type, TYPE_ENUM, size), (unsigned)size, false, list.v, list.n);
	vec_free(&list);
	return t;
}

static bool is_char(struct dwarf *d, Dwarf_Die *type)
{
	const char *name = d->dwarf_tag(type) == DW_TAG_base_type ? d->dwarf_diename(type) : NULL;

	return name && strcmp(name, "char") == 0;
}

static uint64_t count_of(struct dwarf *d, Dwarf_Die *range)
{
	uint64_t n;

	if (dwarf_number(d, range, DW_AT_count, &n))
		return n;
	return dwarf_number(d, range, DW_AT_upper_bound, &n) && n < INT32_MAX ? n + 1 : 0;
}

static const struct type *get_array(struct dwarf *d, Dwarf_Die *type, int depth)
{
	uint64_t count[8];
	size_t n = 0;
	Dwarf_Die elem, range;

	if (!dwarf_type_of(d, type, &elem))
		return none(d);
	if (d->dwarf_child(type, &range) == 0)
		do {
			if (d->dwarf_tag(&range) == DW_TAG_subrange_type && n < ARRAY_SIZE(count))
				count[n++] = count_of(d, &range);
		} while (dwarf_next(d, &range));
	if (n == 1 && is_char(d, &elem) && count[0] && count[0] <= INT32_MAX)
		return type_string(d->world->types, (uint32_t)count[0]);
	const struct type *t = dwarf_get(d, &elem, depth + 1);
	while (n-- > 0) {
		if (count[n] > INT32_MAX || t->size * count[n] > INT32_MAX)
			return none(d);
		t = type_array(d->world->types, t, (uint32_t)count[n]);
	}
	return t;
}

const struct type *dwarf_get(struct dwarf *d, Dwarf_Die *type, int depth)
{
	Dwarf_Die to;

	if (depth > MAX_DEPTH)
		return none(d);
	switch (d->dwarf_tag(type)) {
	case DW_TAG_base_type: return get_base(d, type);
	case DW_TAG_pointer_type: case DW_TAG_reference_type: case DW_TAG_rvalue_reference_type:
		return type_pointer(d->world->types, dwarf_type_of(d, type, &to) ? dwarf_get(d, &to, depth + 1) : none(d), SPACE_USER);
	case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type: return get_struct(d, type);
	case DW_TAG_enumeration_type: return get_enum(d, type);
	case DW_TAG_array_type: return get_array(d, type, depth);
	default: return none(d); // functions, floats
	}
}

// Fields --------------------------------------------------------------------------------------------------------------

struct members {
	VEC(struct field) list;
	unsigned steps;
	uint64_t room; // bytes of the struct
};

// Where a bitfield lies: in bits from the struct's start, or (DWARF 3) from the most significant bit of its unit.
static void place_bits(struct dwarf *d, Dwarf_Die *member, uint64_t at, uint64_t bits, uint64_t room, struct field *f)
{
	uint64_t bit, unit = f->type->size, old;

	if (dwarf_number(d, member, DW_AT_data_bit_offset, &bit))
		bit += at * 8;
	else if (dwarf_number(d, member, DW_AT_bit_offset, &old) && old + bits <= unit * 8)
		bit = at * 8 + unit * 8 - old - bits;
	else
		return;
	if (bit / 8 <= INT32_MAX)
		field_set_bits(d->world->types, f, bit, (unsigned)bits, room);
}

static void flatten(struct dwarf *d, Dwarf_Die *s, uint64_t base, struct members *out, int depth);

static void add_member(struct dwarf *d, Dwarf_Die *member, uint64_t base, struct members *out, int depth)
{
	int kind = d->dwarf_tag(member);
	const char *name = d->dwarf_diename(member);
	uint64_t at = 0, bits = 0;
	Dwarf_Die type;

	if ((kind != DW_TAG_member && kind != DW_TAG_inheritance) || dwarf_flag(d, member, DW_AT_external) || !dwarf_type_of(d, member, &type))
		return;
	dwarf_number(d, member, DW_AT_data_member_location, &at);
	at += base;
	if (at > INT32_MAX)
		return;
	if (!name || kind == DW_TAG_inheritance) {
		flatten(d, &type, at, out, depth + 1);
		return;
	}
	struct field f = { .name = name, .type = dwarf_get(d, &type, 0), .offset = (uint32_t)at };
	if (dwarf_number(d, member, DW_AT_bit_size, &bits) && type_is_integer(f.type) && bits && bits <= f.type->size * 8ull)
		place_bits(d, member, at, bits, out->room, &f);
	vec_push(NULL, &out->list, f);
}

static void flatten(struct dwarf *d, Dwarf_Die *s, uint64_t base, struct members *out, int depth)
{
	Dwarf_Die child;

	if (depth > MAX_DEPTH || d->dwarf_child(s, &child) != 0)
		return;
	do {
		if (out->steps++ < MAX_FIELDS)
			add_member(d, &child, base, out, depth);
	} while (dwarf_next(d, &child));
}

// A definition of what is only declared where it was met, in any unit.
static bool find_definition(struct dwarf *d, Dwarf_Die *declaration, Dwarf_Die *ret)
{
	const char *name = d->dwarf_diename(declaration);
	int kind = d->dwarf_tag(declaration);
	Dwarf_Off at = 0, next;
	size_t header;
	Dwarf_Die unit;

	for (; name && d->dwarf_nextcu(d->dw, at, &next, &header, NULL, NULL, NULL) == 0; at = next) {
		if (!d->dwarf_offdie(d->dw, at + header, &unit) || d->dwarf_child(&unit, ret) != 0)
			continue;
		do {
			const char *other = d->dwarf_tag(ret) == kind ? d->dwarf_diename(ret) : NULL;

			if (other && strcmp(other, name) == 0 && !dwarf_flag(d, ret, DW_AT_declaration))
				return true;
		} while (dwarf_next(d, ret));
	}
	return false;
}

int dwarf_complete(struct dwarf *d, const struct type *s)
{
	uintptr_t id = (uintptr_t)map_get(&d->ids, &s, sizeof s);
	struct members m = { 0 };
	Dwarf_Die die, definition;

	if (s->complete)
		return 0;
	if (!id || !d->dwarf_offdie(d->dw, id - 1, &die))
		return -ENOENT;
	if (dwarf_flag(d, &die, DW_AT_declaration)) {
		if (!find_definition(d, &die, &definition))
			return -ENOENT;
		die = definition;
	}
	m.room = size_of(d, &die);
	flatten(d, &die, 0, &m, 0);
	type_set_fields(d->world->types, (struct type *)s, (uint32_t)size_of(d, &die), m.list.v, m.list.n);
	vec_free(&m.list);
	return 0;
}

// How values are passed -------------------------------------------------------------------------------------------------

// A C++ constructor that copies: its second parameter (behind `this`) is a reference to the class itself.
static bool is_copying(struct dwarf *d, Dwarf_Die *fn, Dwarf_Die *class)
{
	Dwarf_Die p, type, to;
	int seen = 0;

	if (d->dwarf_child(fn, &p) != 0)
		return false;
	do {
		if (d->dwarf_tag(&p) != DW_TAG_formal_parameter || seen++ == 0)
			continue;
		return dwarf_type_of(d, &p, &type) && (d->dwarf_tag(&type) == DW_TAG_reference_type || d->dwarf_tag(&type) == DW_TAG_rvalue_reference_type) &&
		       dwarf_type_of(d, &type, &to) && d->dwarf_dieoffset(&to) == d->dwarf_dieoffset(class);
	} while (dwarf_next(d, &p));
	return false;
}

// A C++ class that is more than its bytes (it, or something in it, has a destructor or a copying constructor of its own) is
// passed by address. Compilers may say so in DW_AT_calling_convention, but need not.
static bool is_more_than_bytes(struct dwarf *d, Dwarf_Die *class, int depth)
{
	const char *name = d->dwarf_diename(class);
	Dwarf_Die child, type;

	if (depth > MAX_DEPTH || d->dwarf_child(class, &child) != 0)
		return false;
	do {
		int tag = d->dwarf_tag(&child);
		const char *own = d->dwarf_diename(&child);
		uint64_t defaulted = 0;

		if (tag == DW_TAG_subprogram && own && !dwarf_flag(d, &child, DW_AT_artificial) && !dwarf_number(d, &child, DW_AT_defaulted, &defaulted)) {
			if (*own == '~' || (name && strncmp(own, name, strlen(own)) == 0 && is_copying(d, &child, class)))
				return true;
		} else if ((tag == DW_TAG_member || tag == DW_TAG_inheritance) && !dwarf_flag(d, &child, DW_AT_external) && dwarf_type_of(d, &child, &type)) {
			int inner = d->dwarf_tag(&type);

			if ((inner == DW_TAG_structure_type || inner == DW_TAG_class_type) && is_more_than_bytes(d, &type, depth + 1))
				return true;
		}
	} while (dwarf_next(d, &child));
	return false;
}

// Marks the 8-byte words of a struct that hold anything but floating point numbers.
static void mark_words(struct dwarf *d, Dwarf_Die *type, uint64_t at, bool general[2], int depth)
{
	Dwarf_Die child, inner;

	if (depth > MAX_DEPTH || at >= 16)
		return;
	switch (d->dwarf_tag(type)) {
	case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type:
		if (d->dwarf_child(type, &child) == 0)
			do {
				uint64_t off = 0;

				dwarf_number(d, &child, DW_AT_data_member_location, &off);
				if ((d->dwarf_tag(&child) == DW_TAG_member || d->dwarf_tag(&child) == DW_TAG_inheritance) &&
				    !dwarf_flag(d, &child, DW_AT_external) && dwarf_type_of(d, &child, &inner))
					mark_words(d, &inner, at + off, general, depth + 1);
			} while (dwarf_next(d, &child));
		return;
	case DW_TAG_array_type:
		for (uint64_t i = at / 8; i < 2 && i * 8 < at + size_of(d, type) && dwarf_type_of(d, type, &inner); i++)
			mark_words(d, &inner, i * 8, general, depth + 1);
		return;
	case DW_TAG_base_type:
		if (is_float(d, type))
			return;
		// fall through
	default:
		general[at / 8] = true;
	}
}

struct dwarf_class dwarf_classify(struct dwarf *d, Dwarf_Die *type)
{
	struct dwarf_class c = { .size = size_of(d, type) };
	bool general[2] = { false, false };
	uint64_t convention = 0;

	switch (d->dwarf_tag(type)) {
	case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type: case DW_TAG_array_type:
		dwarf_number(d, type, DW_AT_calling_convention, &convention);
		if (convention == PASS_BY_REFERENCE || (!convention && is_more_than_bytes(d, type, 0))) {
			c.general = 1;
			c.is_scalar = c.by_reference = true;
			return c;
		}
		c.in_memory = c.size > 16;
		mark_words(d, type, 0, general, 0);
		c.general = c.in_memory ? 0 : general[0] + general[1];
		return c;
	case DW_TAG_base_type:
		c.in_memory = is_float(d, type) && c.size > 8;
		c.general = is_float(d, type) ? 0 : c.size > 8 ? 2 : 1;
		c.is_scalar = c.general == 1;
		return c;
	default: // pointers, references, enums
		c.size = c.size ? c.size : 8;
		c.general = 1;
		c.is_scalar = true;
		return c;
	}
}
