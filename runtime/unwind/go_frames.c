// SPDX-License-Identifier: Apache-2.0
// Layout, by Go's runtime/symtab.go and cmd/internal/obj/pcln.go: a header (magic, two zeros, the unit of code addresses, the size of a
// pointer, words), a sorted table of pairs (entry, offset of the function's record), records, and runs of deltas that records point to: a
// varint for the value, its sign in the lowest bit, and one for how long the value before it held; a 0 ends the run.
#include "runtime/unwind/go_frames.h"

#include <elf.h>
#include <string.h>

#include "base/util.h"
#include "runtime/dw_bytes.h"

#define HEAD 8 // bytes in front of the header's words
#define MODULE_TEXT 22 // word of the runtime's moduledata where the code begins
#define MOST_TRIES 64 // of places that look like a table
#define RUNS 8 // how often the table's bytes are read, on the average
#define RELA_MOST 1000000 // relocations that are looked through for the header's
#define VALUE_MOST (1 << 30) // bytes of a frame

static const struct format {
	uint32_t magic;
	uint8_t words;   // of the header; then which word is:
	uint8_t text;    // where the code begins; 0: entries are addresses
	uint8_t names, deltas, functions; // the offset of the names, the deltas, the pairs; 0: they count from the table's first byte
} formats[] = {
	{ 0xfffffffb, 1, 0, 0, 0, 0 }, // Go 1.2
	{ 0xfffffffa, 7, 0, 2, 5, 6 }, // 1.16
	{ 0xfffffff0, 8, 2, 3, 6, 7 }, // 1.18
	{ 0xfffffff1, 8, 2, 3, 6, 7 }, // 1.20
};

enum { RECORD_NAME = 4, RECORD_DELTAS = 16, RECORD_FLAGS = 37, RECORD_LINE_BYTES = 4, RECORD_WIDER = 4 }; // with 32-bit entries
enum { FLAG_OUTERMOST = 1, FLAG_SWITCHES = 2 };

// Of functions written in assembler, which older tables say less of.
enum kind { KIND_PLAIN, KIND_OUTERMOST, KIND_SWITCHES, KIND_SIGNAL, KIND_HANDLER };
static const struct { const char *name; enum kind kind; } special[] = {
	{ "runtime.goexit", KIND_OUTERMOST }, { "runtime.goexit.abi0", KIND_OUTERMOST }, { "runtime.mstart", KIND_OUTERMOST },
	{ "runtime.mcall", KIND_OUTERMOST }, { "runtime.rt0_go", KIND_OUTERMOST }, { "_rt0_amd64", KIND_OUTERMOST }, { "_rt0_amd64_linux", KIND_OUTERMOST },
	{ "runtime.systemstack", KIND_SWITCHES }, { "runtime.asmcgocall", KIND_SWITCHES }, { "runtime.morestack", KIND_SWITCHES },
	{ "runtime.sigreturn", KIND_SIGNAL }, { "runtime.sigreturn__sigaction", KIND_SIGNAL },
	{ "runtime.sigtramp", KIND_HANDLER }, { "crosscall2", KIND_HANDLER },
};

static bool read_at(const struct go_frames *g, uint64_t offset, void *ret, uint64_t n)
{
	if (offset > g->size || n > g->size - offset)
		return false;
	memcpy(ret, g->bytes + offset, n);
	return true;
}

static uint32_t read32(const struct go_frames *g, uint64_t offset)
{
	uint32_t v = 0;

	read_at(g, offset, &v, sizeof v);
	return v;
}

// The header ---------------------------------------------------------------------------------------------------------------

// What a program that was linked to lie anywhere has at an address.
static uint64_t relocated(const struct image_part *rela, uint64_t address)
{
	uint64_t entry[3]; // address, type and symbol, addend

	for (uint64_t i = 0; rela->bytes && i < MIN(rela->size / sizeof entry, (uint64_t)RELA_MOST); i++) {
		memcpy(entry, rela->bytes + i * sizeof entry, sizeof entry);
		if (entry[0] == address)
			return entry[2];
	}
	return 0;
}

static uint64_t pointer_at(const struct image *m, const struct image_part *part, uint64_t offset)
{
	uint64_t v = 0;

	if (!part->bytes || offset > part->size || part->size - offset < sizeof v)
		return 0;
	memcpy(&v, part->bytes + offset, sizeof v);
	return v ? v : relocated(&m->rela, part->address + offset);
}

