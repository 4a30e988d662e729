// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// unwind.bpf.c - the walk over a user stack without frame pointers, frame by frame in the kernel.
//
//   registers at the probe -> for each frame: its mapping -> the file's table (base/unwind.h) -> the rule -> the caller's registers
//
// A frame without a rule is left along its frame pointer, or, at its first instructions, by what those are. The mapping is
// found by walking the kernel's own tree of mappings without a lock: reads of a tree that changes meanwhile may miss, but
// cannot fault, and what is found is checked to hold the address. So it works in interrupts as in probes, none of which can wait
// for a page of the stack that is not in memory: the walk ends before it (WIRE_STOP_FAULT). Every walk ends with a reason.
// What was found for an address is kept for the next walks while the address space has the same mappings (struct unwind_known): a frame
// whose address was met before needs neither mapping nor table.
// State lies in the body's frame (struct unwind), one call of unwind_step is one round of a loop (codegen/unwind.c).
// Needs BTF for the offsets, bounded loops and the ring buffer (5.8). x86-64.
#include "base/unwind.h"
#include "stdlib/bpf.h"
#include "stdlib/unwind.h"


u64 stack_get(void *ctx, struct wire_stack *s, u64 frames, u64 user, u64 frame); // strings.bpf.c

extern const u32 unwind_offsets[UNWIND_OFFSETS]; // defined by codegen for the kernel that is compiled for
extern const u32 unwind_pieces;                  // 1: the pool lies in pieces
#define K(NAME) ((u64)unwind_offsets[UNWIND_##NAME])
#define HAS(NAME) (unwind_offsets[UNWIND_##NAME] != UNWIND_NOWHERE)

static void *(*const bpf_get_current_task_btf)(void) = (void *)158;
static u64 (*const bpf_task_pt_regs)(void *task) = (void *)175;
static void *(*const bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *rec, u64 flags) = (void *)132;

enum { REG_BP = 32, REG_ORIG_AX = 120, REG_IP = 128, REG_CS = 136, REG_SP = 152, REG_BYTES = 168 }; // struct pt_regs of x86-64
enum { VM_EXEC = 4 };
#define USER_CS 0x33 // of 64-bit programs
#define SYSCALL 0x050f // the instruction's bytes
#define NR_EXECVE 59
#define NR_EXECVEAT 322
#define KERNEL_STACK 16384 // bytes
#define FRED_BYTES 16
#define NOEXIST 1
#define WAKE_UP 2
#define FP_FRAME_MOST (16ull << 20) // bytes a frame has at the most: what points further is no frame pointer
#define MCONTEXT 40                  // from the stack pointer in a signal frame: the registers, r8 first
#define RETURN_INSTANCES 64

static u64 read_word(u64 from)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof v, (void *)from);
	return v;
}

// 1 or 0, without a branch: the verifier follows both ways of one, and in a search each way has the next round behind it.
static u64 is_negative(u64 difference)
{
	opaque(difference);
	difference >>= 63;
	opaque(difference);
	return difference;
}

static void end_walk(struct unwind *u, u32 why)
{
	u->stop = why;
}

// Mappings -------------------------------------------------------------------------------------------------------------

// lib/maple_tree.c: the root is a node when its low bits are 10; bits 3-6 are the node's type, nodes lie at
// multiples of 256. After the parent come up to 15 pivots (the last address of each slot), zeros behind the last; then slots.
// An arange node has fewer pivots, with slots, which are kernel addresses, behind them: as pivots those end the search too.
enum { MAPLE_RANGE = 2, MAPLE_ARANGE = 3, MAPLE_DEPTH = 6 };

// 1 or 0. Mappings end where pages do; a pivot of zero, less one, is the largest number there is.
static u64 ends_before(u64 pivot, u64 page)
{
	return is_negative(((pivot - 1) >> 12) - page);
}

static u64 maple_slot(struct unwind *u, u64 addr)
{
	u64 i, page = addr >> 12;

	i = ends_before(u->pivot[7], page) << 3;
	i += ends_before(u->pivot[(i & 8) + 3], page) << 2;
	i += ends_before(u->pivot[(i & 12) + 1], page) << 1;
	return i + ends_before(u->pivot[i & 14], page);
}

