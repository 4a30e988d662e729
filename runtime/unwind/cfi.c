// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/cfi.h"

#include <elf.h>
#include <string.h>

#include "base/util.h"
#include "runtime/dw_bytes.h"

#define REMEMBERED 16 // depth of remember_state: compilers nest one

enum { // DW_EH_PE_*: what a pointer looks like, and what it is relative to
	PE_ABSPTR = 0x00, PE_ULEB128 = 0x01, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04, PE_SLEB128 = 0x09, PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c, PE_PCREL = 0x10, PE_DATAREL = 0x30, PE_OMIT = 0xff
};

enum { // DW_CFA_*
	CFA_ADVANCE = 0x40, CFA_OFFSET = 0x80, CFA_RESTORE = 0xc0, // and six bits of operand
	CFA_NOP = 0x00, CFA_SET_LOC, CFA_ADVANCE1, CFA_ADVANCE2, CFA_ADVANCE4, CFA_OFFSET_EXTENDED, CFA_RESTORE_EXTENDED, CFA_UNDEFINED,
	CFA_SAME_VALUE, CFA_REGISTER, CFA_REMEMBER, CFA_RESTORE_STATE, CFA_DEF_CFA, CFA_DEF_REGISTER, CFA_DEF_OFFSET, CFA_DEF_EXPRESSION,
	CFA_EXPRESSION, CFA_OFFSET_SF, CFA_DEF_CFA_SF, CFA_DEF_OFFSET_SF, CFA_VAL_OFFSET, CFA_VAL_OFFSET_SF, CFA_VAL_EXPRESSION,
	CFA_NEGATE_RA_STATE = 0x2d, CFA_ARGS_SIZE = 0x2e, CFA_NEGATIVE_OFFSET = 0x2f
};

enum { // DW_OP_*
	OP_DEREF = 0x06, OP_AND = 0x1a, OP_PLUS = 0x22, OP_PLUS_UCONST = 0x23, OP_SHL = 0x24, OP_GE = 0x2a, OP_LIT = 0x30, OP_BREG = 0x70
};

struct registers { // DWARF's numbers
	unsigned sp, fp, ra;
	uint64_t followed; // a bit for each whose place a rule tells
};

static const struct registers *registers_of(uint16_t machine)
{
	static const struct registers x86_64 = { .sp = 7, .fp = 6, .ra = 16, .followed = 1u << 6 | 1u << 16 };
	static const struct registers aarch64 = { .sp = 31, .fp = 29, .ra = 30, .followed = 1u << 29 | 1u << 30 };

	return machine == EM_AARCH64 ? &aarch64 : &x86_64;
}

// Reading --------------------------------------------------------------------------------------------------------------

static uint64_t signed_of(uint64_t v, unsigned bytes)
{
	return (uint64_t)((int64_t)(v << (64 - bytes * 8)) >> (64 - bytes * 8));
}

static uint64_t take_format(struct dw_bytes *c, uint8_t format)
{
	switch (format) {
	case PE_ABSPTR: case PE_UDATA8: case PE_SDATA8: return dw_fixed(c, 8);
	case PE_UDATA2: return dw_fixed(c, 2);
	case PE_UDATA4: return dw_fixed(c, 4);
	case PE_SDATA2: return signed_of(dw_fixed(c, 2), 2);
	case PE_SDATA4: return signed_of(dw_fixed(c, 4), 4);
	case PE_ULEB128: return dw_uleb(c);
	case PE_SLEB128: return (uint64_t)dw_sleb(c);
	default: c->failed = true; return 0;
	}
}

static uint64_t take_pointer(const struct cfi_section *s, struct dw_bytes *c, uint8_t encoding, uint64_t data)
{
	uint64_t place = s->address + (uint64_t)(c->p - s->bytes), v = take_format(c, encoding & 0x0f);

	switch (encoding & 0xf0) {
	case 0: return v;
	case PE_PCREL: return v + place;
	case PE_DATAREL: return v + data;
	default: c->failed = true; return 0; // textrel, funcrel, aligned, indirect: no linker writes them
	}
}

