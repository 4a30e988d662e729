// SPDX-License-Identifier: Apache-2.0
// sugar_call.c - calls: an entry paired with its return.
#include <string.h>

#include "lang/sugar.h"

bool is_call_point(const struct node *point)
{
	return strncmp(point->point.text, "call:", 5) == 0 || strncmp(point->point.text, "syscall:", 8) == 0;
}

void rewrite_calls(struct sugar *s)
{
	diag_error(s->l->diag, s->calls.v[0]->span, E_LATER, "calls belong to the language, but this version does not compile them");
}
