// SPDX-License-Identifier: Apache-2.0
// tests.c - what a script has that can be tested, as it is written: nothing is resolved.
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"

static struct lang_case case_of(struct arena *a, const struct node *item)
{
	struct lang_case c = { .name = item->declared.name };

	for (size_t i = 0; i < item->declared.clauses.n; i++) {
		const struct node *clause = item->declared.clauses.v[i];
		const struct node_list *parts = &clause->clause.parts;

		if (clause->clause.id == CLAUSE_RUN)
			c.run = parts->v[0]->string.text;
		if (clause->clause.id != CLAUSE_WITH)
			continue;
		c.with = arena_array(a, const char *, parts->n);
		for (size_t k = 0; k < parts->n; k++)
			c.with[c.nwith++] = parts->v[k]->string.text;
	}
	return c;
}

static bool has_test_probe(const struct node *probe)
{
	for (size_t i = 0; i < probe->probe.points.n; i++)
		if (strncmp(probe->probe.points.v[i]->point.text, "test:", 5) == 0)
			return true;
	return false;
}

static bool expects(const struct node *item)
{
	for (size_t i = 0; i < item->declared.clauses.n; i++)
		if (item->declared.clauses.v[i]->clause.id == CLAUSE_EXPECT)
			return true;
	return false;
}

bool lang_tests(struct arena *a, struct diag *d, uint32_t source, struct lang_tests *ret)
{
	const struct node *script = lang_parse(a, d, source);

	*ret = (struct lang_tests){ 0 };
	for (size_t i = 0; script && i < script->script.items.n; i++) {
		const struct node *item = script->script.items.v[i];

		if (item->kind == NODE_PROBE)
			ret->probes |= has_test_probe(item);
		else if (item->kind == NODE_DECLARED && item->declared.is_case)
			vec_push(a, &ret->cases, case_of(a, item));
		else if (item->kind == NODE_DECLARED)
			ret->expects |= expects(item);
	}
	return script != NULL;
}