static u64 maple_find(struct unwind *u, u64 addr)
{
	u64 entry = read_word(u->mm + K(MM_MAPLE));

	if ((entry & 3) != 2)
		return 0;
	for (u32 depth = 0; depth < MAPLE_DEPTH && entry > 4096; depth++) {
		u64 node = entry & ~0xffull, type = (entry >> 3) & 15;
		if (bpf_probe_read_kernel(u->pivot, 15 * 8, (void *)(node + 8)))
			return 0;
		u64 slots = K(MAPLE_RANGE_SLOT) + is_negative((type ^ MAPLE_ARANGE) - 1) * (K(MAPLE_ARANGE_SLOT) - K(MAPLE_RANGE_SLOT));
		entry = read_word(node + slots + maple_slot(u, addr) * 8);
		if (type < MAPLE_RANGE)
			return entry;
	}
	return 0;
}

#define RB_DEPTH 40

static u64 rb_find(struct unwind *u, u64 addr)
{
	u64 node = read_word(u->mm + K(MM_RB));

	for (u32 depth = 0; depth < RB_DEPTH && node; depth++) {
		u64 vma = node - K(VMA_RB);

		if (addr < read_word(vma + K(VMA_START)))
			node = read_word(node + K(RB_LEFT));
		else if (addr >= read_word(vma + K(VMA_END)))
			node = read_word(node + K(RB_RIGHT));
		else
			return vma;
	}
	return 0;
}

static u64 vma_find(struct unwind *u, u64 addr)
{
	if (HAS(MM_MAPLE))
		return maple_find(u, addr);
	return rb_find(u, addr);
}

// Members that lie near each other are read at once; the offsets are constants, so the compiler knows which.
#define MEMBER(u, first, at, address) \
	((at) >= (first) && (at) - (first) <= UNWIND_NEAR - 8 ? (u)->near[((at) - (first)) / 8 & (UNWIND_NEAR / 8 - 1)] : read_word(address))

static void read_key(struct unwind *u, u64 file)
{
	u64 inode = read_word(file + K(FILE_INODE)), first = K(INODE_SB) & ~7ull;
	u64 mtime = HAS(INODE_MTIME) ? K(INODE_MTIME) : HAS(INODE_MTIME_67) ? K(INODE_MTIME_67) : K(INODE_MTIME_OLD);

	bpf_probe_read_kernel(u->near, UNWIND_NEAR, (void *)(inode + first));
	u->key.ino = MEMBER(u, first, K(INODE_INO), inode + K(INODE_INO));
	u->key.size = MEMBER(u, first, K(INODE_SIZE), inode + K(INODE_SIZE));
	u->key.mtime = (u32)MEMBER(u, first, mtime, inode + mtime);
	u->key.dev = (u32)read_word(MEMBER(u, first, K(INODE_SB), inode + K(INODE_SB)) + K(SB_DEV));
}

static void count(void *counts, u32 what)
{
	u64 *n = bpf_map_lookup_elem(counts, &what);

	if (n)
		(*n)++;
}

// A file met for the first time: user space is asked for its table, once.
static void ask_for_table(struct unwind *u, struct unwind_map *m, void *files, void *control, void *counts, u64 event)
{
	u->fresh.state = UNWIND_ASKED;
	if (bpf_map_update_elem(files, &u->key, &u->fresh, NOEXIST))
		return;
	count(counts, UNWIND_COUNT_MISSES);
	struct unwind_record *r = bpf_ringbuf_reserve(control, sizeof *r, 0);
	if (!r) {
		bpf_map_delete_elem(files, &u->key);
		count(counts, UNWIND_COUNT_UNSENT);
		return;
	}
	r->control.after = 0;
	r->event.event = (u32)event;
	r->event.weight = 1;
	r->miss.key = u->key;
	r->miss.start = m->start;
	r->miss.end = m->end;
	r->miss.pid = (u32)(bpf_get_current_pid_tgid() >> 32);
	r->miss.pad = 0;
	bpf_ringbuf_submit(r, WAKE_UP);
}

