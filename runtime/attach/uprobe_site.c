// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/uprobe_site.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "base/world.h"

enum { MOST_SKIPPED = 8, PROLOGUE = 64, LARGEST = 1 << 20, LONGEST_INSN = 15 };

// Whole code of a function; the caller frees it. NULL when the size is unknown or too large, or the bytes are not there.
static uint8_t *read_code(struct world *w, const char *path, const struct binary_symbol *fn)
{
	uint8_t *code;

	if (!fn->size || fn->size > LARGEST)
		return NULL;
	code = xmalloc(fn->size);
	if (w->ops->code(w, path, fn->offset, code, fn->size) != (int)fn->size) {
		free(code);
		return NULL;
	}
	return code;
}

bool uprobe_is_boundary(struct world *w, const char *path, const struct binary_symbol *fn, uint64_t offset, uint64_t *before)
{
	_free_ uint8_t *code = w->ops->disassemble && offset < fn->size ? read_code(w, path, fn) : NULL;
	char text[160];

	for (uint64_t at = 0; code && at < offset;) {
		size_t len = w->ops->disassemble(w, code + at, fn->size - at, fn->address + at, text, sizeof text);

		if (!len)
			return true;
		if (at + len > offset) {
			*before = at;
			return false;
		}
		at += len;
	}
	return true;
}

#if defined(__x86_64__)

bool uprobe_is_unfit(struct world *w, const char *path, uint64_t offset)
{
	uint8_t first;

	if (w->ops->code(w, path, offset, &first, 1) != 1)
		return false;
	return first == 0x62 || first == 0xc4 || first == 0xc5 || first == 0xf0; // EVEX, VEX, lock
}

enum insn_kind {
	INSN_OTHER,
	INSN_NOTHING,  // endbr64, a nop the kernel would single-step
	INSN_MOVE,     // changes only registers nobody may look at, and flags
	INSN_PUSH,     // emulated from here on
	INSN_NOP,
	INSN_BRANCH,
};

struct insn {
	enum insn_kind kind;
	unsigned len;
};

