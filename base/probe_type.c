// SPDX-License-Identifier: Apache-2.0
#include "base/probe_type.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"

unsigned probe_type_offers(const struct probe_type *t)
{
	return t->offers | (t->no_task ? 0 : PT_TASK);
}

struct site *site_add(struct site_list *l, const struct site *s)
{
	if (l->n == l->cap)
		l->v = vec_grow(l->arena, l->v, l->n, &l->cap, sizeof *l->v);
	l->v[l->n] = *s;
	return &l->v[l->n++];
}

static bool is_called(const struct probe_type *t, const char *name)
{
	if (strcasecmp(t->name, name) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(t->aliases) && t->aliases[i]; i++)
		if (strcasecmp(t->aliases[i], name) == 0)
			return true;
	return false;
}

// Of usdt's "U" and uprobe's "u" only the case tells which is meant, so the exact spelling goes first.
static bool is_spelled(const struct probe_type *t, const char *name)
{
	if (strcmp(t->name, name) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(t->aliases) && t->aliases[i]; i++)
		if (strcmp(t->aliases[i], name) == 0)
			return true;
	return false;
}

const struct probe_type *probe_type_find(const struct world *w, const char *name)
{
	const struct probe_type *const *all = w->ops->probe_types((struct world *)w);

	for (size_t i = 0; all[i]; i++)
		if (is_spelled(all[i], name))
			return all[i];
	for (size_t i = 0; all[i]; i++)
		if (is_called(all[i], name))
			return all[i];
	return NULL;
}

static const struct probe_type *unknown_provider(const struct world *w, struct diag *d, struct span at, const char *name)
{
	const struct probe_type *const *all = w->ops->probe_types((struct world *)w);
	_str_ struct str known = { 0 };
	struct near near = near_to(name);

	for (size_t i = 0; all[i]; i++) {
		near_offer(&near, all[i]->name);
		str_printf(&known, "%s%s", i ? ", " : "", all[i]->name);
	}
	if (strchr(name, '*'))
		diag_error(d, at, E_ATTACH_POINT, "a provider cannot be a pattern here; write one of: %s",
			   str_z(&known));
	else if (!*name)
		diag_error(d, at, E_ATTACH_POINT, "an attach point begins with its provider, one of: %s", str_z(&known));
	else if (near.best)
		diag_error(d, at, E_ATTACH_POINT, "unknown provider '%s'; did you mean '%s'?", name, near.best);
	else
		diag_error(d, at, E_ATTACH_POINT, "unknown provider '%s'; known are: %s", name, str_z(&known));
	return NULL;
}

// Length of "name=" at the start, 0 if there is none: a path may hold '=', but not before the first ':'.
static size_t user_name_length(const char *text)
{
	size_t n = 0;

	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return 0;
	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return text[n] == '=' ? n + 1 : 0;
}

static char unescape(char c)
{
	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	default: return c;
	}
}

// Reads one part into `out`; returns where it stopped (':' or the end), NULL when a quote is not closed.
static const char *read_part(const char *p, struct str *out)
{
	bool quoted = false;

	for (; *p && (quoted || *p != ':'); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p[1])
			str_addc(out, unescape(*++p));
		else
			str_addc(out, *p);
	}
	return quoted ? NULL : p;
}

const struct probe_type *attach_point_split(const struct world *w, struct diag *d, struct arena *a, struct span at,
					    const char *text, struct attach_point *ret)
{
	struct attach_point ap = { .span = at, .text = arena_strdup(a, text) };
	size_t named = user_name_length(text);
	VEC(const char *) parts = { 0 };
	const char *p = text + named;

	if (named)
		ap.user_name = arena_strndup(a, text, named - 1);
	for (;;) {
		_str_ struct str part = { 0 };

		p = read_part(p, &part);
		if (!p) {
			diag_error(d, at, E_ATTACH_POINT, "a double quote in '%s' is not closed", text);
			return NULL;
		}
		vec_push(a, &parts, arena_strndup(a, str_z(&part), part.n));
		if (!*p)
			break;
		p++;
	}
	const struct probe_type *t = probe_type_find(w, parts.v[0]);

	if (!t)
		return unknown_provider(w, d, at, parts.v[0]);
	ap.provider = t->name;
	ap.part = parts.v + 1;
	ap.n = parts.n - 1;
	*ret = ap;
	return t;
}
