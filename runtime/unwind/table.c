// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/table.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "runtime/unwind/cfi.h"
#include "runtime/unwind/go_frames.h"
#include "runtime/unwind/image.h"

#define GAP 15           // bytes between functions that are padding
#define FEW 8            // records: with fewer .debug_frame is read too
#define HDR_HEAD 4       // bytes of .eh_frame_hdr before its encoded pointers
#define HDR_SORTED 0x3b  // datarel | sdata4: the only form linkers write, and the one that can be searched
#define RULE_WORDS (sizeof(struct unwind_rule) / sizeof(uint32_t))
#define MEMO 256
#define FIRST_ROWS 4096
#define RUNS 8           // how often a section's bytes are run, on the average
#define CIES 64
#define ENTRY_MOST 256   // bytes of code that a program begins with

struct place { // of a function's record
	uint64_t begin;
	uint32_t offset, section; // section GO: the number of a function there
};
#define GO 2

struct places {
	struct place *v;
	size_t n, cap;
	bool sorted;
};

struct seen { // a rule, and its number
	uint64_t low, high, number, none; // a power of two: one is found by a shift
};

struct builder {
	const struct image *image;
	struct unwind_table *table;
	struct cfi_section section[2];
	struct go_frames go;
	struct cfi_cie cie[CIES]; // by a hash of their offset
	uint32_t cie_section[CIES];
	uint32_t *rows; // in the table's memory, behind room for `pages_most` pages
	size_t nrows, cap, pages_most;
	uint64_t last; // the last row's offset in the file
	uint32_t *pages, npages, pages_cap, first_page; // as a table has them, of the pages up to the last row's
	uint64_t pages_end; // offset in the file
	struct cfi_rule *rules;
	size_t nrules, rules_cap;
	uint32_t *slots; // open addressing: number of a rule + 1
	size_t nslots;
	struct seen memo[MEMO]; // by a hash; all zeros is the rule of row 0, whose number is 0
	const struct image_segment *code; // that the last function is in
	uint64_t delta;   // of the function at hand: offset in the file - virtual address
	uint64_t covered; // end of the last function, offset in the file
	uint64_t entry;   // where a program begins, offset in the file; UINT64_MAX: it is none
	uint64_t left;    // bytes of programs that may still be run: in a hostile file all records go on to the section's end
};

// Rules ----------------------------------------------------------------------------------------------------------------