static void attach_table(struct unwind *u, struct unwind_map *m, u64 vma, void *files, void *control, void *counts, u64 event)
{
	u64 file = MEMBER(u, 0, K(VMA_FILE), vma + K(VMA_FILE));

	m->id[0] = WIRE_BUILD_ID_IP;
	m->id[1] = m->id[2] = 0;
	m->delta = (MEMBER(u, 0, K(VMA_PGOFF), vma + K(VMA_PGOFF)) << 12) - m->start;
	if (file) {
		read_key(u, file);
	} else if (HAS(MM_VDSO) && m->start == read_word(u->mm + K(MM_VDSO))) {
		__builtin_memset(&u->key, 0, sizeof u->key); // the one file without a number: the vDSO
		m->delta = 0 - m->start;
	} else {
		m->state = UNWIND_MAP_ANONYMOUS;
		return;
	}
	struct unwind_file *f = bpf_map_lookup_elem(files, &u->key);
	if (!f) {
		m->state = UNWIND_MAP_ASKED;
		ask_for_table(u, m, files, control, counts, event);
		return;
	}
	m->state = f->state == UNWIND_READY ? UNWIND_MAP_READY : f->state == UNWIND_FULL ? UNWIND_MAP_FULL :
		   f->state == UNWIND_ASKED ? UNWIND_MAP_ASKED : UNWIND_MAP_WITHOUT;
	m->first_page = f->first_page;
	m->npages = f->npages;
	m->pages = f->pages;
	m->rows = f->rows;
	m->rules = f->rules;
	if (f->build_id_len) {
		((struct wire_build_id *)m->id)->status = WIRE_BUILD_ID_VALID;
		__builtin_memcpy(((struct wire_build_id *)m->id)->id, f->build_id, sizeof f->build_id);
	}
}

static bool holds(const struct unwind_map *m, u64 pc)
{
	return pc >= m->start && pc < m->end;
}

// The mapping that holds pc, in u->map[u->at]; false when there is none that is executable.
static bool find_mapping(struct unwind *u, u64 pc, void *files, void *control, void *counts, u64 event)
{
	u64 i = u->at;

	opaque(i);
	if (holds(&u->map[i & (UNWIND_MAPS - 1)], pc))
		return true;
	for (i = 0; i < UNWIND_MAPS; i++)
		if (holds(&u->map[i], pc)) {
			u->at = (u32)i;
			return true;
		}
	u64 vma = vma_find(u, pc);
	if (!vma || bpf_probe_read_kernel(u->near, UNWIND_NEAR, (void *)vma))
		return false;
	i = u->nmaps++;
	opaque(i);
	i &= UNWIND_MAPS - 1;
	struct unwind_map *m = &u->map[i];
	m->start = MEMBER(u, 0, K(VMA_START), vma + K(VMA_START));
	m->end = MEMBER(u, 0, K(VMA_END), vma + K(VMA_END));
	if (!holds(m, pc) || !(MEMBER(u, 0, K(VMA_FLAGS), vma + K(VMA_FLAGS)) & VM_EXEC)) {
		m->start = m->end = 0;
		return false;
	}
	u->at = (u32)i;
	attach_table(u, m, vma, files, control, counts, event);
	return true;
}

// Rules ----------------------------------------------------------------------------------------------------------------

// `words` of the pool, from its word i on, which is a multiple of them. pool: its memory, or with pieces its map; then mask is not used.
static const u32 *pool_at(void *pool, u64 mask, u64 i, u64 words)
{
	if (unwind_pieces) {
		u32 n = (u32)(i >> UNWIND_PIECE_SHIFT);

		pool = bpf_map_lookup_elem(pool, &n);
		mask = (1u << UNWIND_PIECE_SHIFT) - 1;
		if (!pool)
			return NULL;
	}
	opaque(i);
	return (const u32 *)pool + (i & mask & ~(words - 1));
}

static u32 pool_word(void *pool, u64 mask, u64 i)
{
	const u32 *at = pool_at(pool, mask, i, 1);

	return at ? *at : 0;
}

// At most 1024 rows are in a page.
static bool find_rule(struct unwind *u, const struct unwind_map *m, u64 pc, void *pool, u64 mask)
{
	u64 offset = pc + m->delta, page = (offset >> UNWIND_PAGE_SHIFT) - m->first_page;
	u64 low = offset & ((1u << UNWIND_PAGE_SHIFT) - 1);

	if (page >= m->npages)
		return false;
	u64 from = pool_word(pool, mask, m->pages + page), to = pool_word(pool, mask, m->pages + page + 1), row;
	for (u32 i = 0; i < UNWIND_PAGE_SHIFT + 1 && from < to; i++) {
		u64 middle = (from + to + 1) / 2, above;

		row = pool_word(pool, mask, m->rows + middle);
		above = 0 - is_negative(low - (row >> 16));
		from += (middle - from) & ~above;
		to -= (to - middle + 1) & above;
	}
	row = pool_word(pool, mask, m->rows + from) & 0xffff;
	const u64 words = sizeof(struct unwind_rule) / 4;
	const struct unwind_rule *rule = (const void *)pool_at(pool, mask, m->rules + row * words, words);

	if (!rule)
		return false;
	u->rule = *rule;
	return u->rule.cfa != UNWIND_CFA_NONE;
}