bool cfi_pointer(const struct cfi_section *s, const uint8_t **at, const uint8_t *end, uint8_t encoding, uint64_t data, uint64_t *ret)
{
	struct dw_bytes c = { *at, end, false };

	*ret = take_pointer(s, &c, encoding, data);
	*at = c.p;
	return !c.failed;
}

// Records --------------------------------------------------------------------------------------------------------------

struct record {
	struct dw_bytes body; // behind the id
	uint64_t id_at, id;
	bool wide; // 64-bit DWARF
};

static bool read_record(const struct cfi_section *s, uint64_t offset, struct record *r)
{
	if (offset >= s->size)
		return false;
	struct dw_bytes c = { s->bytes + offset, s->bytes + s->size, false };
	uint64_t length = dw_fixed(&c, 4);
	r->wide = length == 0xffffffff;
	if (r->wide)
		length = dw_fixed(&c, 8);
	if (c.failed || length == 0 || length > dw_left(&c))
		return false;
	c.end = c.p + length;
	r->id_at = (uint64_t)(c.p - s->bytes);
	r->id = dw_fixed(&c, r->wide && s->debug ? 8 : 4); // the id of .eh_frame has 4 bytes in either form
	r->body = c;
	return !c.failed;
}

static bool is_cie(const struct cfi_section *s, const struct record *r)
{
	return s->debug ? r->id == (r->wide ? ~0ull : 0xffffffff) : r->id == 0;
}

enum cfi_kind cfi_record(const struct cfi_section *s, uint64_t offset, uint64_t *next)
{
	struct record r;

