// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/dw_die.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/util.h"

#define MOST_ATTRIBUTES (1u << 20)
#define MOST_RANGES (1u << 20) // of one entry
#define NAME_DEPTH 8

// Abbreviations -----------------------------------------------------------------------------------------------------------

// Bytes of a form, -1: as many as it says itself. DWARF 5 §7.5.6.
static int form_size(uint16_t form, const struct dw_abbrevs *t)
{
	switch (form) {
	case DW_FORM_flag_present: case DW_FORM_implicit_const: return 0;
	case DW_FORM_data1: case DW_FORM_ref1: case DW_FORM_flag: case DW_FORM_strx1: case DW_FORM_addrx1: return 1;
	case DW_FORM_data2: case DW_FORM_ref2: case DW_FORM_strx2: case DW_FORM_addrx2: return 2;
	case DW_FORM_strx3: case DW_FORM_addrx3: return 3;
	case DW_FORM_data4: case DW_FORM_ref4: case DW_FORM_strx4: case DW_FORM_addrx4: case DW_FORM_ref_sup4: return 4;
	case DW_FORM_data8: case DW_FORM_ref8: case DW_FORM_ref_sig8: case DW_FORM_ref_sup8: return 8;
	case DW_FORM_data16: return 16;
	case DW_FORM_addr: return t->address_size;
	case DW_FORM_ref_addr: return t->version == 2 ? t->address_size : t->offset_size;
	case DW_FORM_strp: case DW_FORM_sec_offset: case DW_FORM_line_strp: case DW_FORM_strp_sup: case DW_FORM_GNU_strp_alt: case DW_FORM_GNU_ref_alt:
		return t->offset_size;
	default: return -1;
	}
}

static void read_attributes(struct dw_abbrevs *t, struct dw_bytes *b, struct dw_abbrev *a)
{
	a->first = (uint32_t)t->attributes.n;
	while (!b->failed && t->attributes.n < MOST_ATTRIBUTES) {
		struct dw_attribute at = { .name = (uint16_t)dw_uleb(b), .form = (uint16_t)dw_uleb(b) };
		int size;

		if (at.form == DW_FORM_implicit_const)
			at.implicit = dw_sleb(b);
		if (!at.name && !at.form)
			break;
		size = form_size(at.form, t);
		a->fixed = size < 0 || a->fixed < 0 || a->fixed > 1 << 20 ? -1 : a->fixed + size;
		if (at.name == DW_AT_sibling)
			a->sibling = a->n + 1;
		vec_push(NULL, &t->attributes, at);
		a->n++;
	}
}

static int by_code(const void *a, const void *b)
{
	const struct dw_abbrev *x = a, *y = b;

	return (x->code > y->code) - (x->code < y->code);
}

static struct dw_abbrevs *read_table(struct dw_file *f, const struct dw_unit *u)
{
	struct dw_abbrevs *t;
	struct dw_bytes b;

	if (!dw_section_rest(f, DW_ABBREV, u->abbrevs, &b))
		return NULL;
	t = xcalloc(1, sizeof *t);
	*t = (struct dw_abbrevs){ .offset = u->abbrevs, .address_size = u->address_size, .offset_size = u->offset_size, .version = u->version, .dense = true };
	const uint8_t *start = b.p;
	while (!b.failed && t->attributes.n < MOST_ATTRIBUTES) {
		struct dw_abbrev a = { .code = dw_uleb(&b) };

		if (!a.code)
			break;
		a.tag = (uint16_t)dw_uleb(&b);
		a.children = dw_fixed(&b, 1);
		read_attributes(t, &b, &a);
		if (b.failed)
			break;
		vec_push(NULL, &t->list, a);
		t->dense &= a.code == t->list.n;
	}
	dw_spend(f, (uint64_t)(b.p - start) * 4);
	if (!t->dense && t->list.n)
		qsort(t->list.v, t->list.n, sizeof *t->list.v, by_code);
	return t;
}

void dw_abbrevs_free(struct dw_abbrevs *t)
{
	if (!t)
		return;
	vec_free(&t->list);
	vec_free(&t->attributes);
	free(t);
}

struct dw_abbrevs *dw_abbrevs_of(struct dw_file *f, const struct dw_unit *u)
{
	struct dw_abbrevs **at;