// What was found before ------------------------------------------------------------------------------------------------

#define MIX 0x9e3779b97f4a7c15ull

// An address space's number is never used again, and the count beside it changes with every change of its mappings.
static u64 space_of(const struct unwind *u)
{
	u32 changes;

	if (!HAS(MM_ID))
		return 0;
	changes = (u32)read_word(u->mm + (HAS(MM_SEQ) ? K(MM_SEQ) : K(MM_SEQ_OLD)));
	if (HAS(MM_SEQ) && (changes & 1)) // one is being made
		return 0;
	return (read_word(u->mm + K(MM_ID)) * MIX + changes) * MIX;
}

static bool knows(const struct unwind *u, u64 limit)
{
	return HAS(MM_ID) && u->space && !(limit & UNWIND_IDS);
}

static volatile struct unwind_known *known_at(void *known, u64 key)
{
	u64 i = key * MIX >> (64 - UNWIND_KNOWN_SHIFT);

	opaque(i);
	return (volatile struct unwind_known *)known + (i & ((1u << UNWIND_KNOWN_SHIFT) - 1));
}

static u64 known_find(void *known, u64 key)
{
	volatile struct unwind_known *k = known_at(known, key);
	u64 rule = k->rule;

	return (k->check ^ rule) == key ? rule : UNWIND_PLAIN_NONE;
}

static void known_keep(void *known, u64 key, u64 rule)
{
	volatile struct unwind_known *k = known_at(known, key);

	k->rule = rule;
	k->check = key ^ rule;
}

static u64 plain_of(const struct unwind_rule *r)
{
	bool saved = r->fp == UNWIND_AT_CFA;

	if (r->cfa == UNWIND_CFA_STOP)
		return UNWIND_PLAIN_STOP;
	if ((r->cfa != UNWIND_CFA_SP && r->cfa != UNWIND_CFA_FP) || r->ra != UNWIND_AT_CFA || r->ra_off != -8)
		return UNWIND_PLAIN_NONE;
	if (!saved && r->fp != UNWIND_SAME && r->fp != UNWIND_LOST)
		return UNWIND_PLAIN_NONE;
	return (r->cfa == UNWIND_CFA_SP ? UNWIND_PLAIN_SP : UNWIND_PLAIN_FP) | (saved ? UNWIND_PLAIN_SAVED : 0) |
	       (u64)(uint16_t)r->fp_off << 16 | (u64)(u32)r->cfa_off << 32;
}

static u64 saved_register(struct unwind *u, u32 dwarf)
{
	// DWARF's order of the registers -> where pt_regs has them
	static const u8 at[16] = { 80, 96, 88, 40, 104, 112, 32, 152, 72, 64, 56, 48, 24, 16, 8, 0 };
	u64 i = dwarf;

	opaque(i);
	return read_word(u->regs + at[i & 15]);
}

static bool read_user(u64 *v, u64 from)
{
	return bpf_probe_read_user(v, sizeof *v, (void *)from) == 0;
}

// Two words of the stack. It is read a window at a time, since the call costs more than the bytes: the next frames lie above.
static bool read_pair(struct unwind *u, u64 from, u64 pair[2])
{
	u64 at = from - u->window_at;

	if (at > UNWIND_WINDOW - 16 || (at & 7)) {
		if (bpf_probe_read_user(u->window, UNWIND_WINDOW, (void *)from)) { // near the end of the mapping
			u->window_at = UNWIND_NO_WINDOW;
			return bpf_probe_read_user(pair, 16, (void *)from) == 0;
		}
		u->window_at = from;
		at = 0;
	}
	at >>= 3;
	opaque(at);
	at &= UNWIND_WINDOW / 8 - 1;
	pair[0] = u->window[at];
	pair[1] = u->window[at + 1];
	return true;
}