static const struct format *format_of(const struct image_part *part)
{
	uint32_t magic;

	if (!part->bytes || part->size < HEAD || part->bytes[4] || part->bytes[5] || part->bytes[6] != 1 || part->bytes[7] != 8)
		return NULL;
	memcpy(&magic, part->bytes, sizeof magic);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].magic == magic && part->size >= HEAD + formats[i].words * 8u)
			return &formats[i];
	return NULL;
}

static bool open_table(const struct image *m, const struct image_part *part, struct go_frames *ret)
{
	const struct format *f = format_of(part);
	uint64_t word[8];

	if (!f)
		return false;
	memcpy(word, part->bytes + HEAD, f->words * 8u);
	struct go_frames g = { .bytes = part->bytes, .size = part->size, .wide = !f->text, .has_line = f->magic == 0xfffffff1, .n = word[0],
			       .left = part->size * RUNS };
	g.names = f->names ? word[f->names] : 0;
	g.deltas = f->deltas ? word[f->deltas] : 0;
	g.pairs = f->functions ? word[f->functions] : HEAD + 8;
	g.records = f->functions ? g.pairs : 0;
	if (g.names > g.size || g.deltas > g.size || g.pairs > g.size || !g.n || g.n >= (g.size - g.pairs) / (g.wide ? 16 : 8))
		return false;
	if (!g.wide && !(g.text = pointer_at(m, part, HEAD + f->text * 8u)) && !(g.text = pointer_at(m, &m->go_module, MODULE_TEXT * 8)))
		return false;
	*ret = g;
	return true;
}

// The C linker has put the table among a program's other data, on a boundary of 8.
static bool search_table(const struct image *m, const struct image_part *data, struct go_frames *ret)
{
	unsigned tries = MOST_TRIES;

	for (uint64_t at = 0; data->bytes && tries && at + HEAD <= data->size; at += 8) {
		struct image_part part = { data->bytes + at, data->size - at, data->address + at };

		if (format_of(&part) && tries-- && open_table(m, &part, ret))
			return true;
	}
	return false;
}

bool go_frames_open(const struct image *m, struct go_frames *ret)
{
	*ret = (struct go_frames){ 0 };
	if (m->machine != EM_X86_64)
		return false;
	if (m->go_table.bytes || !m->is_go)
		return open_table(m, &m->go_table, ret);
	return search_table(m, &m->data[0], ret) || search_table(m, &m->data[1], ret);
}

// Functions ----------------------------------------------------------------------------------------------------------------

static uint64_t entry_of(const struct go_frames *g, uint64_t i)
{
	uint64_t entry = 0;

	if (!g->wide)
		return g->text + read32(g, g->pairs + i * 8);
	read_at(g, g->pairs + i * 16, &entry, sizeof entry);
	return entry;
}

bool go_frames_function(const struct go_frames *g, uint64_t i, uint64_t *begin, uint64_t *end)
{
	if (i >= g->n)
		return false;
	*begin = entry_of(g, i);
	*end = entry_of(g, i + 1);
	return *begin < *end;
}

static uint64_t record_of(const struct go_frames *g, uint64_t i)
{
	uint64_t behind = 0;

	if (!g->wide)
		behind = read32(g, g->pairs + i * 8 + 4);
	else if (!read_at(g, g->pairs + i * 16 + 8, &behind, sizeof behind))
		return g->size;
	return behind > g->size - g->records ? g->size : g->records + behind;
}

static bool is_named(const struct go_frames *g, uint64_t name, const char *what)
{
	size_t n = strlen(what) + 1;

	return name <= g->size && n <= g->size - name && memcmp(g->bytes + name, what, n) == 0;
}

static enum kind kind_of(const struct go_frames *g, uint64_t i)
{
	uint64_t record = record_of(g, i), name = g->names + read32(g, record + RECORD_NAME + (g->wide ? RECORD_WIDER : 0));
	uint8_t flags = 0, first = 0;

	read_at(g, name, &first, 1);
	for (size_t k = 0; k < ARRAY_SIZE(special); k++)
		if ((uint8_t)*special[k].name == first && is_named(g, name, special[k].name))
			return special[k].kind;
	if (!g->wide)
		read_at(g, record + RECORD_FLAGS + (g->has_line ? RECORD_LINE_BYTES : 0), &flags, 1);
	return flags & FLAG_OUTERMOST ? KIND_OUTERMOST : flags & FLAG_SWITCHES ? KIND_SWITCHES : KIND_PLAIN;
}