	for (size_t i = 0; i < ARRAY_SIZE(f->tables); i++) {
		struct dw_abbrevs *t = f->tables[i];

		if (t && t->offset == u->abbrevs && t->address_size == u->address_size && t->offset_size == u->offset_size && t->version == u->version)
			return t;
	}
	if (!dw_spend(f, 1))
		return NULL;
	at = &f->tables[f->next_table++ % ARRAY_SIZE(f->tables)];
	dw_abbrevs_free(*at);
	*at = read_table(f, u);
	return *at;
}

const struct dw_abbrev *dw_abbrev(const struct dw_abbrevs *t, uint64_t code)
{
	if (t->dense)
		return code - 1 < t->list.n ? &t->list.v[code - 1] : NULL;
	return bsearch(&(struct dw_abbrev){ .code = code }, t->list.v, t->list.n, sizeof *t->list.v, by_code);
}

// Values ------------------------------------------------------------------------------------------------------------------

void dw_value(struct dw_bytes *b, const struct dw_unit *u, const struct dw_attribute *a, struct dw_value *v)
{
	const struct dw_abbrevs sizes = { .address_size = u->address_size, .offset_size = u->offset_size, .version = u->version };
	int size;

	*v = (struct dw_value){ .form = a->form };
	for (int i = 0; v->form == DW_FORM_indirect && i < 4; i++)
		v->form = (uint16_t)dw_uleb(b);
	switch (v->form) {
	case DW_FORM_implicit_const: v->u = (uint64_t)a->implicit; return;
	case DW_FORM_flag_present: v->u = 1; return;
	case DW_FORM_string: v->text = dw_text(b); return;
	case DW_FORM_udata: case DW_FORM_ref_udata: case DW_FORM_strx: case DW_FORM_addrx: case DW_FORM_rnglistx: case DW_FORM_loclistx:
	case DW_FORM_GNU_addr_index: case DW_FORM_GNU_str_index:
		v->u = dw_uleb(b);
		return;
	case DW_FORM_sdata: v->u = (uint64_t)dw_sleb(b); return;
	case DW_FORM_block: case DW_FORM_exprloc: dw_skip(b, dw_uleb(b)); return;
	case DW_FORM_block1: dw_skip(b, dw_fixed(b, 1)); return;
	case DW_FORM_block2: dw_skip(b, dw_fixed(b, 2)); return;
	case DW_FORM_block4: dw_skip(b, dw_fixed(b, 4)); return;
	case DW_FORM_data16: dw_skip(b, 16); return;
	default: break;
	}
	size = form_size(v->form, &sizes);
	if (size < 0)
		b->failed = true; // a form nobody knows: what follows cannot be found
	else
		v->u = dw_fixed(b, (unsigned)size);
}

static uint64_t table_word(const struct dw_file *f, enum dw_section_id s, uint64_t base, uint64_t index, unsigned size)
{
	struct dw_bytes b;

	if (index > UINT32_MAX || base > UINT64_MAX / 2 || !dw_section_bytes(f, s, base + index * size, size, &b))
		return UINT64_MAX;
	return dw_fixed(&b, size);
}

const char *dw_value_text(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v)
{
	switch (v->form) {
	case DW_FORM_string: return v->text;
	case DW_FORM_strp: return dw_section_text(f, DW_STR, v->u);
	case DW_FORM_line_strp: return dw_section_text(f, DW_LINE_STR, v->u);
	case DW_FORM_strx: case DW_FORM_strx1: case DW_FORM_strx2: case DW_FORM_strx3: case DW_FORM_strx4: case DW_FORM_GNU_str_index:
		return dw_section_text(f, DW_STR, table_word(f, DW_STR_OFFSETS, u->str_offsets, v->u, u->offset_size));
	case DW_FORM_GNU_strp_alt: case DW_FORM_strp_sup: {
		struct dw_file *alt = dw_alt(f);

		return alt ? dw_section_text(alt, DW_STR, v->u) : "";
	}
	default: return "";
	}
}

bool dw_value_is_address(const struct dw_value *v)
{
	switch (v->form) {
	case DW_FORM_addr: case DW_FORM_addrx: case DW_FORM_addrx1: case DW_FORM_addrx2: case DW_FORM_addrx3: case DW_FORM_addrx4: case DW_FORM_GNU_addr_index:
		return true;
	default: return false;
	}
}