static bool read_stack(struct unwind *u, u64 from, u64 *v)
{
	u64 pair[2];

	if (!read_pair(u, from - 8, pair)) // a return address is a function's last word: what is below it belongs to the frame
		return false;
	*v = pair[1];
	return true;
}

// Leaving a frame ------------------------------------------------------------------------------------------------------

enum step { STEP_ON, STEP_END, STEP_BY_POINTER };

static enum step leave_signal(struct unwind *u)
{
	enum { RBP = 10, RSP = 15, RIP = 16 };

	if (bpf_probe_read_user(u->pivot, (RIP - RBP + 1) * 8, (void *)(u->sp + MCONTEXT + RBP * 8))) {
		end_walk(u, WIRE_STOP_FAULT);
		return STEP_END;
	}
	u->fp = u->pivot[0];
	u->sp = u->pivot[RSP - RBP];
	u->ip = u->pivot[RIP - RBP];
	u->ra_at = 0;
	u->how = WIRE_HOW_SIGNAL;
	return STEP_ON;
}

// The caller's stack pointer.
static bool canonical_frame(struct unwind *u, const struct unwind_rule *r, u64 *cfa, u32 *why)
{
	s64 off = r->cfa_off;

	*why = WIRE_STOP_RULE;
	switch (r->cfa) {
	case UNWIND_CFA_SP: *cfa = u->sp + off; return true;
	case UNWIND_CFA_FP: case UNWIND_CFA_SWITCH: *cfa = u->fp + off; return true;
	case UNWIND_CFA_PLT: *cfa = u->sp + off + ((u->ip & 15) >= (u32)r->post ? 8 : 0); return true;
	case UNWIND_CFA_SP_AT: case UNWIND_CFA_FP_AT:
		*why = WIRE_STOP_FAULT;
		if (!read_user(cfa, (r->cfa == UNWIND_CFA_SP_AT ? u->sp : u->fp) + off))
			return false;
		*cfa += (s64)r->post;
		return true;
	case UNWIND_CFA_REG:
		if (u->how != WIRE_HOW_TOP)
			return false;
		*cfa = saved_register(u, r->reg) + off;
		return true;
	default: return false;
	}
}

static bool recover(struct unwind *u, u32 how, s64 off, u64 cfa, u64 same, u64 *v)
{
	u64 base = how == UNWIND_AT_CFA ? cfa : how == UNWIND_AT_FP ? u->fp : u->sp;

	if (how == UNWIND_SAME || how == UNWIND_LOST) {
		*v = same;
		return true;
	}
	return read_stack(u, base + off, v);
}

static enum step leave_by_rule(struct unwind *u, const struct unwind_rule *r)
{
	u64 cfa = 0, fp = 0, ra = 0, pair[2];
	u32 why = 0;

	if (!canonical_frame(u, r, &cfa, &why)) {
		end_walk(u, why);
		return why == WIRE_STOP_RULE ? STEP_BY_POINTER : STEP_END;
	}
	if (r->ra == UNWIND_IN_REG) {
		if (u->how != WIRE_HOW_TOP) {
			end_walk(u, WIRE_STOP_RULE);
			return STEP_END;
		}
		ra = saved_register(u, r->reg);
		if (!recover(u, r->fp, r->fp_off, cfa, u->fp, &fp)) {
			end_walk(u, WIRE_STOP_FAULT);
			return STEP_END;
		}
	} else if (r->fp == UNWIND_AT_CFA && r->fp_off == r->ra_off - 8 && r->ra == UNWIND_AT_CFA) { // side by side: one read
		if (!read_pair(u, cfa + (s64)r->fp_off, pair)) {
			end_walk(u, WIRE_STOP_FAULT);
			return STEP_END;
		}
		fp = pair[0];
		ra = pair[1];
	} else if (!recover(u, r->ra, r->ra_off, cfa, 0, &ra) || !recover(u, r->fp, r->fp_off, cfa, u->fp, &fp)) {
		end_walk(u, WIRE_STOP_FAULT);
		return STEP_END;
	}
	// the stack may be as it was before the call when the return address is in a register: at the end of _Unwind_Resume
	bool above = cfa > u->sp || (cfa == u->sp && r->ra == UNWIND_IN_REG);
	if (!above && r->cfa != UNWIND_CFA_SP_AT && r->cfa != UNWIND_CFA_FP_AT && r->cfa != UNWIND_CFA_SWITCH) {
		end_walk(u, WIRE_STOP_LOOP);
		return STEP_END;
	}
	u->ra_at = cfa + (s64)r->ra_off;
	u->sp = cfa;
	u->fp = fp;
	u->ip = ra;
	u->how = r->cfa == UNWIND_CFA_PLT ? WIRE_HOW_PLT : r->cfa == UNWIND_CFA_SWITCH ? WIRE_HOW_FP : WIRE_HOW_CFI;
	return STEP_ON;
}

