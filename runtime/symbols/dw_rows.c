// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/dw_rows.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/symbols/dw_die.h"

#define MOST_ROWS (1u << 24)
#define MOST_FILES 65535u

struct header {
	uint8_t offset_size, address_size, minimum, operations, line_range, opcode_base;
	int8_t line_base;
	uint8_t lengths[256]; // operands of each standard opcode
	uint16_t version;
};

// Files -------------------------------------------------------------------------------------------------------------------

static void old_files(struct dw_bytes *b, const struct dw_unit *u, struct dw_rows *r)
{
	const char *s;

	vec_push(NULL, &r->folders, u->folder);
	while (!b->failed && r->folders.n < MOST_FILES && *(s = dw_text(b)))
		vec_push(NULL, &r->folders, s);
	vec_push(NULL, &r->files, (struct dw_source){ NULL, 0 }); // they count from 1
	while (!b->failed && r->files.n < MOST_FILES && *(s = dw_text(b))) {
		uint64_t folder = dw_uleb(b);

		dw_uleb(b); // time
		dw_uleb(b); // size
		vec_push(NULL, &r->files, (struct dw_source){ s, folder });
	}
}

// DWARF 5: the table says itself what each of its entries holds.
static void new_table(struct dw_file *f, struct dw_bytes *b, const struct dw_unit *u, struct dw_rows *r, bool files)
{
	struct { uint64_t what; struct dw_attribute form; } format[16];
	unsigned n = (unsigned)dw_fixed(b, 1);
	uint64_t count;

	for (unsigned i = 0; i < n; i++) {
		uint64_t what = dw_uleb(b);
		uint16_t form = (uint16_t)dw_uleb(b);

		if (i < ARRAY_SIZE(format)) {
			format[i].what = what;
			format[i].form = (struct dw_attribute){ .form = form };
		}
	}
	count = dw_uleb(b);
	if (n > ARRAY_SIZE(format) || (n == 0 && count)) {
		b->failed = true;
		return;
	}
	for (uint64_t i = 0; i < count && i < MOST_FILES && !b->failed && dw_spend(f, n); i++) {
		struct dw_source s = { .name = "" };
		uint64_t letters = 0;

		for (unsigned k = 0; k < n; k++) {
			struct dw_value v;

			dw_value(b, u, &format[k].form, &v);
			if (format[k].what == DW_LNCT_path)
				letters += strlen(s.name = dw_value_text(f, u, &v));
			else if (format[k].what == DW_LNCT_directory_index)
				s.folder = v.u;
		}
		dw_spend(f, letters / 16); // a long name costs more than an entry, and all may have the same
		if (files)
			vec_push(NULL, &r->files, s);
		else
			vec_push(NULL, &r->folders, s.name);
	}
}

static bool read_header(struct dw_file *f, const struct dw_unit *u, struct dw_bytes *b, struct header *h, struct dw_rows *r)
{
	uint64_t length;
	const uint8_t *program;

	*h = (struct header){ .address_size = u->address_size };
	dw_initial_length(b, &h->offset_size);
	h->version = (uint16_t)dw_fixed(b, 2);
	if (h->version < 2 || h->version > 5)
		return false;
	if (h->version >= 5) {
		h->address_size = (uint8_t)dw_fixed(b, 1);
		dw_fixed(b, 1); // segment selector
	}
	length = dw_fixed(b, h->offset_size);
	if (b->failed || length > dw_left(b))
		return false;
	program = b->p + length;
	h->minimum = (uint8_t)dw_fixed(b, 1);
	h->operations = h->version >= 4 ? (uint8_t)dw_fixed(b, 1) : 1;
	dw_fixed(b, 1); // is_stmt
	h->line_base = (int8_t)dw_fixed(b, 1);
	h->line_range = (uint8_t)dw_fixed(b, 1);
	h->opcode_base = (uint8_t)dw_fixed(b, 1);
	for (unsigned i = 1; i < h->opcode_base; i++)
		h->lengths[i] = (uint8_t)dw_fixed(b, 1);
	if (b->failed || !h->line_range || !h->opcode_base)
		return false;
	if (h->version >= 5) {
		new_table(f, b, u, r, false);
		new_table(f, b, u, r, true);
	} else {
		old_files(b, u, r);
	}
	b->p = program;
	b->failed = false;
	return true;
}

// The program -------------------------------------------------------------------------------------------------------------

struct machine {
	struct dw_rows *out;
	const struct header *h;
	uint64_t address, file, column;
	uint64_t line;
	size_t first; // row of the sequence
	bool sorted;
};

static void reset(struct machine *m)
{
	m->address = 0;
	m->file = m->line = 1;
	m->column = 0;
	m->first = m->out->rows.n;
	m->sorted = true;
}

static void emit(struct machine *m)
{
	struct dw_row row = { m->address, (uint32_t)MIN(m->line, UINT32_MAX), (uint16_t)MIN(m->file, 65535u), (uint16_t)MIN(m->column, 65535u) };
	struct dw_row *last = m->out->rows.n > m->first ? &m->out->rows.v[m->out->rows.n - 1] : NULL;

	if (last && last->address == row.address) { // the last of several counts
		*last = row;
		return;
	}
	if (last && last->address > row.address)
		m->sorted = false;
	if (m->out->rows.n < MOST_ROWS)
		vec_push(NULL, &m->out->rows, row);
}

