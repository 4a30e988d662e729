// SPDX-License-Identifier: Apache-2.0
// pinned.c - what an iterator that is pinned may do. When its file is read the run that made it is over: what it prints goes into
// the file, by the kernel's own formatting, and nothing else that a run would act on can be asked for.
#include <string.h>

#include "lang/format.h"
#include "lang/lang_int.h"

void pinned_call(struct lang *l, const struct node *n, const struct builtin *b)
{
	if (!body_pin(l->body) || !(b->flags & BF_ASYNC))
		return;
	if (b->id != BUILTIN_PRINTF)
		diag_error(l->diag, n->span, E_PLACE, "%s() can not be used in an iterator that is pinned: this run is over when its file is read; printf() writes into the file",
			   n->call.name);
	else if (l->callback)
		diag_error(l->diag, n->span, E_PLACE, "printf() of an iterator that is pinned can not be called inside a for loop: the kernel does not let one write into the file; "
			   "unroll and while can hold it");
}

static bool can_show(char conv, const struct type *t)
{
	switch (conv) {
	case 's': return t->kind == TYPE_STRING || t->kind == TYPE_INT || t->kind == TYPE_BOOL || t->kind == TYPE_POINTER || t->kind == TYPE_KSYM;
	case 'd': case 'i': case 'u': case 'x': case 'X': case 'c': case 'p': return type_is_scalar(t);
	default: return false;
	}
}

// The kernel knows a width for everything, and neither `#` nor a precision; of both, what can be had without is.
static bool can_lay_out(const char *text, size_t n, const struct format_item *it, const struct type *t)
{
	bool wide = false, sharp = it->conv == 'p', exact = false;

	for (size_t i = 1; i + 1 < n; i++) {
		sharp |= text[i] == '#';
		exact |= text[i] == '.';
		wide |= !exact && ((text[i] >= '1' && text[i] <= '9') || text[i] == '*');
	}
	return !(sharp && wide) && !(exact && t->kind != TYPE_STRING);
}

void pinned_format(struct lang *l, const struct node *call)
{
	const struct node *f = call->call.args.v[0];
	size_t at = 0, k = 0;
	struct format_item it;

	while (format_next(f->string.text, f->string.len, &at, &it)) {
		const struct node *a = it.conv == '%' || ++k >= call->call.args.n ? NULL : call->call.args.v[k];
		size_t n = it.end - it.start;

		if (!a || !a->type || !it.conv)
			continue;
		if (!can_show(it.conv, a->type))
			complain(l, a->span, E_FORMAT, "into the file of a pinned iterator the kernel does not write a '%T' by %.*s; numbers (%%d %%u %%x), strings, addresses and "
				 "ksym() can be written", a->type, (int)n, f->string.text + it.start);
		else if (!can_lay_out(f->string.text + it.start, n, &it, a->type))
			complain(l, f->span, E_FORMAT, "into the file of a pinned iterator the kernel does not write %.*s; it knows a width, but no precision of numbers, nor both "
				 "a width and 0x", (int)n, f->string.text + it.start);
	}
}