// By a rule as nearly all are. What is saved lies below the return address, so it is read first, and the window is laid there.
static enum step leave_plainly(struct unwind *u, u64 rule)
{
	u64 cfa = ((rule & 3) == UNWIND_PLAIN_FP ? u->fp : u->sp) + (u64)((s64)rule >> 32), fp = u->fp, ra = 0;
	s64 at = (s64)(rule << 32) >> 48;
	u64 pair[2] = { 0, 0 };
	bool read = true;

	if ((rule & 3) == UNWIND_PLAIN_STOP) {
		end_walk(u, WIRE_STOP_OUTERMOST);
		return STEP_END;
	}
	if (rule & UNWIND_PLAIN_SAVED) {
		read = read_pair(u, cfa + (u64)at, pair);
		fp = pair[0];
		ra = pair[1];
	}
	if (read && (!(rule & UNWIND_PLAIN_SAVED) || at != -16))
		read = read_stack(u, cfa - 8, &ra);
	if (!read || cfa <= u->sp) {
		end_walk(u, read ? WIRE_STOP_LOOP : WIRE_STOP_FAULT);
		return STEP_END;
	}
	u->ra_at = cfa - 8;
	u->sp = cfa;
	u->fp = fp;
	u->ip = ra;
	u->how = WIRE_HOW_CFI;
	return STEP_ON;
}

// A function without unwind information at its first or last instruction, or a stub that jumps through a table.
static bool leave_leaf(struct unwind *u)
{
	u64 code = 0, off;

	if (u->how != WIRE_HOW_TOP || !read_user(&code, u->ip))
		return false;
	if ((code & 0xff) == 0xc3 || (code & 0xff) == 0x55 || (u32)code == 0xfa1e0ff3 || (code & 0xffff) == 0x25ff || (code & 0xffffff) == 0x25fff2)
		off = 0; // ret; push %rbp; endbr64; jmp *x(%rip); bnd jmp
	else if ((code & 0xffffff) == 0xe58948)
		off = 8; // mov %rsp,%rbp, behind the push
	else
		return false;
	u64 pair[2] = { u->fp, 0 };
	if (bpf_probe_read_user(off ? &pair[0] : &pair[1], off + 8, (void *)u->sp))
		return false;
	u->ra_at = u->sp + off;
	u->sp += off + 8;
	u->fp = pair[0];
	u->ip = pair[1];
	u->how = WIRE_HOW_LEAF;
	return true;
}

static enum step leave_by_pointer(struct unwind *u, u32 why)
{
	u64 pair[2];

	if (leave_leaf(u))
		return STEP_ON;
	if (u->fp == 0 && u->how == WIRE_HOW_FP)
		why = WIRE_STOP_ROOT;
	bool sane = u->fp >= u->sp && (u->fp & 7) == 0 && u->fp - u->sp < FP_FRAME_MOST;
	if (!sane || !read_pair(u, u->fp, pair)) {
		end_walk(u, why);
		return STEP_END;
	}
	u->doubt = why;
	u->ra_at = u->fp + 8;
	u->sp = u->fp + 16;
	u->fp = pair[0];
	u->ip = pair[1];
	u->how = WIRE_HOW_FP;
	return STEP_ON;
}