// The nops the kernel knows, by length; it compares all bytes.
static const uint8_t nops[][8] = {
	{ 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0x00 }, { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 }, { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

// Bytes of ModRM, SIB and displacement; 0 when they are cut off.
static unsigned modrm_len(const uint8_t *p, size_t n)
{
	unsigned mod, len = 1;

	if (!n)
		return 0;
	mod = p[0] >> 6;
	if (mod != 3 && (p[0] & 7) == 4) {
		if (n < 2)
			return 0;
		if (mod == 0 && (p[1] & 7) == 5)
			len += 4;
		len++;
	} else if (mod == 0 && (p[0] & 7) == 5) {
		len += 4;
	}
	len += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return len <= n ? len : 0;
}

// rbx, rbp, r11-r15: no argument, not rax (variadic calls), r10 (static chain) or rsp.
static bool may_change(unsigned reg)
{
	return reg == 3 || reg == 5 || (reg >= 11 && reg <= 15);
}

static bool is_nothing(const uint8_t *p, size_t n, unsigned *len)
{
	unsigned at = 0, m;

	if (n >= 4 && memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0) {
		*len = 4;
		return true;
	}
	while (at < n && at < 6 && (p[at] == 0x66 || p[at] == 0x2e)) // data16 and cs, as assemblers pad
		at++;
	if (at + 2 >= n || p[at] != 0x0f || p[at + 1] != 0x1f || (p[at + 2] >> 3 & 7) != 0)
		return false;
	m = modrm_len(p + at + 2, n - at - 2);
	*len = at + 2 + m;
	return m != 0;
}

// mov, lea, xor and comparisons between registers, and mov of a constant; `n` is at least 1.
static struct insn decode_move(const uint8_t *p, size_t n)
{
	unsigned rex = (p[0] & 0xf0) == 0x40 ? p[0] : 0, at = rex != 0, m, reg, rm, op;
	struct insn other = { INSN_OTHER, 0 };

	if (at + 1 >= n)
		return other;
	op = p[at++];
	if (op >= 0xb8 && op <= 0xbf) { // mov $imm, reg: eight bytes with REX.W
		unsigned len = at + (rex & 8 ? 8 : 4);

		return len <= n && may_change((op & 7) | (rex & 1) << 3) ? (struct insn){ INSN_MOVE, len } : other;
	}
	m = modrm_len(p + at, n - at);
	if (!m)
		return other;
	reg = (p[at] >> 3 & 7) | (rex & 4) << 1;
	rm = (p[at] & 7) | (rex & 1) << 3;
	bool direct = p[at] >> 6 == 3;
	unsigned len = at + m;

	switch (op) {
	case 0x89: case 0x31: // mov, xor  reg -> rm
		return direct && may_change(rm) ? (struct insn){ INSN_MOVE, len } : other;
	case 0x8b: case 0x33: case 0x63: // mov, xor, movslq  rm -> reg
		return direct && may_change(reg) ? (struct insn){ INSN_MOVE, len } : other;
	case 0x8d: // lea reads no memory
		return !direct && may_change(reg) ? (struct insn){ INSN_MOVE, len } : other;
	case 0x84: case 0x85: case 0x38: case 0x39: case 0x3a: case 0x3b: // test, cmp
		return direct ? (struct insn){ INSN_MOVE, len } : other;
	case 0x83: case 0x80: // cmp $imm8, rm
		return direct && (p[at] >> 3 & 7) == 7 && len + 1 <= n ? (struct insn){ INSN_MOVE, len + 1 } : other;
	case 0x81: // cmp $imm32, rm
		return direct && (p[at] >> 3 & 7) == 7 && len + 4 <= n ? (struct insn){ INSN_MOVE, len + 4 } : other;
	case 0xc7: // mov $imm32, rm
		return direct && (p[at] >> 3 & 7) == 0 && may_change(rm) && len + 4 <= n ? (struct insn){ INSN_MOVE, len + 4 } : other;
	default:
		return other;
	}
}

static struct insn decode(const uint8_t *p, size_t n)
{
	unsigned len;

	for (size_t i = 0; i < ARRAY_SIZE(nops); i++)
		if (i < n && memcmp(p, nops[i], i + 1) == 0)
			return (struct insn){ INSN_NOP, (unsigned)i + 1 };
	if (n >= 1 && p[0] >= 0x50 && p[0] <= 0x57)
		return (struct insn){ INSN_PUSH, 1 };
	if (n >= 2 && p[0] == 0x41 && p[1] >= 0x50 && p[1] <= 0x57)
		return (struct insn){ INSN_PUSH, 2 };
	if (n >= 2 && (p[0] == 0xeb || (p[0] & 0xf0) == 0x70))
		return (struct insn){ INSN_BRANCH, 2 };
	if (n >= 5 && (p[0] == 0xe8 || p[0] == 0xe9))
		return (struct insn){ INSN_BRANCH, 5 };
	if (n >= 6 && p[0] == 0x0f && (p[1] & 0xf0) == 0x80)
		return (struct insn){ INSN_BRANCH, 6 };
	if (is_nothing(p, n, &len))
		return (struct insn){ INSN_NOTHING, len };
	return n ? decode_move(p, n) : (struct insn){ INSN_OTHER, 0 };
}

// The addresses no branch may lead to: starts of instructions behind the function's start, up to the site.
struct region {
	int64_t at[MOST_SKIPPED + 1]; // relative to the function's start
	unsigned n;
	struct insn last;             // at the site
	bool moves;                   // more than endbr64 and nops is skipped
};

// Walks to the first emulated instruction; false when something stands before it that must not be skipped.
static bool find_site(const uint8_t *p, size_t n, bool strict, struct region *r)
{
	unsigned at = 0;

	for (*r = (struct region){ .n = 0 }; r->n <= MOST_SKIPPED; r->at[r->n++] = at) {
		struct insn i = decode(p + at, n - at);

		if (i.kind >= INSN_PUSH) {
			r->last = i;
			return true;
		}
		if (i.kind == INSN_OTHER || (strict && i.kind != INSN_NOTHING))
			return false;
		r->moves |= i.kind == INSN_MOVE;
		at += i.len;
		if (r->n == MOST_SKIPPED)
			return false;
	}
	return false;
}

// If the bytes could be a direct branch, its length; *disp is then the displacement.
static unsigned branch_at(const uint8_t *p, size_t n, int64_t *disp)
{
	int32_t wide;
	unsigned at = n >= 6 && p[0] == 0x0f && (p[1] & 0xf0) == 0x80 ? 2 : n >= 6 && p[0] == 0xc7 && p[1] == 0xf8 ? 2 : 1; // xbegin

	if (n >= 2 && (p[0] == 0xeb || (p[0] & 0xf0) == 0x70 || (p[0] & 0xfc) == 0xe0)) {
		*disp = (int8_t)p[1];
		return 2;
	}
	if (at == 1 && !(n >= 5 && (p[0] == 0xe8 || p[0] == 0xe9)))
		return 0;
	memcpy(&wide, p + at, sizeof wide);
	*disp = wide;
	return at + 4;
}

static bool is_target(const struct region *r, int64_t address)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->at[i] == address)
			return true;
	return false;
}

