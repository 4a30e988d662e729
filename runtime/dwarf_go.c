// SPDX-License-Identifier: Apache-2.0
// dwarf_go.c - arguments of Go functions, by where the compiler says they lie at the function's first instruction. Its convention alone
// does not tell: parameters without a name have registers too, and are not described.
//
// A value of several words lies in several registers, so it becomes fields of its own: a string's address has the string's name, behind
// a dot stands what else there is (name.len, slice.cap, value.member).
#include <dwarf.h>
#include <string.h>

#include "base/util.h"
#include "runtime/dwarf_private.h"

enum { MOST_PIECES = 16, MOST_WORDS = 64 };

struct piece {
	uint64_t at, size; // of the value, in bytes
	uint32_t place;    // as in dwarf_function(); DWARF_NOWHERE: in no general register
};

struct value {
	struct dwarf *d;
	struct piece piece[MOST_PIECES];
	size_t n, words;
	struct dwarf_fields *out;
};

// Go's order of registers, by their numbers in DWARF (AMD64 ABI, figure 3.36; DWARF for the Arm 64-bit architecture).
#if defined(__x86_64__)
static const int8_t order[] = { 0, -1, 2, 1, 4, 3, -1, -1, 5, 6, 7, 8 };
enum { REGISTERS = 9 };
#else
static const int8_t order[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
enum { REGISTERS = 16 };
#endif

static uint32_t place_of_register(uint32_t number)
{
	return number < ARRAY_SIZE(order) && order[number] >= 0 ? (uint32_t)order[number] : DWARF_NOWHERE;
}

// Behind the return address, which is what the frame's base is counted from.
static uint32_t place_on_stack(int64_t offset)
{
	return offset >= 0 && offset < 1024 && offset % 8 == 0 ? REGISTERS + (uint32_t)offset / 8 : DWARF_NOWHERE;
}

static void add_piece(struct value *v, uint64_t size, uint32_t place)
{
	uint64_t at = v->n ? v->piece[v->n - 1].at + v->piece[v->n - 1].size : 0;

	if (v->n < MOST_PIECES)
		v->piece[v->n++] = (struct piece){ at, MIN(size, (uint64_t)UINT32_MAX), place };
}

static void read_location(struct value *v, uint64_t size, const Dwarf_Op *op, size_t n)
{
	uint32_t place = DWARF_NOWHERE;

	for (size_t i = 0; i < n; i++) {
		if (op[i].atom >= DW_OP_reg0 && op[i].atom <= DW_OP_reg31) {
			place = place_of_register(op[i].atom - DW_OP_reg0);
		} else if (op[i].atom == DW_OP_piece) {
			add_piece(v, op[i].number, place);
			place = DWARF_NOWHERE;
		} else if (op[i].atom == DW_OP_fbreg || op[i].atom == DW_OP_call_frame_cfa) {
			place = place_on_stack(op[i].atom == DW_OP_fbreg ? (int64_t)op[i].number : 0);
		} else {
			v->n = 0; // computed in a way that is not Go's
			return;
		}
	}
	if (!v->n && size <= 8) // Go may give a string of which only the length is used the length's place
		add_piece(v, 8, place);
}

static uint32_t find_place(const struct value *v, uint64_t at, uint64_t size)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->piece[i].at == at && size <= v->piece[i].size)
			return v->piece[i].place;
	return DWARF_NOWHERE;
}

static void add_word(struct value *v, const char *name, Dwarf_Die *type, uint64_t at)
{
	struct dwarf *d = v->d;
	const struct type *t = dwarf_get(d, type, 0);
	uint32_t place = type_is_scalar(t) ? find_place(v, at, t->size) : DWARF_NOWHERE;

	if (v->words++ < MOST_WORDS)
		vec_push(d->world->arena, v->out, (struct event_field){
			.name = name, .type = t, .size = t->size, .is_signed = t->is_signed,
			.offset = place == DWARF_NOWHERE ? DWARF_NOWHERE : FIELD_GO + place * 8 });
}

static bool is_bytes_and_length(struct dwarf *d, Dwarf_Die *type)
{
	const char *name = d->dwarf_diename(type);

	return name && (strcmp(name, "string") == 0 || strncmp(name, "[]", 2) == 0);
}

static void add_value(struct value *v, const char *name, Dwarf_Die *type, uint64_t at, int depth)
{
	struct dwarf *d = v->d;
	Dwarf_Die member, inner;
	bool plain = is_bytes_and_length(d, type); // its first member is the address

	if (d->dwarf_tag(type) != DW_TAG_structure_type) {
		add_word(v, name, type, at);
		return;
	}
	if (depth > MAX_DEPTH || d->dwarf_child(type, &member) != 0)
		return;
	do {
		const char *own = d->dwarf_diename(&member);
		uint64_t behind = 0;

		if (d->dwarf_tag(&member) != DW_TAG_member || !own || !dwarf_type_of(d, &member, &inner) || v->words >= MOST_WORDS)
			continue;
		dwarf_number(d, &member, DW_AT_data_member_location, &behind);
		add_value(v, plain ? name : arena_printf(d->world->arena, "%s.%s", name, own), &inner, at + behind, depth + 1);
		plain = false;
	} while (dwarf_next(d, &member));
}

static void add_parameter(struct dwarf *d, Dwarf_Die *p, uint64_t address, struct dwarf_fields *out)
{
	struct value v = { .d = d, .out = out };
	const char *name = d->dwarf_diename(p);
	Dwarf_Attribute where;
	Dwarf_Op *ops;
	size_t n;
	Dwarf_Die type;
	Dwarf_Word size = 0;

	if (dwarf_flag(d, p, DW_AT_variable_parameter) || !name || !dwarf_type_of(d, p, &type)) // Go marks results so
		return;
	if (d->dwarf_aggregate_size(&type, &size) == 0 && d->dwarf_attr_integrate(p, DW_AT_location, &where) &&
	    d->dwarf_getlocation_addr(&where, address, &ops, &n, 1) == 1)
		read_location(&v, size, ops, n);
	add_value(&v, name, &type, 0, 0);
}

void dwarf_go_arguments(struct dwarf *d, Dwarf_Die *fn, uint64_t address, struct dwarf_fields *out)
{
	Dwarf_Die child;

	if (d->dwarf_child(fn, &child) != 0)
		return;
	do {
		if (d->dwarf_tag(&child) == DW_TAG_formal_parameter)
			add_parameter(d, &child, address, out);
	} while (dwarf_next(d, &child));
}