// A return address that a uretprobe replaced: the kernel keeps the real one with the place it was at.
static bool repair(struct unwind *u)
{
	if (!HAS(MM_XOL) || !HAS(TASK_UTASK) || !HAS(INSTANCE_STACK) || !HAS(INSTANCE_RETURN) || !HAS(INSTANCE_NEXT) || !u->ra_at)
		return false;
	u64 area = read_word(u->mm + K(MM_XOL));
	if (!area || (read_word(area + K(XOL_VADDR)) ^ u->ip) >> 12)
		return false;
	u64 utask = read_word(u->task + K(TASK_UTASK)), at = utask ? read_word(utask + K(UTASK_INSTANCES)) : 0;
	for (u32 i = 0; i < RETURN_INSTANCES && at && !bpf_probe_read_kernel(u->near, UNWIND_NEAR, (void *)at); i++) {
		if (MEMBER(u, 0, K(INSTANCE_STACK), at + K(INSTANCE_STACK)) == u->ra_at) {
			u->ip = MEMBER(u, 0, K(INSTANCE_RETURN), at + K(INSTANCE_RETURN));
			u->how = WIRE_HOW_URETPROBE;
			return true;
		}
		at = MEMBER(u, 0, K(INSTANCE_NEXT), at + K(INSTANCE_NEXT));
	}
	return false;
}

static u32 reason_without(u32 state)
{
	return state == UNWIND_MAP_ASKED ? WIRE_STOP_PENDING : state == UNWIND_MAP_FULL ? WIRE_STOP_NO_ROOM : WIRE_STOP_NO_TABLE;
}

static bool is_exact(const struct unwind *u)
{
	return u->how == WIRE_HOW_TOP ? !u->behind : u->how == WIRE_HOW_SIGNAL;
}

// The walk -------------------------------------------------------------------------------------------------------------

// In a system call the instruction pointer is behind the `syscall`, which may be a function's last instruction (__restore_rt).
// It is not when the kernel has moved it back to restart the call.
static bool is_behind_call(u64 number, u64 ip)
{
	uint16_t code = SYSCALL;

	if ((s64)number < 0)
		return false;
	return bpf_probe_read_user(&code, sizeof code, (void *)(ip - sizeof code)) || code == SYSCALL;
}

// Between two programs: the registers are still the last one's, its memory is gone.
static bool is_in_exec(struct unwind *u)
{
	u64 number = read_word(u->regs + REG_ORIG_AX);

	return number == NR_EXECVE || number == NR_EXECVEAT;
}

// The user's registers, saved when the task entered the kernel. bpf_task_pt_regs came with 5.15; before, they are known to lie
// at the end of the 16 KiB that the task's stack has, and after 6.9 16 bytes below, where FRED has its own.
static void find_registers(struct unwind *u)
{
	if (!HAS(TASK_STACK)) {
		void *task = bpf_get_current_task_btf();

		u->task = (u64)task;
		u->regs = bpf_task_pt_regs(task);
		return;
	}
	u->task = bpf_get_current_task();
	u->regs = read_word(u->task + K(TASK_STACK)) + KERNEL_STACK - REG_BYTES;
	if ((read_word(u->regs + REG_CS) & 0xffff) != USER_CS)
		u->regs -= FRED_BYTES;
}

// Fills u from the current task. u->walks is 0 when the walk is for the kernel's own: in a kernel thread, a 32-bit program.
void unwind_begin(struct unwind *u, u64 why)
{
	u->n = 0;
	u->walks = 0;
	u->stop = WIRE_STOP_NONE;
	find_registers(u);
	u->mm = read_word(u->task + K(TASK_MM));
	if (!u->mm)
		u->stop = WIRE_STOP_NO_PROGRAM;
	if (!u->mm || bpf_probe_read_kernel(u->pivot, REG_SP - REG_ORIG_AX + 8, (void *)(u->regs + REG_ORIG_AX)))
		return;
	if ((u->pivot[(REG_CS - REG_ORIG_AX) / 8] & 0xffff) != USER_CS)
		return;
	u->walks = 1;
	u->why = (u32)why;
	u->ip = u->pivot[(REG_IP - REG_ORIG_AX) / 8];
	u->sp = u->pivot[(REG_SP - REG_ORIG_AX) / 8];
	u->fp = read_word(u->regs + REG_BP);
	u->how = WIRE_HOW_TOP;
	u->behind = is_behind_call(u->pivot[0], u->ip);
	u->space = space_of(u);
	u->doubt = u->nmaps = u->at = 0;
	u->window_at = UNWIND_NO_WINDOW;
	u->ra_at = 0;
	for (u32 i = 0; i < UNWIND_MAPS; i++)
		u->map[i].start = u->map[i].end = 0;
	__builtin_memset(&u->fresh, 0, sizeof u->fresh);
}