static int by_address(const void *a, const void *b)
{
	const struct dw_row *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static void end_sequence(struct machine *m)
{
	size_t n = m->out->rows.n - m->first;
	struct dw_row *v = n ? m->out->rows.v + m->first : NULL;

	if (n && !m->sorted)
		qsort(v, n, sizeof *v, by_address);
	if (n && v->address && m->address > v->address) // at 0 is what the linker threw away
		vec_push(NULL, &m->out->sequences, (struct dw_sequence){ v->address, m->address, m->first, n });
	else
		m->out->rows.n = m->first;
	reset(m);
}

static void extended(struct machine *m, struct dw_bytes *b)
{
	uint64_t n = dw_uleb(b);
	struct dw_bytes in = { b->p, b->p + MIN(n, dw_left(b)), false };

	dw_skip(b, n);
	switch (dw_fixed(&in, 1)) {
	case DW_LNE_end_sequence: end_sequence(m); return;
	case DW_LNE_set_address: m->address = dw_fixed(&in, (unsigned)MIN(dw_left(&in), 8u)); return;
	default: return;
	}
}

static void advance(struct machine *m, uint64_t operations)
{
	m->address += operations * m->h->minimum; // VLIW machines, which have more than one operation in an instruction, are not ours
}

static void standard(struct machine *m, struct dw_bytes *b, uint8_t op)
{
	switch (op) {
	case DW_LNS_copy: emit(m); return;
	case DW_LNS_advance_pc: advance(m, dw_uleb(b)); return;
	case DW_LNS_advance_line: m->line += (uint64_t)dw_sleb(b); return;
	case DW_LNS_set_file: m->file = dw_uleb(b); return;
	case DW_LNS_set_column: m->column = dw_uleb(b); return;
	case DW_LNS_const_add_pc: advance(m, (255u - m->h->opcode_base) / m->h->line_range); return;
	case DW_LNS_fixed_advance_pc: m->address += dw_fixed(b, 2); return;
	default:
		for (unsigned i = 0; i < m->h->lengths[op]; i++) // of no meaning here, or of a later standard
			dw_uleb(b);
		return;
	}
}

static void run(struct machine *m, struct dw_bytes *b)
{
	const struct header *h = m->h;

	while (dw_left(b) && !b->failed) {
		uint8_t op = *b->p++;

		if (op >= h->opcode_base) {
			unsigned adjusted = (unsigned)op - h->opcode_base;

			advance(m, adjusted / h->line_range);
			m->line += (uint64_t)(int64_t)(h->line_base + (int)(adjusted % h->line_range));
			emit(m);
		} else if (op == 0) {
			extended(m, b);
		} else {
			standard(m, b, op);
		}
	}
}

static int by_low(const void *a, const void *b)
{
	const struct dw_sequence *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

void dw_rows_read(struct dw_file *f, const struct dw_unit *u, struct dw_rows *r)
{
	struct header h;
	struct dw_bytes b;
	struct machine m = { .out = r, .h = &h };

	if (!u->has_lines || !dw_section_bytes(f, DW_LINE, u->lines, MIN(f->section[DW_LINE].size - MIN(u->lines, f->section[DW_LINE].size), 12u), &b))
		return;
	struct dw_bytes length = b; // only this unit's part is read
	uint8_t offset_size;
	uint64_t n = dw_fixed(&length, 4);
	offset_size = n == 0xffffffff ? 8 : 4;
	n = offset_size == 8 ? dw_fixed(&length, 8) + 12 : n + 4;
	if (!dw_section_bytes(f, DW_LINE, u->lines, MIN(n, f->section[DW_LINE].size - u->lines), &b) || !dw_spend(f, n))
		return;
	if (read_header(f, u, &b, &h, r)) {
		reset(&m);
		run(&m, &b);
	}
	if (r->sequences.n)
		qsort(r->sequences.v, r->sequences.n, sizeof *r->sequences.v, by_low);
}

void dw_rows_free(struct dw_rows *r)
{
	vec_free(&r->rows);
	vec_free(&r->sequences);
	vec_free(&r->folders);
	vec_free(&r->files);
}

static const struct dw_sequence *sequence_of(const struct dw_rows *r, uint64_t address)
{
	size_t lo = 0, hi = r->sequences.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->sequences.v[mid].low <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 1; back <= 4 && back <= lo; back++)
		if (address < r->sequences.v[lo - back].high)
			return &r->sequences.v[lo - back];
	return NULL;
}

const struct dw_row *dw_rows_find(const struct dw_rows *r, uint64_t address)
{
	const struct dw_sequence *s = sequence_of(r, address);
	size_t lo = 0, hi = s ? s->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->rows.v[s->first + mid].address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &r->rows.v[s->first + lo - 1] : NULL;
}

void dw_rows_path(const struct dw_unit *u, const struct dw_rows *r, uint64_t file, struct str *out)
{
	const struct dw_source *s = file < r->files.n ? &r->files.v[file] : NULL;
	const char *folder;

	if (!s || !s->name || !*s->name)
		return;
	folder = *s->name != '/' && s->folder < r->folders.n ? r->folders.v[s->folder] : "";
	if (*s->name != '/' && *folder != '/' && s->folder && *u->folder) { // folder 0 is the unit's own
		str_adds(out, u->folder);
		str_addc(out, '/');
	}
	if (*folder) {
		str_adds(out, folder);
		str_addc(out, '/');
	}
	str_adds(out, s->name);
}