	if (!read_record(s, offset, &r))
		return CFI_END;
	*next = (uint64_t)(r.body.end - s->bytes);
	return is_cie(s, &r) ? CFI_CIE : CFI_FDE;
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

// As nearly all are: in .eh_frame, with a length of 32 bits. These are read where they are: a processor waits when it is to copy a
// struct as a whole whose words were written just before.
static bool is_short(const struct cfi_section *s, uint64_t offset)
{
	if (s->debug || s->size < 8 || offset > s->size - 8)
		return false;
	uint32_t length = word_at(s->bytes + offset);
	return length >= 4 && length != 0xffffffff && length <= s->size - offset - 4;
}

bool cfi_open_fde(const struct cfi_section *s, uint64_t offset, struct cfi_fde *ret)
{
	struct record r;

	if (is_short(s, offset)) {
		const uint8_t *p = s->bytes + offset;
		uint32_t id = word_at(p + 4);

		ret->cie = offset + 4 - id;
		ret->program = p + 8;
		ret->end = p + 4 + word_at(p);
		return id != 0 && ret->cie < s->size;
	}
	if (!read_record(s, offset, &r) || is_cie(s, &r))
		return false;
	*ret = (struct cfi_fde){ .cie = s->debug ? r.id : r.id_at - r.id, .program = r.body.p, .end = r.body.end };
	return ret->cie < s->size;
}

static void run(const struct cfi_section *s, const struct cfi_cie *cie, struct dw_bytes c, struct cfi_state *st, uint64_t address, uint64_t end,
		cfi_rows *each, void *arg);
static struct cfi_rule make_rule(const struct registers *reg, const struct cfi_cie *cie, const struct cfi_state *st);

// The letters behind 'z'. Unknown ones may be skipped, since their length is told; but then a pointer's form may be unknown.
static bool take_augmentation(struct dw_bytes *c, const char *letters, struct cfi_cie *cie)
{
	uint64_t length = dw_uleb(c);

	if (c->failed || length > dw_left(c))
		return false;
	struct dw_bytes data = { c->p, c->p + length, false };
	c->p += length;
	for (; *letters && !data.failed; letters++) {
		switch (*letters) {
		case 'R': cie->encoding = (uint8_t)dw_fixed(&data, 1); break;
		case 'L': dw_fixed(&data, 1); break;
		case 'P': take_format(&data, (uint8_t)dw_fixed(&data, 1) & 0x0f); break; // the personality: not followed
		case 'S': cie->signal = true; break;
		case 'B': case 'G': break; // aarch64: keys and tags of return addresses, which are stripped anyhow
		default: return true;
		}
	}
	return !data.failed;
}

bool cfi_read_cie(const struct cfi_section *s, uint64_t offset, struct cfi_cie *ret)
{
	struct record r;

	*ret = (struct cfi_cie){ .offset = offset, .initial = { .ra = s->machine == EM_AARCH64 ? UNWIND_SAME : UNWIND_LOST } };
	if (!read_record(s, offset, &r) || !is_cie(s, &r))
		return false;
	struct dw_bytes c = r.body;
	uint64_t version = dw_fixed(&c, 1);
	const char *letters = dw_text(&c);
	if (strcmp(letters, "eh") == 0) // of GCC 2
		return false;
	if (version >= 4) {
		uint64_t address_size = dw_fixed(&c, 1), segment_size = dw_fixed(&c, 1);

		if (address_size != 8 || segment_size != 0)
			return false;
	}
	ret->code_align = dw_uleb(&c);
	ret->data_align = dw_sleb(&c);
	uint64_t ra = version == 1 ? dw_fixed(&c, 1) : dw_uleb(&c);
	if (c.failed || ra != registers_of(s->machine)->ra)
		return false;
	ret->augmented = *letters == 'z';
	if (ret->augmented ? !take_augmentation(&c, letters + 1, ret) : *letters != '\0')
		return false;
	ret->usable = true;
	run(s, ret, c, &ret->initial, 0, 0, NULL, NULL);
	ret->rule = make_rule(registers_of(s->machine), ret, &ret->initial);
	return true;
}

// Addresses of 32 bits, and nothing by the letters of the CIE or a pointer to be skipped.
static bool read_usual_fde(const struct cfi_section *s, const struct cfi_cie *cie, struct cfi_fde *fde)
{
	const uint8_t *p = fde->program;

	if (cie->encoding != (PE_PCREL | PE_SDATA4) || !cie->augmented || fde->end - p < 9 || p[8] > MIN(fde->end - p - 9, 127))
		return false;
	uint64_t begin = s->address + (uint64_t)(p - s->bytes) + signed_of(word_at(p), 4), size = signed_of(word_at(p + 4), 4);
	if (size == 0 || begin + size < begin)
		return false;
	fde->begin = begin;
	fde->size = size;
	fde->program = p + 9 + p[8];
	return true;
}

bool cfi_read_fde(const struct cfi_section *s, const struct cfi_cie *cie, struct cfi_fde *fde)
{
	if (read_usual_fde(s, cie, fde))
		return true;
	struct dw_bytes c = { fde->program, fde->end, false };
	uint64_t begin = take_pointer(s, &c, cie->encoding, 0), size = take_format(&c, cie->encoding & 0x0f);
	if (cie->augmented) {
		uint64_t length = dw_uleb(&c);

		if (c.failed || length > dw_left(&c))
			return false;
		c.p += length;
	}
	if (c.failed || size == 0 || begin + size < begin)
		return false;
	fde->begin = begin;
	fde->size = size;
	fde->program = c.p;
	return true;
}

// Rules ----------------------------------------------------------------------------------------------------------------

static bool fits16(int64_t v)
{
	return v == (int16_t)v;
}

static bool fits32(int64_t v)
{
	return v == (int32_t)v;
}

_Static_assert(sizeof(struct cfi_rule) == sizeof(struct unwind_rule) && offsetof(struct unwind_rule, cfa) == 0 && offsetof(struct unwind_rule, fp) == 1 &&
	       offsetof(struct unwind_rule, ra) == 2 && offsetof(struct unwind_rule, reg) == 3 && offsetof(struct unwind_rule, cfa_off) == 4 &&
	       offsetof(struct unwind_rule, fp_off) == 8 && offsetof(struct unwind_rule, ra_off) == 10 && offsetof(struct unwind_rule, post) == 12,
	       "a rule's layout; little-endian");

static struct cfi_rule pack(uint8_t cfa, uint8_t reg, uint8_t fp, int64_t fp_off, const struct cfi_state *st)
{
	return (struct cfi_rule){ cfa | (uint64_t)fp << 8 | (uint64_t)st->ra << 16 | (uint64_t)reg << 24 | (uint64_t)st->cfa_off << 32,
				  (uint16_t)fp_off | (uint64_t)(uint16_t)st->ra_off << 16 | (uint64_t)st->post << 32 };
}

static struct cfi_rule make_rule(const struct registers *reg, const struct cfi_cie *cie, const struct cfi_state *st)
{
	uint8_t cfa = st->cfa;