// Rows ---------------------------------------------------------------------------------------------------------------------

static inline void frame_row(struct cfi_teller *t, uint64_t address, int64_t value, enum unwind_reg fp)
{
	if (value < 0 || value > VALUE_MOST)
		cfi_tell(t, address, UNWIND_CFA_NONE, 0);
	else
		cfi_tell(t, address, UNWIND_CFA_SP | (uint64_t)fp << 8 | (uint64_t)UNWIND_AT_CFA << 16 | (uint64_t)(value + 8) << 32,
		     (fp == UNWIND_AT_CFA ? (uint16_t)-16 : 0) | (uint64_t)(uint16_t)-8 << 16);
}

// `value` holds from begin to end; before it did `before`. Either `push %rbp` made the frame, or the stack pointer was lowered, and the next
// instruction, of 5 bytes or 8, saves the frame pointer.
static inline void value_rows(struct cfi_teller *t, enum kind kind, uint64_t begin, uint64_t end, int64_t value, int64_t before)
{
	uint64_t saving = value - 8 <= INT8_MAX ? 5 : 8;

	if (kind == KIND_HANDLER || value < 8) {
		frame_row(t, begin, value, value < 8 ? UNWIND_SAME : UNWIND_LOST);
		return;
	}
	if (before < 8 && value > 8) {
		frame_row(t, begin, value, UNWIND_SAME);
		begin += saving;
	}
	if (begin < end)
		frame_row(t, begin, value, UNWIND_AT_CFA);
}

static void run_deltas(struct dw_bytes *c, enum kind kind, uint64_t begin, uint64_t end, struct cfi_teller *t)
{
	int32_t value = -1;
	int64_t before = 0;
	uint32_t length;

	for (uint64_t at = begin; at < end; at += length, before = value) {
		uint32_t change = (uint32_t)dw_uleb(c);

		length = (uint32_t)dw_uleb(c);
		if (c->failed || (change == 0 && at != begin)) {
			cfi_tell(t, at, UNWIND_CFA_NONE, 0);
			return;
		}
		value = (int32_t)((uint32_t)value + ((change >> 1) ^ (0 - (change & 1))));
		value_rows(t, kind, at, MIN(at + length, end), value, before);
	}
}

// The deltas of function i, as many of their bytes as may still be read.
static struct dw_bytes deltas_of(const struct go_frames *g, uint64_t i)
{
	uint64_t at = g->deltas + read32(g, record_of(g, i) + RECORD_DELTAS + (g->wide ? RECORD_WIDER : 0));
	const uint8_t *p = g->bytes + MIN(at, g->size);

	return (struct dw_bytes){ p, p + MIN(g->size - MIN(at, g->size), g->left), false };
}

void go_frames_run(struct go_frames *g, uint64_t i, cfi_rows *each, void *arg)
{
	struct cfi_row rows[CFI_ROWS];
	struct cfi_teller t = { rows, rows, each, arg };
	enum kind kind = kind_of(g, i);
	uint64_t begin, end;

	if (!go_frames_function(g, i, &begin, &end))
		return;
	struct dw_bytes c = deltas_of(g, i);
	const uint8_t *first = c.p;
	switch (kind) {
	case KIND_OUTERMOST:
		cfi_tell(&t, begin, UNWIND_CFA_STOP, 0);
		break;
	case KIND_SIGNAL:
		cfi_tell(&t, begin - 1, UNWIND_CFA_SIGNAL, 0);
		break;
	case KIND_SWITCHES:
		cfi_tell(&t, begin, UNWIND_CFA_SWITCH | (uint64_t)UNWIND_AT_CFA << 8 | (uint64_t)UNWIND_AT_CFA << 16 | (uint64_t)16 << 32,
		     (uint16_t)-16 | (uint64_t)(uint16_t)-8 << 16);
		break;
	case KIND_PLAIN: case KIND_HANDLER:
		run_deltas(&c, kind, begin, end, &t);
		g->left -= (uint64_t)(c.p - first);
		break;
	}
	cfi_tell_rest(&t);
}