// m: the frame's mapping, or NULL.
static void push(struct unwind *u, const struct unwind_map *m, u64 limit)
{
	u64 n = u->n, most = (u32)limit;

	opaque(n);
	if (n >= most || n >= WIRE_STACK_MAX)
		return;
	if (limit & UNWIND_IDS) {
		u64 *b = u->frame + n * 4;

		b[0] = m ? m->id[0] : WIRE_BUILD_ID_IP;
		b[1] = m ? m->id[1] : 0;
		b[2] = m ? m->id[2] : 0;
		b[3] = (u32)b[0] == WIRE_BUILD_ID_VALID ? u->ip + m->delta : u->ip;
	} else {
		u->frame[n] = u->why ? u->ip | (u64)u->how << WIRE_FRAME_SHIFT : u->ip;
	}
	u->n = (u32)n + 1;
}

// One frame whose address was met before.
static u64 known_step(struct unwind *u, u64 rule, u64 limit)
{
	if (u->n >= (u32)limit) {
		end_walk(u, WIRE_STOP_DEPTH);
		return 1;
	}
	push(u, NULL, limit);
	return leave_plainly(u, rule) == STEP_END;
}

// One frame. 1: there are no more.
u64 unwind_step(struct unwind *u, void *pool, void *known, void *files, void *control, void *counts, u64 mask, u64 event, u64 limit)
{
	u64 pc = u->ip - !is_exact(u);

	if (!u->walks)
		return 1;
	if (u->ip == 0) {
		end_walk(u, WIRE_STOP_ROOT);
		return 1;
	}
	u64 rule = knows(u, limit) ? known_find(known, u->space + pc) : UNWIND_PLAIN_NONE;
	if (rule)
		return known_step(u, rule, limit);
	if (!find_mapping(u, pc, files, control, counts, event)) {
		if (repair(u)) // the trampoline is at its mapping's first byte: what lies before a return to it is none
			return 0; // the same frame once more
		if (u->how == WIRE_HOW_TOP)
			push(u, NULL, limit);
		end_walk(u, u->how == WIRE_HOW_FP ? u->doubt : u->how == WIRE_HOW_TOP && is_in_exec(u) ? WIRE_STOP_EXEC : WIRE_STOP_NO_MAPPING);
		return 1;
	}
	u64 at = u->at;
	opaque(at);
	const struct unwind_map *m = &u->map[at & (UNWIND_MAPS - 1)];
	if (u->n >= (u32)limit) {
		end_walk(u, WIRE_STOP_DEPTH);
		return 1;
	}
	push(u, m, limit);
	enum step step = STEP_BY_POINTER;
	u32 why = reason_without(m->state);
	if (m->state == UNWIND_MAP_READY && find_rule(u, m, pc, pool, mask)) {
		const struct unwind_rule *r = &u->rule;

		rule = plain_of(r);
		if (rule && knows(u, limit)) // asked again: a number that is kept for it would have the kernel's check follow all in between twice
			known_keep(known, u->space + pc, rule);
		why = WIRE_STOP_RULE;
		if (rule)
			step = leave_plainly(u, rule);
		else if (r->cfa == UNWIND_CFA_SIGNAL)
			step = leave_signal(u);
		else if (r->cfa != UNWIND_CFA_BAD)
			step = leave_by_rule(u, r);
	}
	if (step == STEP_BY_POINTER)
		step = leave_by_pointer(u, why);
	return step == STEP_END;
}

// Into the wire's form; how many frames. What was not walked here the kernel walks.
u64 unwind_end(struct unwind *u, void *ctx, struct wire_stack *s, u64 frames, u64 frame, void *counts)
{
	u64 n = u->n, bytes;

	if (!u->walks && u->stop != WIRE_STOP_NO_PROGRAM)
		return stack_get(ctx, s, frames, 1, frame);
	opaque(n);
	if (n > frames)
		n = frames;
	if (u->stop == WIRE_STOP_NONE)
		u->stop = WIRE_STOP_DEPTH;
	if (u->walks)
		count(counts, u->stop);
	s->nr = (uint16_t)n;
	s->stop = u->why ? (u8)u->stop : 0;
	s->pad = 0;
	s->pid = (u32)(bpf_get_current_pid_tgid() >> 32);
	bytes = n * frame;
	opaque(bytes); // the number that is compared is the one that is used
	if (bytes && bytes <= frames * frame)
		bpf_probe_read_kernel(s->ip, (u32)bytes, u->frame);
	return n;
}