// Does anything that may be a branch lead into the region? `base`: the code's address relative to the function's start.
static bool may_branch(const uint8_t *code, size_t n, int64_t base, const struct region *r)
{
	for (size_t i = 0; i < n; i++) {
		int64_t disp;
		unsigned len = branch_at(code + i, n - i, &disp);

		if (len && is_target(r, base + (int64_t)i + len + disp))
			return true;
		// A table of jumps may lead anywhere, but hardly onto a push or a nop in front of a function's body.
		if (r->last.kind == INSN_BRANCH && code[i] == 0xff && i + 1 < n && (code[i + 1] >> 3 & 7) == 4)
			return true;
	}
	return false;
}

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x3e || (b & 0xf0) == 0x40;
}

// The same question asked instruction by instruction.
static bool branches(struct world *w, const uint8_t *code, size_t n, uint64_t address, int64_t base, const struct region *r)
{
	char text[160];

	for (size_t at = 0; at < n;) {
		size_t len = w->ops->disassemble(w, code + at, n - at, address + at, text, sizeof text), skip = 0;
		int64_t disp;

		if (!len || len > n - at)
			return true;
		while (skip < len && is_prefix(code[at + skip]))
			skip++;
		if (branch_at(code + at + skip, len - skip, &disp) && is_target(r, base + (int64_t)(at + len) + disp))
			return true;
		if (r->last.kind == INSN_BRANCH && skip + 1 < len && code[at + skip] == 0xff && (code[at + skip + 1] >> 3 & 7) == 4)
			return true;
		at += len;
	}
	return false;
}

static bool is_reached(struct world *w, const char *path, const struct binary_symbol *part, const struct binary_symbol *fn,
		       bool sweep, const struct region *r)
{
	_free_ uint8_t *code = read_code(w, path, part);
	int64_t base = (int64_t)(part->address - fn->address);

	if (!code)
		return true;
	if (!may_branch(code, part->size, base, r))
		return false;
	return !sweep || !w->ops->disassemble || branches(w, code, part->size, part->address, base, r);
}

static bool is_reached_from_cold(struct world *w, const char *path, const struct binary_symbol *fn, bool sweep, const struct region *r)
{
	_free_ char *name = xasprintf("%s.cold", fn->name);
	struct binary_symbol cold;
	int rc = w->ops->symbol(w, path, name, &cold);

	return rc == 0 ? is_reached(w, path, &cold, fn, sweep, r) : rc != -ENOENT;
}

static const char slow_note[] = "the kernel single-steps this instruction: a hit costs about ten times as much";

void uprobe_place(struct world *w, const char *path, const struct binary_symbol *fn, bool strict, bool sweep, struct placement *ret)
{
	uint8_t head[PROLOGUE];
	int n = w->ops->code(w, path, fn->offset, head, fn->size && fn->size < sizeof head ? fn->size : sizeof head);
	struct region r;

	*ret = (struct placement){ 0 };
	if (n <= 0)
		return;
	if (decode(head, (size_t)n).kind >= INSN_PUSH)
		return;
	ret->note = slow_note;
	if (!fn->size || !find_site(head, (size_t)n, strict, &r) || is_reached(w, path, fn, fn, sweep, &r) ||
	    is_reached_from_cold(w, path, fn, sweep, &r))
		return;
	ret->skip = (uint32_t)r.at[r.n - 1];
	ret->note = r.moves ? "placed behind register moves, at an instruction the kernel emulates"
			    : "placed behind endbr64, at an instruction the kernel emulates";
}

#else

bool uprobe_is_unfit(struct world *w, const char *path, uint64_t offset)
{
	return false;
}

// Only x86-64 single-steps what other architectures simulate or step alike.
void uprobe_place(struct world *w, const char *path, const struct binary_symbol *fn, bool strict, bool sweep, struct placement *ret)
{
	*ret = (struct placement){ 0 };
}

#endif