uint64_t dw_value_address(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v)
{
	if (v->form == DW_FORM_addr || !dw_value_is_address(v))
		return v->u;
	uint64_t a = table_word(f, DW_ADDR, u->addr, v->u, u->address_size);
	return a == UINT64_MAX ? 0 : a;
}

bool dw_value_die(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v, struct dw_file **in, uint64_t *die)
{
	*in = f;
	switch (v->form) {
	case DW_FORM_ref1: case DW_FORM_ref2: case DW_FORM_ref4: case DW_FORM_ref8: case DW_FORM_ref_udata:
		*die = u->offset + v->u;
		return v->u < u->end - u->offset;
	case DW_FORM_ref_addr:
		*die = v->u;
		return true;
	case DW_FORM_GNU_ref_alt: case DW_FORM_ref_sup4: case DW_FORM_ref_sup8:
		*in = dw_alt(f);
		*die = v->u;
		return *in != NULL;
	default: return false; // a type's signature
	}
}

// Ranges ------------------------------------------------------------------------------------------------------------------

// DWARF 2 to 4: pairs that count from the unit's base; (-1, base) sets another; (0, 0) ends.
static void old_ranges(struct dw_file *f, const struct dw_unit *u, uint64_t offset, dw_range_fn *each, void *arg)
{
	uint64_t base = u->base, none = u->address_size == 8 ? UINT64_MAX : UINT32_MAX;
	struct dw_bytes b;

	if (!dw_section_rest(f, DW_RANGES, offset, &b))
		return;
	for (unsigned i = 0; i < MOST_RANGES && dw_spend(f, 16); i++) {
		uint64_t low = dw_fixed(&b, u->address_size), high = dw_fixed(&b, u->address_size);

		if (b.failed || (!low && !high))
			return;
		if (low == none)
			base = high;
		else if (low < high)
			each(arg, base + low, base + high);
	}
}

static uint64_t indexed(struct dw_file *f, const struct dw_unit *u, struct dw_bytes *b)
{
	return dw_value_address(f, u, &(struct dw_value){ .form = DW_FORM_addrx, .u = dw_uleb(b) });
}

static void new_ranges(struct dw_file *f, const struct dw_unit *u, uint64_t offset, dw_range_fn *each, void *arg)
{
	uint64_t base = u->base, low = 0, high = 0;
	struct dw_bytes b;

	if (!dw_section_rest(f, DW_RNGLISTS, offset, &b))
		return;
	for (unsigned i = 0; i < MOST_RANGES && dw_spend(f, 16) && !b.failed; i++) {
		switch (dw_fixed(&b, 1)) {
		case DW_RLE_end_of_list: return;
		case DW_RLE_base_addressx: base = indexed(f, u, &b); continue;
		case DW_RLE_base_address: base = dw_fixed(&b, u->address_size); continue;
		case DW_RLE_startx_endx: low = indexed(f, u, &b); high = indexed(f, u, &b); break;
		case DW_RLE_startx_length: low = indexed(f, u, &b); high = low + dw_uleb(&b); break;
		case DW_RLE_offset_pair: low = base + dw_uleb(&b); high = base + dw_uleb(&b); break;
		case DW_RLE_start_end: low = dw_fixed(&b, u->address_size); high = dw_fixed(&b, u->address_size); break;
		case DW_RLE_start_length: low = dw_fixed(&b, u->address_size); high = low + dw_uleb(&b); break;
		default: return;
		}
		if (low < high && !b.failed)
			each(arg, low, high);
	}
}

void dw_value_ranges(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v, dw_range_fn *each, void *arg)
{
	uint64_t offset = v->u;

	if (u->version < 5) {
		old_ranges(f, u, offset, each, arg);
		return;
	}
	if (v->form == DW_FORM_rnglistx) {
		offset = table_word(f, DW_RNGLISTS, u->rnglists, v->u, u->offset_size);
		if (offset == UINT64_MAX)
			return;
		offset += u->rnglists;
	}
	new_ranges(f, u, offset, each, arg);
}

// Entries -----------------------------------------------------------------------------------------------------------------

