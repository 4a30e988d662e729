// SPDX-License-Identifier: Apache-2.0
#include "runtime/relocate.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/reloc.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

#define NO_HELPER 0x0bad0000u // and the row's number: a helper that no kernel has

static struct span span_of(const struct plan_reloc *r, uint32_t first)
{
	if (!r->n_span || !r->span[0].source)
		return (struct span){ 0 };
	return (struct span){ .source = first + r->span[0].source - 1, .start = r->span[0].start, .end = r->span[0].end };
}

static int refuse(const struct plan_reloc *r, const char *why, struct diag *diag, uint32_t first)
{
	diag_error(diag, span_of(r, first), E_LOAD, "the compiled script does not fit this kernel: %s", why);
	return -ENOENT;
}

int relocate_plan(const struct plan *p, struct world *w, struct diag *diag, uint32_t first, struct relocated *ret)
{
	bool home = p->kernel && w && strcmp(p->kernel, w->ops->identity(w)) == 0;
	int err = 0;

	*ret = (struct relocated){ .rows = xcalloc(MAX(p->n_relocs, 1u), sizeof *ret->rows),
				   .missing = xcalloc(MAX(p->n_relocs, 1u), sizeof *ret->missing), .n = p->n_relocs };
	for (uint32_t i = 0; i < p->n_relocs; i++) {
		_str_ struct str why = { 0 };
		struct plan_reloc *r = &ret->rows[i];

		*r = p->relocs[i];
		if (!w || (home && !r->absent && reloc_is_lasting(r)) || reloc_resolve(w, r, &why))
			continue;
		if (r->fixed)
			err = refuse(r, str_z(&why), diag, first);
		ret->missing[i] = xstrdup(str_z(&why));
	}
	if (!home && p->bound && !err) {
		diag_error(diag, (struct span){ 0 }, E_LOAD, "the compiled script reads members of types that have no name, so it runs only on the kernel it was built on: build it here");
		err = -ENOENT;
	}
	return err;
}

void relocated_free(struct relocated *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->missing[i]);
	free(r->missing);
	free(r->rows);
}

// Code ---------------------------------------------------------------------------------------------------------------

static struct bpf_insn nothing(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
}

static void poison(struct bpf_insn *in, size_t n, size_t row)
{
	in[0] = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = (int32_t)(NO_HELPER + row) };
	for (size_t i = 1; i < n; i++)
		in[i] = nothing();
}

static uint8_t load_code(uint32_t size)
{
	return BPF_LDX | BPF_MEM | (size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW);
}

// ld_imm64 (2); load; shift left; shift right
#define LOAD_INSNS 5

static bool is_load(const struct bpf_insn *in, size_t left)
{
	uint8_t dst = in->dst_reg;

	return left >= LOAD_INSNS && in[2].code == (BPF_LDX | BPF_MEM | BPF_DW) && in[2].dst_reg == dst && in[2].src_reg != dst &&
	       in[3].code == (BPF_ALU64 | BPF_LSH | BPF_K) && in[3].dst_reg == dst && in[4].code == (BPF_ALU64 | BPF_ARSH | BPF_K) &&
	       in[4].dst_reg == dst;
}

static int put_load(const struct plan_reloc *r, struct bpf_insn *in, size_t left)
{
	if (!is_load(in, left) || r->value > INT16_MAX || r->shl > 63 || r->shr > 63)
		return -EINVAL;
	in[0] = in[1] = nothing();
	in[2].code = load_code(r->size);
	in[2].off = r->kind == RELOC_VALUE ? 0 : (int16_t)r->value;
	in[3].imm = (int32_t)r->shl;
	in[4].imm = (int32_t)r->shr;
	if (!r->is_signed)
		in[4].code = BPF_ALU64 | BPF_RSH | BPF_K;
	if (!r->shl)
		in[3] = nothing();
	if (!r->shr)
		in[4] = nothing();
	return 0;
}

static bool is_kfunc(const struct bpf_insn *in)
{
	return in->code == (BPF_JMP | BPF_CALL) && in->src_reg == RELOC_MARK_KFUNC;
}

static void put_kfunc(const struct plan_reloc *r, struct bpf_insn *in)
{
	in->src_reg = BPF_PSEUDO_KFUNC_CALL;
	in->imm = (int32_t)r->value;
	in->off = 0;
}

static void put_value(const struct plan_reloc *r, struct bpf_insn *in)
{
	in[0].src_reg = 0;
	in[0].imm = (int32_t)(uint32_t)r->value;
	in[1].imm = (int32_t)(uint32_t)(r->value >> 32);
}

int relocate_code(const struct relocated *r, struct bpf_insn *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_kfunc(&in[i]))
			continue;
		if ((uint32_t)in[i].imm >= r->n || r->rows[in[i].imm].kind != RELOC_KFUNC)
			return -EINVAL;
		if (r->missing[in[i].imm])
			poison(&in[i], 1, (size_t)in[i].imm);
		else
			put_kfunc(&r->rows[in[i].imm], &in[i]);
	}
	for (size_t i = 0; i + 1 < n; i++) {
		bool load = in[i].src_reg == RELOC_MARK_LOAD;
		uint32_t row = (uint32_t)in[i].imm;

		if (in[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (!load && in[i].src_reg != RELOC_MARK_VALUE) {
			i++;
			continue;
		}
		if (row >= r->n || (load && !is_load(in + i, n - i)))
			return -EINVAL;
		if (r->missing[row])
			poison(in + i, load ? LOAD_INSNS : 2, row);
		else if (!load)
			put_value(&r->rows[row], in + i);
		else if (put_load(&r->rows[row], in + i, n - i))
			return -EINVAL;
		i += load ? LOAD_INSNS - 1 : 1;
	}
	return 0;
}

size_t relocate_missing(const struct relocated *r, const char *log)
{
	static const char mark[] = "unknown#";

	for (const char *at = strstr(log, mark); at; at = strstr(at + 1, mark)) {
		unsigned long id = strtoul(at + sizeof mark - 1, NULL, 10);

		if (id >= NO_HELPER && id - NO_HELPER < r->n && r->missing[id - NO_HELPER])
			return id - NO_HELPER;
	}
	return SIZE_MAX;
}
