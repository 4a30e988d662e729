// SPDX-License-Identifier: Apache-2.0
// seq.c - printf() of a pinned iterator: text into the file that is being read.
//
// The context begins with a pointer to struct bpf_iter_meta, and that with one to the file (include/linux/bpf.h). The kernel formats
// (bpf_seq_printf: kernel/trace/bpf_trace.c), with these traps: formats are ASCII, numbers have the sizes %d and %lld only, and all the
// strings of a call share a buffer of 512 bytes. So a call prints one thing: a number, extended to 64 bits, or a string that has
// a width; all other text is written as bytes.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codegen/cg.h"
#include "lang/format.h"

#define H_SEQ_PRINTF 126
#define H_SEQ_WRITE 127

struct conversion {
	char layout[32]; // flags and width, as the kernel takes them
	uint32_t most;   // bytes of a string, with its end
	unsigned bytes;  // of a number
	bool prefixed;   // 0x
	char conv;
};

static LLVMValueRef seq_file(struct cg *cg)
{
	return l_loadp(&cg->l, l_loadp(&cg->l, cg_context(cg), "meta"), "file");
}

static LLVMValueRef text_global(struct cg *cg, const char *text, size_t n)
{
	LLVMValueRef init = LLVMConstStringInContext2(cg->l.ctx, text, n, 0), g = LLVMAddGlobal(cg->l.mod, LLVMTypeOf(init), "seq_text");

	LLVMSetInitializer(g, init);
	LLVMSetSection(g, ".rodata");
	LLVMSetLinkage(g, LLVMInternalLinkage);
	LLVMSetGlobalConstant(g, 1);
	return g;
}

static void write_bytes(struct cg *cg, LLVMValueRef at, LLVMValueRef n)
{
	LLVMValueRef args[] = { seq_file(cg), at, n };

	l_helper(&cg->l, H_SEQ_WRITE, cg->l.i64, 3, args, "written");
}

static void write_text(struct cg *cg, const char *text, size_t n)
{
	if (n)
		write_bytes(cg, text_global(cg, text, n), l_k(&cg->l, n));
}

// One value by a format of the kernel's: % layout letters. What the helper says.
static LLVMValueRef print_word(struct cg *cg, const struct conversion *c, const char *letters, LLVMValueRef v)
{
	LLVMValueRef held = cg_word(cg, "printed");
	char format[48];
	int n = snprintf(format, sizeof format, "%%%s%s", c->layout, letters);
	LLVMValueRef args[] = { seq_file(cg), text_global(cg, format, (size_t)n), l_k32(&cg->l, (uint32_t)n + 1), held, l_k32(&cg->l, 8) };

	l_store(&cg->l, v, held, 8);
	return l_helper(&cg->l, H_SEQ_PRINTF, cg->l.i64, 5, args, "printed");
}

// Linux 5.10 and 5.11 refuse a format that asks for a symbol, and print nothing: there it is an address.
static void print_symbol(struct cg *cg, const struct conversion *c, LLVMValueRef v)
{
	struct ll *l = &cg->l;
	LLVMValueRef printed = print_word(cg, c, "ps", v);
	LLVMBasicBlockRef refused = l_block(l, "symbol.refused"), next = l_block(l, "symbol.next");

	l_cond(l, LLVMBuildICmp(l->b, LLVMIntEQ, printed, l_k(l, (uint64_t)-EINVAL), "is_refused"), refused, next);
	l_pos(l, refused);
	write_text(cg, "0x", 2);
	print_word(cg, c, "llx", v);
	l_br(l, next);
	l_pos(l, next);
}

static void print_text(struct cg *cg, const struct conversion *c, LLVMValueRef at, LLVMValueRef n)
{
	if (*c->layout)
		print_word(cg, c, "s", LLVMBuildPtrToInt(cg->l.b, at, cg->l.i64, "text"));
	else
		write_bytes(cg, at, n);
}

static void print_string(struct cg *cg, const struct conversion *c, const struct node *a)
{
	struct ll *l = &cg->l;
	uint32_t most = MIN(a->type->count, c->most);
	struct value v = a->kind == NODE_STRING ? (struct value){ .v = cg_local(cg, a) } : cg_expr(cg, a);
	LLVMValueRef dst = cg_frame_temp(cg, ALIGN_UP(most, 8u), "text"), n;

	if (v.remote) {
		LLVMValueRef args[] = { dst, l_k(l, most), v.v, l_k(l, v.space == SPACE_USER) };
		n = cg_stdlib(cg, "pack_remote_string", l->i64, 4, args, "len");
	} else {
		LLVMValueRef args[] = { dst, l_k(l, most), v.v };
		n = cg_stdlib(cg, "pack_string", l->i64, 3, args, "len");
	}
	n = l_opaque(l, n);
	LLVMValueRef over = LLVMBuildICmp(l->b, LLVMIntUGT, n, l_k(l, most), "over");
	print_text(cg, c, dst, LLVMBuildSelect(l->b, over, l_k(l, most), n, "limited"));
}