static uint32_t rule_hash(uint64_t low, uint64_t high)
{
	uint64_t h = (low ^ (high * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;

	return (uint32_t)(h >> 32);
}

static bool is_rule(const struct cfi_rule *r, uint64_t low, uint64_t high)
{
	return r->low == low && r->high == high;
}

static void grow_slots(struct builder *b)
{
	size_t n = b->nslots ? b->nslots * 2 : 1024;

	free(b->slots);
	b->slots = xcalloc(n, sizeof *b->slots);
	b->nslots = n;
	for (size_t i = 0; i < b->nrules; i++) {
		size_t at = rule_hash(b->rules[i].low, b->rules[i].high) & (n - 1);

		while (b->slots[at])
			at = (at + 1) & (n - 1);
		b->slots[at] = (uint32_t)i + 1;
	}
}

static __attribute__((noinline)) uint16_t intern(struct builder *b, uint64_t low, uint64_t high)
{
	if (b->nrules * 2 >= b->nslots)
		grow_slots(b);
	size_t at = rule_hash(low, high) & (b->nslots - 1);
	for (; b->slots[at]; at = (at + 1) & (b->nslots - 1))
		if (is_rule(&b->rules[b->slots[at] - 1], low, high))
			return (uint16_t)(b->slots[at] - 1);
	if (b->nrules == UNWIND_RULES_MOST)
		return 0; // no compiler makes so many: what is too much is not known
	if (b->nrules == b->rules_cap) {
		b->rules_cap = b->rules_cap ? b->rules_cap * 2 : 512;
		b->rules = xrealloc(b->rules, b->rules_cap * sizeof *b->rules);
	}
	b->rules[b->nrules++] = (struct cfi_rule){ low, high };
	b->slots[at] = (uint32_t)b->nrules;
	return (uint16_t)(b->nrules - 1);
}

static inline __attribute__((always_inline)) uint16_t rule_number(struct builder *b, uint64_t low, uint64_t high)
{
	struct seen *s = &b->memo[((low ^ high << 7) * 0x9e3779b97f4a7c15u) >> 56 & (MEMO - 1)];

	if (s->low != low || s->high != high)
		*s = (struct seen){ .low = low, .high = high, .number = intern(b, low, high) };
	return (uint16_t)s->number;
}

// Rows -----------------------------------------------------------------------------------------------------------------

// A page begins with the row before its first one. Row 0, which says that nothing is known, is on no page.
static void reach_page(struct builder *b, uint32_t page, uint32_t nrows)
{
	if (b->npages == 0)
		b->first_page = page;
	uint32_t n = page - b->first_page + 1;
	if (n > b->pages_cap) {
		b->pages_cap = MAX(n, b->pages_cap * 2);
		b->pages = xrealloc(b->pages, b->pages_cap * sizeof *b->pages);
	}
	while (b->npages < n)
		b->pages[b->npages++] = nrows - 1;
	b->pages_end = ((uint64_t)page + 1) << UNWIND_PAGE_SHIFT;
}

static void make_room(struct builder *b, size_t n)
{
	struct unwind_table *t = b->table;
	size_t before = b->pages_most + 1;

	if (b->cap - b->nrows >= n)
		return;
	t->cap = MAX(t->cap * 2, before + b->nrows + n);
	t->memory = xrealloc(t->memory, t->cap * sizeof *t->memory);
	b->rows = t->memory + before;
	b->cap = t->cap - before;
}

static void add_rows(struct builder *b, const struct cfi_row *rows, size_t n, uint64_t delta)
{
	make_room(b, n);
	uint32_t *end = b->rows + b->nrows;
	uint64_t last = b->last;
	for (const struct cfi_row *r = rows; r < rows + n; r++) {
		uint64_t offset = r->address + delta;
		uint16_t rule = rule_number(b, r->low, r->high);

		if (offset - last - 1 >= UINT32_MAX - last) { // it is not behind the last one, or nowhere
			if (offset != last)
				continue; // of a function that lies over another one
			end -= end > b->rows + 1;
		}
		if ((uint16_t)end[-1] == rule)
			continue;
		if (offset >= b->pages_end)
			reach_page(b, (uint32_t)(offset >> UNWIND_PAGE_SHIFT), (uint32_t)(end - b->rows));
		*end++ = ((uint32_t)offset & ((1u << UNWIND_PAGE_SHIFT) - 1)) << 16 | rule;
		last = offset;
	}
	b->nrows = (size_t)(end - b->rows);
	b->last = last;
}

static void add_row(struct builder *b, uint64_t offset, uint64_t low, uint64_t high)
{
	add_rows(b, &(struct cfi_row){ offset, low, high }, 1, 0);
}

static void first_row(struct builder *b)
{
	struct unwind_table *t = b->table;

	b->pages_most = (MIN(b->image->size, (uint64_t)UINT32_MAX) >> UNWIND_PAGE_SHIFT) + 2; // rows lie in the file, but for ENTRY_MOST
	unwind_table_reserve(t, b->pages_most + 1 + FIRST_ROWS);
	b->rows = t->memory + b->pages_most + 1;
	b->cap = t->cap - b->pages_most - 1;
	b->rows[b->nrows++] = intern(b, UNWIND_CFA_NONE, 0);
}

static void on_rows(void *arg, const struct cfi_row *rows, size_t n)
{
	struct builder *b = arg;

	add_rows(b, rows, n, b->delta);
}

static bool may_run(struct builder *b, uint64_t n)
{
	bool enough = n <= b->left;

	b->left = enough ? b->left - n : 0;
	return enough;
}

static const struct cfi_cie *find_cie(struct builder *b, uint32_t section, uint64_t offset)
{
	size_t at = (offset / 4) % CIES;
	struct cfi_cie *c = &b->cie[at];
	uint64_t next = offset;

	if (!c->code_align || c->offset != offset || b->cie_section[at] != section) {
		cfi_record(&b->section[section], offset, &next);
		if (!may_run(b, next - offset))
			return NULL;
		b->cie_section[at] = section;
		if (!cfi_read_cie(&b->section[section], offset, c))
			*c = (struct cfi_cie){ .offset = offset, .code_align = 1 };
	}
	return c->usable ? c : NULL;
}

static bool read_function(struct builder *b, uint32_t section, uint64_t offset, struct cfi_fde *fde, const struct cfi_cie **cie)
{
	const struct cfi_section *s = &b->section[section];

	return cfi_open_fde(s, offset, fde) && (*cie = find_cie(b, section, fde->cie)) && cfi_read_fde(s, *cie, fde);
}

// Where a program begins is code without a caller, which the loader's, and some C libraries', does not say of itself. A library's entry
// means nothing: so it must be code that takes the stack pointer for its argument (mov %rsp,%rdi) or ends the chain of frame pointers
// (xor %ebp,%ebp).
static bool is_start(const struct image *m)
{
	static const struct { uint8_t n, bytes[3]; } starts[] = { { 3, { 0x48, 0x89, 0xe7 } }, { 2, { 0x31, 0xed } }, { 3, { 0x48, 0x31, 0xed } } };
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint64_t room = 0;
	const uint8_t *code = m->machine == EM_X86_64 ? image_bytes(m, m->entry, &room) : NULL;

	if (!code || room < sizeof endbr64 + sizeof starts->bytes)
		return false;
	code += memcmp(code, endbr64, sizeof endbr64) ? 0 : sizeof endbr64;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (memcmp(code, starts[i].bytes, starts[i].n) == 0)
			return true;
	return false;
}

// From the last function's end to the next one's begin. Padding is as the function's last row.
static void add_gap(struct builder *b, uint64_t next)
{
	uint64_t entry = b->entry;

	if (entry < b->covered || entry >= next) {
		if (next > b->covered + GAP)
			add_row(b, b->covered, UNWIND_CFA_NONE, 0);
		return;
	}
	add_row(b, b->covered, UNWIND_CFA_NONE, 0);
	add_row(b, entry, UNWIND_CFA_STOP, 0);
	if (next - entry > ENTRY_MOST)
		add_row(b, entry + ENTRY_MOST, UNWIND_CFA_NONE, 0);
}

static inline bool function_offset(struct builder *b, uint64_t address, uint64_t *ret)
{
	if (!b->code || address - b->code->address >= b->code->size)
		b->code = image_code(b->image, address);
	if (b->code)
		*ret = b->code->offset + (address - b->code->address);
	return b->code != NULL;
}

static void add_go_function(struct builder *b, const struct place *p)
{
	uint64_t address, end, begin;

	if (!go_frames_function(&b->go, p->offset, &address, &end) || !function_offset(b, address, &begin))
		return;
	end = begin + MIN(end - address, b->image->size - begin);
	if (end > UINT32_MAX || end <= b->covered)
		return;
	add_gap(b, begin);
	b->delta = begin - address;
	go_frames_run(&b->go, p->offset, on_rows, b);
	b->covered = end;
}

static void add_function(struct builder *b, const struct place *p)
{
	const struct cfi_cie *cie;
	struct cfi_fde fde;
	uint64_t begin;

	if (!read_function(b, p->section, p->offset, &fde, &cie) || !function_offset(b, fde.begin, &begin))
		return;
	fde.size = MIN(fde.size, b->image->size - begin);
	if (begin + fde.size > UINT32_MAX || begin + fde.size <= b->covered || !may_run(b, (uint64_t)(fde.end - fde.program)))
		return;
	add_gap(b, begin);
	b->delta = begin - fde.begin;
	if (cie->signal && begin) // it is entered by a return to its first byte, and what is looked up is the byte before
		add_row(b, begin - 1, UNWIND_CFA_SIGNAL, 0);
	cfi_run(&b->section[p->section], cie, &fde, on_rows, b);
	b->covered = begin + fde.size;
}

// Which functions there are ----------------------------------------------------------------------------------------------

static void reserve_places(struct places *p, size_t n)
{
	if (p->cap - p->n >= n)
		return;
	p->cap = MAX(p->cap * 2, p->n + n);
	p->v = xrealloc(p->v, p->cap * sizeof *p->v);
}

static void add_place(struct places *p, uint64_t begin, uint32_t section, uint64_t offset)
{
	if (offset > UINT32_MAX)
		return;
	reserve_places(p, 1);
	p->sorted = p->sorted && (p->n == 0 || p->v[p->n - 1].begin <= begin);
	p->v[p->n++] = (struct place){ begin, (uint32_t)offset, section };
}

static int by_begin(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

// version 1, encodings of: .eh_frame's address, the count, the table; then these. False when it is not there or not sane.
static bool places_by_header(struct builder *b, struct places *p)
{
	const struct image_part *h = &b->image->eh_frame_hdr;
	struct cfi_section s = { .bytes = h->bytes, .size = h->size, .address = h->address };
	uint64_t frame, count;

	if (!h->bytes || h->size < HDR_HEAD || h->bytes[0] != 1 || h->bytes[3] != HDR_SORTED)
		return false;
	const uint8_t *at = h->bytes + HDR_HEAD, *end = h->bytes + h->size;
	if (!cfi_pointer(&s, &at, end, h->bytes[1], h->address, &frame) || !cfi_pointer(&s, &at, end, h->bytes[2], h->address, &count))
		return false;
	if (count == 0 || count > (uint64_t)(end - at) / 8)
		return false;
	reserve_places(p, count);
	uint64_t last = 0;
	for (uint64_t i = 0; i < count; i++, at += 8) {
		int32_t v[2];

		memcpy(v, at, sizeof v);
		uint64_t begin = h->address + (uint64_t)(int64_t)v[0], offset = h->address + (uint64_t)(int64_t)v[1] - b->section[0].address;
		if (offset >= b->section[0].size)
			return false;
		p->sorted = p->sorted && last <= begin;
		last = begin;
		p->v[p->n++] = (struct place){ begin, (uint32_t)offset, 0 };
	}
	return true;
}

static void places_by_records(struct builder *b, uint32_t section, struct places *p)
{
	const struct cfi_section *s = &b->section[section];
	enum cfi_kind kind;

	for (uint64_t at = 0, next; (kind = cfi_record(s, at, &next)) != CFI_END; at = next) {
		const struct cfi_cie *cie;
		struct cfi_fde fde;

		if (kind == CFI_FDE && read_function(b, section, at, &fde, &cie))
			add_place(p, fde.begin, section, at);
	}
}

// Without section headers .eh_frame lies where the header says, up to the end of its segment: it ends itself.
static void locate_frame(struct builder *b)
{
	const struct image_part *h = &b->image->eh_frame_hdr;
	struct image_part frame = b->image->eh_frame;

	if (!frame.bytes && h->bytes && h->size > HDR_HEAD) {
		struct cfi_section s = { .bytes = h->bytes, .size = h->size, .address = h->address };
		const uint8_t *at = h->bytes + HDR_HEAD;

		if (cfi_pointer(&s, &at, h->bytes + h->size, h->bytes[1], h->address, &frame.address))
			frame.bytes = image_bytes(b->image, frame.address, &frame.size);
	}
	if (frame.bytes)
		b->section[0] = (struct cfi_section){ frame.bytes, frame.size, frame.address, false, b->image->machine };
	frame = b->image->debug_frame;
	if (frame.bytes)
		b->section[1] = (struct cfi_section){ frame.bytes, frame.size, frame.address, true, b->image->machine };
	b->left = (b->section[0].size + b->section[1].size) * RUNS;
}

static void places_of_go(struct builder *b, struct places *p)
{
	uint64_t begin, end;

	for (uint64_t i = 0; i < b->go.n; i++)
		if (go_frames_function(&b->go, i, &begin, &end))
			add_place(p, begin, GO, i);
}

static void find_places(struct builder *b, struct places *p)
{
	p->sorted = true;
	if (!places_by_header(b, p)) {
		p->n = 0;
		places_by_records(b, 0, p);
	}
	if (p->n < FEW && !b->go.n)
		places_by_records(b, 1, p);
	places_of_go(b, p);
	if (!p->sorted)
		qsort(p->v, p->n, sizeof *p->v, by_begin);
}

// The table --------------------------------------------------------------------------------------------------------------

static int lay_out(struct builder *b)
{
	struct unwind_table *t = b->table;

	if (b->nrows > UINT32_MAX / 16 || b->npages > b->pages_most)
		return -E2BIG;
	make_room(b, 4 + b->nrules * RULE_WORDS);
	t->first_page = b->first_page;
	t->npages = b->npages;
	t->nrows = (uint32_t)b->nrows;
	t->nrules = (uint32_t)b->nrules;
	t->rules_at = ALIGN_UP(t->npages + 1 + t->nrows, 4u);
	t->nwords = t->rules_at + t->nrules * (uint32_t)RULE_WORDS;
	t->words = b->rows - t->npages - 1;
	memcpy(t->words, b->pages, t->npages * sizeof *t->words);
	t->words[t->npages] = t->nrows - 1;
	for (uint32_t i = t->npages + 1 + t->nrows; i < t->rules_at; i++)
		t->words[i] = 0;
	memcpy(t->words + t->rules_at, b->rules, b->nrules * sizeof *b->rules);
	return 0;
}

static void builder_free(struct builder *b)
{
	free(b->pages);
	free(b->rules);
	free(b->slots);
	free(b);
}

void unwind_table_reserve(struct unwind_table *t, size_t words)
{
	if (t->cap < words) {
		free(t->memory);
		t->memory = xmalloc(words * sizeof *t->memory);
		t->cap = words;
	}
	t->words = t->memory;
}

static void empty(struct unwind_table *t)
{
	*t = (struct unwind_table){ .memory = t->memory, .cap = t->cap };
}

int unwind_table_of(const struct image *m, struct unwind_table *ret)
{
	struct places places = { 0 };
	int err = 0;

	empty(ret);
	if (m->build_id_len == TABLE_BUILD_ID) {
		memcpy(ret->build_id, m->build_id, TABLE_BUILD_ID);
		ret->build_id_len = TABLE_BUILD_ID;
	}
	struct builder *b = xcalloc(1, sizeof *b);
	b->image = m;
	b->table = ret;
	locate_frame(b);
	go_frames_open(m, &b->go);
	find_places(b, &places);
	if (!is_start(m) || !image_offset(m, m->entry, &b->entry))
		b->entry = UINT64_MAX;
	first_row(b);
	for (size_t i = 0; i < places.n; i++)
		(places.v[i].section == GO ? add_go_function : add_function)(b, &places.v[i]);
	add_gap(b, UINT64_MAX);
	if (b->nrows > 1)
		err = lay_out(b);
	free(places.v);
	builder_free(b);
	return err;
}

int unwind_table_build(const void *bytes, size_t n, struct unwind_table *ret)
{
	struct image_window all = { bytes, 0, n };
	struct image image;
	int err = image_open(&all, 1, n, &image);

	if (!err)
		return unwind_table_of(&image, ret);
	empty(ret);
	return err;
}

void unwind_table_free(struct unwind_table *t)
{
	free(t->memory);
	*t = (struct unwind_table){ 0 };
}

const struct unwind_rule *unwind_table_find(const struct unwind_table *t, uint64_t offset)
{
	static const struct unwind_rule none = { .cfa = UNWIND_CFA_NONE };
	uint64_t page = offset >> UNWIND_PAGE_SHIFT;
	uint32_t low = (uint32_t)offset & ((1u << UNWIND_PAGE_SHIFT) - 1);

	if (!t->nrows || page < t->first_page || page - t->first_page >= t->npages)
		return &none;
	page -= t->first_page;
	const uint32_t *rows = t->words + t->npages + 1;
	uint32_t from = t->words[page], to = t->words[page + 1];
	while (from < to) {
		uint32_t middle = (from + to + 1) / 2;

		if (rows[middle] >> 16 <= low)
			from = middle;
		else
			to = middle - 1;
	}
	return (const struct unwind_rule *)(t->words + t->rules_at) + (rows[from] & 0xffff);
}