// The entry at an offset: its abbreviation, and its attributes' bytes.
static const struct dw_abbrev *open_die(struct dw_file *f, const struct dw_unit *u, uint64_t die, struct dw_abbrevs **t, struct dw_bytes *b)
{
	*t = dw_abbrevs_of(f, u);
	if (!*t || die < u->die || die >= u->end || !dw_section_bytes(f, DW_INFO, die, u->end - die, b))
		return NULL;
	return dw_abbrev(*t, dw_uleb(b));
}

struct root {
	struct dw_value low, high, ranges, folder;
	bool has_low, has_high, has_ranges;
};

static void read_root(struct dw_unit *u, const struct dw_abbrevs *t, const struct dw_abbrev *a, struct dw_bytes *b, struct root *r)
{
	for (uint32_t i = 0; i < a->n && !b->failed; i++) {
		const struct dw_attribute *at = &t->attributes.v[a->first + i];
		struct dw_value v;

		dw_value(b, u, at, &v);
		switch (at->name) {
		case DW_AT_low_pc: r->low = v; r->has_low = true; break;
		case DW_AT_high_pc: r->high = v; r->has_high = true; break;
		case DW_AT_ranges: r->ranges = v; r->has_ranges = true; break;
		case DW_AT_comp_dir: r->folder = v; break;
		case DW_AT_stmt_list: u->lines = v.u; u->has_lines = true; break;
		case DW_AT_str_offsets_base: u->str_offsets = v.u; break;
		case DW_AT_addr_base: case DW_AT_GNU_addr_base: u->addr = v.u; break;
		case DW_AT_rnglists_base: u->rnglists = v.u; break;
		default: break;
		}
	}
}

void dw_unit_root(struct dw_file *f, struct dw_unit *u, dw_range_fn *each, void *arg)
{
	struct dw_abbrevs *t;
	struct dw_bytes b;
	struct root r = { 0 };
	const struct dw_abbrev *a;

	if (u->rooted && !each)
		return;
	u->rooted = true;
	// first entries are short; the rest of the unit is not read for them
	t = dw_abbrevs_of(f, u);
	if (!t || !dw_section_bytes(f, DW_INFO, u->die, MIN(u->end - u->die, 4096u), &b))
		return;
	a = dw_abbrev(t, dw_uleb(&b));
	if (!a || (a->tag != DW_TAG_compile_unit && a->tag != DW_TAG_partial_unit && a->tag != DW_TAG_skeleton_unit))
		return;
	read_root(u, t, a, &b, &r);
	u->base = r.has_low ? dw_value_address(f, u, &r.low) : 0;
	u->folder = dw_value_text(f, u, &r.folder);
	if (!each)
		return;
	if (r.has_ranges)
		dw_value_ranges(f, u, &r.ranges, each, arg);
	else if (r.has_low && r.has_high)
		each(arg, u->base, dw_value_is_address(&r.high) ? dw_value_address(f, u, &r.high) : u->base + r.high.u);
}

const char *dw_function_name(struct dw_file *f, uint64_t die)
{
	const char *plain = NULL;

	for (int depth = 0; depth < NAME_DEPTH; depth++) {
		struct dw_unit *u = dw_unit_of(f, die);
		struct dw_value origin = { 0 };
		struct dw_abbrevs *t;
		struct dw_bytes b;
		const struct dw_abbrev *a = u ? open_die(f, u, die, &t, &b) : NULL;

		if (!a)
			return plain;
		dw_unit_root(f, u, NULL, NULL);
		t = dw_abbrevs_of(f, u);
		if (!t || !(a = open_die(f, u, die, &t, &b)))
			return plain;
		for (uint32_t i = 0; i < a->n && !b.failed; i++) {
			const struct dw_attribute *at = &t->attributes.v[a->first + i];
			struct dw_value v;

			dw_value(&b, u, at, &v);
			if (at->name == DW_AT_linkage_name || at->name == DW_AT_MIPS_linkage_name)
				return dw_value_text(f, u, &v);
			if (at->name == DW_AT_name && !plain)
				plain = dw_value_text(f, u, &v);
			if (at->name == DW_AT_abstract_origin || at->name == DW_AT_specification)
				origin = v;
		}
		if (!origin.form || !dw_value_die(f, u, &origin, &f, &die))
			return plain;
	}
	return plain;
}
