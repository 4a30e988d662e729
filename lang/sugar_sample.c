// SPDX-License-Identifier: Apache-2.0
// sugar_sample.c - the `sample` clause.
#include "lang/sugar.h"

struct node *sampled(struct sugar *s, struct node *block, struct delivery *d)
{
	(void)d;
	if (s->clause[CLAUSE_SAMPLE])
		diag_error(s->l->diag, s->clause[CLAUSE_SAMPLE]->span, E_LATER, "sampling belongs to the language, but this version does not compile it");
	return block;
}

struct node *sampled_entry(struct sugar *s, struct node *block)
{
	(void)s;
	return block;
}