	if (cie->signal)
		return (struct cfi_rule){ UNWIND_CFA_SIGNAL, 0 };
	if (st->no_caller)
		return (struct cfi_rule){ UNWIND_CFA_STOP, 0 };
	if (cfa == UNWIND_CFA_REG && st->cfa_reg == reg->sp)
		cfa = UNWIND_CFA_SP;
	else if (cfa == UNWIND_CFA_REG && st->cfa_reg == reg->fp)
		cfa = UNWIND_CFA_FP;
	bool ok = fits32(st->cfa_off) && fits32(st->post) && st->ra != UNWIND_LOST && (st->ra == UNWIND_SAME || fits16(st->ra_off));
	// one register's number for both: a rule that needs two does not occur
	if (!ok || (cfa == UNWIND_CFA_REG && st->ra == UNWIND_IN_REG))
		return (struct cfi_rule){ UNWIND_CFA_BAD, 0 };
	bool known = st->fp == UNWIND_SAME || (st->fp != UNWIND_LOST && fits16(st->fp_off));
	return pack(cfa, cfa == UNWIND_CFA_REG ? st->cfa_reg : st->ra == UNWIND_IN_REG ? st->ra_reg : 0, known ? st->fp : UNWIND_LOST,
		    known ? st->fp_off : 0, st);
}

// Expressions ----------------------------------------------------------------------------------------------------------

static bool take_block(struct dw_bytes *c, struct dw_bytes *ret)
{
	uint64_t n = dw_uleb(c);

	if (c->failed || n > dw_left(c)) {
		c->p = c->end;
		c->failed = true;
		return false;
	}
	*ret = (struct dw_bytes){ c->p, c->p + n, false };
	c->p += n;
	return true;
}

// breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus: of a PLT entry, where the second push is at byte N
static bool is_plt(const struct registers *reg, struct dw_bytes e, struct cfi_state *st)
{
	static const uint8_t middle[] = { OP_BREG + 16, 0, OP_LIT + 15, OP_AND }, tail[] = { OP_GE, OP_LIT + 3, OP_SHL, OP_PLUS };

	if (reg->ra != 16 || dw_fixed(&e, 1) != OP_BREG + reg->sp)
		return false;
	int64_t off = dw_sleb(&e);
	if (e.failed || e.end - e.p != sizeof middle + 1 + sizeof tail || memcmp(e.p, middle, sizeof middle) != 0)
		return false;
	uint8_t lit = e.p[sizeof middle];
	if (lit < OP_LIT || lit > OP_LIT + 15 || memcmp(e.p + sizeof middle + 1, tail, sizeof tail) != 0)
		return false;
	st->cfa = UNWIND_CFA_PLT;
	st->cfa_off = off;
	st->post = lit - OP_LIT;
	return true;
}

// bregR off; deref; [plus_uconst n]: the caller's stack pointer was saved
static void cfa_expression(const struct registers *reg, struct dw_bytes e, struct cfi_state *st)
{
	if (is_plt(reg, e, st))
		return;
	uint64_t op = dw_fixed(&e, 1);
	int64_t off = dw_sleb(&e);
	bool sp = op == OP_BREG + reg->sp, fp = op == OP_BREG + reg->fp, deref = dw_fixed(&e, 1) == OP_DEREF;
	uint64_t post = 0;
	if (e.p < e.end && *e.p == OP_PLUS_UCONST) {
		e.p++;
		post = dw_uleb(&e);
	}
	bool known = !e.failed && e.p == e.end && (sp || fp) && deref;
	st->cfa = known ? (sp ? UNWIND_CFA_SP_AT : UNWIND_CFA_FP_AT) : UNWIND_CFA_BAD;
	st->cfa_off = off;
	st->post = (int64_t)post;
}

// bregR off: a register was saved there
static uint8_t saved_by_expression(const struct registers *reg, struct dw_bytes e, int64_t *off)
{
	uint64_t op = dw_fixed(&e, 1);

	*off = dw_sleb(&e);
	if (e.failed || e.p != e.end)
		return UNWIND_LOST;
	return op == OP_BREG + reg->fp ? UNWIND_AT_FP : op == OP_BREG + reg->sp ? UNWIND_AT_SP : UNWIND_LOST;
}

// Programs -------------------------------------------------------------------------------------------------------------

struct machine {
	const struct cfi_section *s;
	const struct cfi_cie *cie;
	const struct registers *reg;
	struct cfi_state *st;
	struct dw_bytes c; // where it is at an instruction that seldom occurs: else that is in a register
};

// What a row is made of. It stays in registers: what seldom occurs is given the machine alone.
struct cursor {
	uint64_t end, left; // where the function ends; where the next row begins is so far before it
	uint64_t low, high; // the rule of the state, unless it is stale
	unsigned change;
	struct cfi_teller tell;
};

enum { // of cursor.change, or'ed
	CHANGED = 1, // since the last row
	STALE = 2,   // and the rule is to be made anew
};

struct remembered { // of REMEMBERED only what is in use is ever written: there are millions of runs
	unsigned n;
	struct {
		struct cfi_state state;
		uint64_t low, high;
		unsigned change;
	} v[REMEMBERED];
};

static inline __attribute__((always_inline)) void emit(const struct machine *m, struct cursor *at)
{
	if (!at->change || !at->left)
		return;
	if (at->change & STALE) {
		struct cfi_rule made = make_rule(m->reg, m->cie, m->st);

		at->low = made.low;
		at->high = made.high;
	}
	at->change = 0;
	cfi_tell(&at->tell, at->end - at->left, at->low, at->high);
}

static inline __attribute__((always_inline)) void advance(const struct machine *m, struct cursor *at, uint64_t delta)
{
	emit(m, at);
	delta *= m->cie->code_align;
	at->left = delta > at->left ? 0 : at->left - delta;
}

static void set_register(struct machine *m, uint64_t reg, uint8_t how, int64_t off)
{
	struct cfi_state *st = m->st;

	if (reg == m->reg->fp) {
		st->fp = how;
		st->fp_off = off;
	} else if (reg == m->reg->ra) {
		st->ra = how;
		st->ra_off = off;
		st->no_caller = false;
	}
}

static void restore(struct machine *m, uint64_t reg)
{
	const struct cfi_state *from = &m->cie->initial;

	if (reg == m->reg->fp) {
		m->st->fp = from->fp;
		m->st->fp_off = from->fp_off;
	} else if (reg == m->reg->ra) {
		m->st->ra = from->ra;
		m->st->ra_off = from->ra_off;
		m->st->ra_reg = from->ra_reg;
		m->st->no_caller = from->no_caller;
	}
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t off)
{
	m->st->cfa = reg > UINT8_MAX ? UNWIND_CFA_BAD : UNWIND_CFA_REG;
	m->st->cfa_reg = (uint8_t)reg;
	m->st->cfa_off = off;
	m->st->post = 0;
}

// Most rows differ from the one before in this alone: it is changed in the rule at hand, which is not made anew.
static inline __attribute__((always_inline)) void set_cfa_offset(const struct machine *m, struct cursor *at, int64_t off)
{
	m->st->cfa_off = off;
	if (fits32(off) && (uint8_t)at->low >= UNWIND_CFA_SP) {
		at->low = (uint32_t)at->low | (uint64_t)off << 32;
		at->change |= CHANGED;
	} else {
		at->change = CHANGED | STALE;
	}
}

// The same of what else is frequent; false where it is to be made anew.
static inline bool set_plain_cfa(const struct machine *m, struct cursor *at, uint64_t reg, int64_t off)
{
	uint8_t now = (uint8_t)at->low, kind = reg == m->reg->sp ? UNWIND_CFA_SP : reg == m->reg->fp ? UNWIND_CFA_FP : UNWIND_CFA_NONE;

	if ((at->change & STALE) || !kind || !fits32(off) || (now != UNWIND_CFA_SP && now != UNWIND_CFA_FP))
		return false;
	m->st->cfa_reg = (uint8_t)reg;
	m->st->cfa_off = off;
	at->low = ((uint32_t)at->low & ~0xffu) | kind | (uint64_t)off << 32;
	at->change |= CHANGED;
	return true;
}

static inline bool save_frame_pointer(const struct machine *m, struct cursor *at, int64_t off)
{
	if ((at->change & STALE) || (uint8_t)at->low < UNWIND_CFA_SP || !fits16(off))
		return false;
	m->st->fp = UNWIND_AT_CFA;
	m->st->fp_off = off;
	at->low = (at->low & ~0xff00ull) | UNWIND_AT_CFA << 8;
	at->high = (at->high & ~0xffffull) | (uint16_t)off;
	at->change |= CHANGED;
	return true;
}

// Only the register of "reg + off" changes; after an expression there is no offset to keep.
static void set_cfa_register(struct machine *m, uint64_t reg)
{
	if (m->st->cfa == UNWIND_CFA_REG)
		set_cfa(m, reg, m->st->cfa_off);
	else
		m->st->cfa = UNWIND_CFA_BAD;
}

static void undefined(struct machine *m, uint64_t reg)
{
	set_register(m, reg, UNWIND_LOST, 0);
	if (reg == m->reg->ra)
		m->st->no_caller = true;
}

static void in_register(struct machine *m, uint64_t reg, uint64_t other)
{
	bool usable = other <= UINT8_MAX && reg == m->reg->ra;

	if (reg == m->reg->sp) // __longjmp's end: the caller's stack pointer is not the CFA
		m->st->cfa = UNWIND_CFA_BAD;
	set_register(m, reg, usable ? UNWIND_IN_REG : UNWIND_LOST, 0);
	if (usable)
		m->st->ra_reg = (uint8_t)other;
}

static inline void remember(struct remembered *r, const struct cfi_state *st, const struct cursor *at)
{
	if (r->n < REMEMBERED) {
		r->v[r->n].state = *st;
		r->v[r->n].low = at->low;
		r->v[r->n].high = at->high;
		r->v[r->n].change = at->change;
	}
	r->n++;
}

static inline bool recall(struct remembered *r, struct cfi_state *st, struct cursor *at)
{
	if (r->n == 0)
		return false;
	at->change = CHANGED | STALE;
	if (--r->n < REMEMBERED) {
		*st = r->v[r->n].state;
		at->low = r->v[r->n].low;
		at->high = r->v[r->n].high;
		at->change = CHANGED | (r->v[r->n].change & STALE);
	}
	return true;
}

static int64_t factored(const struct machine *m, uint64_t n)
{
	return (int64_t)(n * (uint64_t)m->cie->data_align);
}

// An instruction that changes the state alone. False at one that is not known.
static __attribute__((noinline)) bool changed(struct machine *m, uint8_t op)
{
	struct dw_bytes *c = &m->c, block;
	uint64_t reg, v;
	int64_t off;

	switch (op) {
	case CFA_OFFSET_EXTENDED: reg = dw_uleb(c), v = dw_uleb(c); set_register(m, reg, UNWIND_AT_CFA, factored(m, v)); return true;
	case CFA_OFFSET_SF: reg = dw_uleb(c), off = dw_sleb(c); set_register(m, reg, UNWIND_AT_CFA, factored(m, (uint64_t)off)); return true;
	case CFA_NEGATIVE_OFFSET: reg = dw_uleb(c), v = dw_uleb(c); set_register(m, reg, UNWIND_AT_CFA, factored(m, 0 - v)); return true;
	case CFA_RESTORE_EXTENDED: restore(m, dw_uleb(c)); return true;
	case CFA_UNDEFINED: undefined(m, dw_uleb(c)); return true;
	case CFA_SAME_VALUE: set_register(m, dw_uleb(c), UNWIND_SAME, 0); return true;
	case CFA_REGISTER: reg = dw_uleb(c), v = dw_uleb(c); in_register(m, reg, v); return true;
	case CFA_DEF_CFA: reg = dw_uleb(c), v = dw_uleb(c); set_cfa(m, reg, (int64_t)v); return true;
	case CFA_DEF_CFA_SF: reg = dw_uleb(c), off = dw_sleb(c); set_cfa(m, reg, factored(m, (uint64_t)off)); return true;
	case CFA_DEF_REGISTER: set_cfa_register(m, dw_uleb(c)); return true;
	case CFA_DEF_OFFSET: m->st->cfa_off = (int64_t)dw_uleb(c); return true;
	case CFA_DEF_OFFSET_SF: m->st->cfa_off = factored(m, (uint64_t)dw_sleb(c)); return true;
	case CFA_DEF_EXPRESSION:
		if (take_block(c, &block))
			cfa_expression(m->reg, block, m->st);
		return true;
	case CFA_EXPRESSION: case CFA_VAL_EXPRESSION:
		reg = dw_uleb(c);
		if (take_block(c, &block)) {
			uint8_t how = saved_by_expression(m->reg, block, &off);

			set_register(m, reg, op == CFA_EXPRESSION ? how : UNWIND_LOST, off);
		}
		return true;
	case CFA_VAL_OFFSET: case CFA_VAL_OFFSET_SF: reg = dw_uleb(c); dw_uleb(c); set_register(m, reg, UNWIND_LOST, 0); return true;
	case CFA_ARGS_SIZE: dw_uleb(c); return true;
	case CFA_NEGATE_RA_STATE: return true;
	default: return false;
	}
}

// An operand that is not one byte, of which there are 2, 4, or as many as it says (0).
static __attribute__((noinline)) uint64_t operand(struct machine *m, const uint8_t *p, unsigned bytes)
{
	m->c.p = p;
	return bytes ? dw_fixed(&m->c, bytes) : dw_uleb(&m->c);
}

// Behind a record's last instruction there are as many zeros as the next record's place asks for: they are looked at at once. There are
// always eight bytes before `end`, the record's length and id at the least.
static inline const uint8_t *skip_padding(const uint8_t *p, const uint8_t *end)
{
	uint64_t last, n = (uint64_t)(end - p);

	memcpy(&last, end - sizeof last, sizeof last);
	return n < sizeof last && last >> 1 >> (63 - n * 8) == 0 ? end : p;
}

// False where what follows cannot be told.
static bool read_location(struct machine *m, const uint8_t *p, uint64_t address, uint64_t *ret)
{
	m->c.p = p;
	*ret = take_pointer(m->s, &m->c, m->cie->encoding, 0);
	return !m->c.failed && *ret >= address;
}

// What stands at p, behind `op`, which does not advance by its own six bits. Where the next instruction is; NULL where that cannot be told.
static inline __attribute__((always_inline)) const uint8_t *step(struct machine *m, struct cursor *at, struct remembered *saved, uint8_t op, const uint8_t *p)
{
	const uint8_t *end = m->c.end;
	uint8_t low = op & 0x3f;
	uint64_t v;

	switch (op & 0xc0 ? op & 0xc0 : op) {
	case CFA_OFFSET:
		v = p < end && *p < 128 ? *p : operand(m, p, 0);
		p = p < end && *p < 128 ? p + 1 : m->c.p;
		if (!(m->reg->followed >> low & 1) || (low == m->reg->fp && save_frame_pointer(m, at, factored(m, v))))
			return p;
		set_register(m, low, UNWIND_AT_CFA, factored(m, v));
		at->change = CHANGED | STALE;
		return p;
	case CFA_RESTORE:
		if (m->reg->followed >> low & 1) {
			restore(m, low);
			at->change = CHANGED | STALE;
		}
		return p;
	case CFA_NOP: return skip_padding(p, end);
	case CFA_REMEMBER: remember(saved, m->st, at); return p;
	case CFA_RESTORE_STATE: return recall(saved, m->st, at) ? p : NULL;
	case CFA_ADVANCE1:
		advance(m, at, p < end ? *p : 0);
		return p + (p < end);
	case CFA_ADVANCE2: case CFA_ADVANCE4:
		advance(m, at, operand(m, p, op == CFA_ADVANCE2 ? 2 : 4));
		return m->c.p;
	case CFA_SET_LOC:
		if (!read_location(m, p, at->end - at->left, &v))
			return NULL;
		emit(m, at);
		at->left = at->end - MIN(v, at->end);
		return m->c.p;
	case CFA_DEF_OFFSET:
		set_cfa_offset(m, at, (int64_t)operand(m, p, 0));
		return m->c.p;
	case CFA_DEF_CFA:
		if (end - p >= 2 && p[0] < 128 && p[1] < 128 && set_plain_cfa(m, at, p[0], p[1]))
			return p + 2;
		break;
	case CFA_DEF_REGISTER:
		if (p < end && *p < 128 && set_plain_cfa(m, at, *p, m->st->cfa_off))
			return p + 1;
		break;
	}
	m->c.p = p;
	at->change = CHANGED | STALE;
	return changed(m, op) ? m->c.p : NULL;
}

static void run(const struct cfi_section *s, const struct cfi_cie *cie, struct dw_bytes c, struct cfi_state *st, uint64_t address, uint64_t end,
		cfi_rows *each, void *arg)
{
	struct cfi_row rows[CFI_ROWS];
	struct remembered saved;
	struct machine m = { .s = s, .cie = cie, .reg = registers_of(s->machine), .st = st, .c = { .p = c.p, .end = c.end } };
	struct cursor at = { .end = end, .left = end - address, .low = cie->rule.low, .high = cie->rule.high, .change = CHANGED,
			     .tell = { rows, rows, each, arg } };
	const uint8_t *p = c.p;

	saved.n = 0;
	while (p && p < c.end) {
		uint8_t op = *p++;

		if ((op & 0xc0) != CFA_ADVANCE) {
			p = step(&m, &at, &saved, op, p);
			continue;
		}
		advance(&m, &at, op & 0x3f);
		if (c.end - p >= 2 && p[0] == CFA_DEF_OFFSET && p[1] < 128) { // what mostly follows
			set_cfa_offset(&m, &at, p[1]);
			p += 2;
		}
	}
	if (p)
		emit(&m, &at);
	cfi_tell_rest(&at.tell);
}

void cfi_run(const struct cfi_section *s, const struct cfi_cie *cie, const struct cfi_fde *fde, cfi_rows *each, void *arg)
{
	struct cfi_state st = cie->initial;

	run(s, cie, (struct dw_bytes){ fde->program, fde->end, false }, &st, fde->begin, fde->begin + fde->size, each, arg);
}