static void print_bool(struct cg *cg, const struct conversion *c, const struct node *a)
{
	struct ll *l = &cg->l;
	LLVMValueRef words = text_global(cg, "false\0\0\0true", 12), yes = l_nz(l, cg_int(cg, a), "yes");
	LLVMValueRef at = l_at(l, words, LLVMBuildSelect(l->b, yes, l_k(l, 8), l_k(l, 0), "which"), "word");

	print_text(cg, c, at, LLVMBuildSelect(l->b, yes, l_k(l, 4), l_k(l, 5), "len"));
}

static void print_char(struct cg *cg, const struct conversion *c, const struct node *a)
{
	struct ll *l = &cg->l;
	LLVMValueRef at = cg_word(cg, "char");

	l_store(l, LLVMBuildAnd(l->b, cg_int(cg, a), l_k(l, 0xff), "byte"), at, 8);
	print_text(cg, c, at, l_k(l, 1));
}

// As the run side does: 32 bits, if the format does not say otherwise.
static void print_number(struct cg *cg, const struct conversion *c, const struct node *a)
{
	struct ll *l = &cg->l;
	bool is_signed = c->conv == 'd' || c->conv == 'i';
	LLVMTypeRef as = l_int(l, c->bytes);
	LLVMValueRef v = cg_int(cg, a);
	char letters[] = { 'l', 'l', c->conv == 'i' ? 'd' : c->conv, '\0' };

	if (c->bytes < 8)
		v = is_signed ? LLVMBuildSExt(l->b, LLVMBuildTrunc(l->b, v, as, ""), l->i64, "number") : LLVMBuildZExt(l->b, LLVMBuildTrunc(l->b, v, as, ""), l->i64, "number");
	if (c->prefixed)
		write_text(cg, "0x", 2);
	print_word(cg, c, letters, v);
}

static void print_any(struct cg *cg, struct conversion *c, const struct node *a)
{
	if (a->type->kind == TYPE_STRING)
		print_string(cg, c, a);
	else if (a->type->kind == TYPE_BOOL)
		print_bool(cg, c, a);
	else if (a->type->kind == TYPE_KSYM)
		print_symbol(cg, c, l_load(&cg->l, cg_local(cg, a), 8, false, "symbol"));
	else {
		c->bytes = 8;
		c->prefixed = a->type->kind == TYPE_POINTER;
		c->conv = c->prefixed ? 'x' : a->type->is_signed ? 'd' : 'u';
		print_number(cg, c, a);
	}
}

static struct conversion read_conversion(const char *text, const struct format_item *it)
{
	struct conversion c = { .most = UINT32_MAX, .bytes = 4, .conv = it->conv };
	const char *p = text + it->start + 1, *end = text + it->end;
	size_t n = 0;

	for (; p < end && strchr("-+ #0123456789*", *p); p++)
		if (*p == '#')
			c.prefixed = true;
		else if (*p != '*' && n + 1 < sizeof c.layout)
			c.layout[n++] = *p;
	if (p < end && *p == '.')
		c.most = (uint32_t)MIN(strtoul(p + 1, NULL, 10), (unsigned long)UINT32_MAX - 1) + 1;
	while (p < end && (*p == '.' || *p == '*' || isdigit((unsigned char)*p)))
		p++;
	if (*p == 'h')
		c.bytes = p[1] == 'h' ? 1 : 2;
	else if (p < end && strchr("ljztL", *p))
		c.bytes = 8;
	return c.conv == 'p' ? (struct conversion){ .bytes = 8, .prefixed = true, .conv = 'x' } : c;
}

static void print_item(struct cg *cg, const char *text, const struct format_item *it, const struct node *a)
{
	struct conversion c = read_conversion(text, it);

	if (it->conv == 's')
		print_any(cg, &c, a);
	else if (it->conv == 'c')
		print_char(cg, &c, a);
	else
		print_number(cg, &c, a);
}

void cg_seq_printf(struct cg *cg, const struct node *n)
{
	const struct node *f = n->call.args.v[0];
	size_t at = 0, done = 0, k = 1;
	struct format_item it;

	if (!cg->fn->ctx) {
		diag_error(cg->diag, n->span, E_LIMIT, "this probe is too long for printf() into the file of a pinned iterator, which stands in its first function only");
		cg->failed = true;
		return;
	}
	while (format_next(f->string.text, f->string.len, &at, &it)) {
		write_text(cg, f->string.text + done, it.start - done);
		if (it.conv == '%')
			write_text(cg, "%", 1);
		else
			print_item(cg, f->string.text, &it, n->call.args.v[k++]);
		done = it.end;
	}
	write_text(cg, f->string.text + done, f->string.len - done);
}
