// SPDX-License-Identifier: Apache-2.0
// What every provider's compile side needs: numbers, errors, names.
#include "runtime/attach/attach.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"

// Digits of one base from `p` on; returns where they end, NULL on overflow or none. An '_' must stand between two digits.
static const char *read_digits(const char *p, unsigned base, uint64_t *ret)
{
	uint64_t v = 0;
	bool digit = false;

	for (;; p++) {
		unsigned d = isdigit((unsigned char)*p) ? (unsigned)(*p - '0')
			     : isxdigit((unsigned char)*p) ? (unsigned)(tolower((unsigned char)*p) - 'a' + 10) : 99;

		if (*p == '_' && digit && isxdigit((unsigned char)p[1]))
			continue;
		if (d >= base)
			break;
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)d, &v))
			return NULL;
		digit = true;
	}
	*ret = v;
	return digit ? p : NULL;
}

bool parse_u64(const char *text, uint64_t *ret)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	bool octal = !hex && text[0] == '0' && text[1];
	uint64_t v;
	const char *end = read_digits(hex ? text + 2 : text, hex ? 16 : octal ? 8 : 10, &v);

	if (!end || *end)
		return false;
	*ret = v;
	return true;
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "", 1 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	{ "m", 60000000000 }, { "h", 3600000000000 }, { "d", 86400000000000 },
};

bool parse_duration(const char *text, uint64_t *ns)
{
	uint64_t v;
	const char *end = read_digits(text, 10, &v);

	for (size_t i = 0; end && i < ARRAY_SIZE(units); i++)
		if (strcmp(end, units[i].name) == 0)
			return !__builtin_mul_overflow(v, units[i].ns, ns) && *ns <= INT64_MAX;
	return false;
}

bool attach_wrong_parts(const struct probe_type *t, const struct expand *q, const struct attach_point *ap)
{
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': %s probe type requires %s", ap->text, t->name, t->forms);
	return false;
}

bool attach_world_error(const struct expand *q, const struct attach_point *ap, const char *what, int error)
{
	bool rights = error == -EPERM || error == -EACCES;

	if (rights && geteuid() == 0 && q->world->ops->feature && !q->world->ops->feature(q->world, FEATURE_READ_KERNEL)) {
		diag_error(q->diag, ap->span, E_TARGET, "the kernel does not let %s be read: it is locked down for confidentiality (lockdown=)", what);
		return false;
	}
	switch (-error) {
	case EACCES: case EPERM:
		diag_error(q->diag, ap->span, E_TARGET, "no right to read %s (run as root, or with CAP_DAC_READ_SEARCH)", what);
		break;
	case ENOENT:
		diag_error(q->diag, ap->span, E_TARGET, "there is no %s", what);
		break;
	case ESRCH:
		diag_error(q->diag, ap->span, E_TARGET, "process %u does not exist (it was to be asked for %s)", q->pid, what);
		break;
	case ENOEXEC:
		diag_error(q->diag, ap->span, E_TARGET, "%s is no ELF executable or library of this machine", what);
		break;
	default:
		diag_error(q->diag, ap->span, E_TARGET, "cannot read %s: %s", what, strerror(-error));
	}
	return false;
}

const char *attach_rest(const struct expand *q, const struct attach_point *ap, size_t from)
{
	_str_ struct str s = { 0 };

	for (size_t i = from; i < ap->n; i++)
		str_printf(&s, "%s%s", i > from ? ":" : "", ap->part[i]);
	return arena_strndup(q->arena, str_z(&s), s.n);
}

const char *attach_name(const struct attach_point *ap, const char *concrete)
{
	return ap->user_name ? ap->user_name : concrete;
}

const char *attach_return_variant(const struct expand *q, const char *name)
{
	return q->uses & PT_FUNC && !q->world->ops->feature(q->world, FEATURE_FUNC_IP) ? name : attach_variant(q, name);
}

const char *attach_variant(const struct expand *q, const char *name)
{
	return q->uses & PT_PROBE && !q->world->ops->feature(q->world, FEATURE_ATTACH_COOKIE) ? name : "";
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct site *)a)->plan.name, ((const struct site *)b)->plan.name);
}

static void list_field(const struct type *t, const char *in, const char *name, void (*each)(void *arg, const char *line), void *arg)
{
	_str_ struct str line = { 0 };

	str_adds(&line, "    ");
	type_print(t, &line);
	str_printf(&line, " %s%s%s", in, *in ? "." : "", name);
	each(arg, str_z(&line));
}

static void list_fields(const struct probe_type *t, struct world *w, const struct site *s,
			void (*each)(void *arg, const char *line), void *arg)
{
	const struct event_field *f = NULL;
	struct arg_loc ret = { 0 };
	size_t n = 0;

	if (!t->args || !t->args(t, w, s, &f, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct type *layer = t->packet && f[i].type->kind == TYPE_STRUCT ? f[i].type : NULL; // nobody else tells its members

		for (uint32_t k = 0; layer && k < layer->nfields; k++)
			list_field(layer->fields[k].type, f[i].name, layer->fields[k].name, each, arg);
		if (!layer)
			list_field(f[i].type, "", f[i].name, each, arg);
	}
	if (t->retval && t->retval(t, w, s, &ret) && ret.type)
		list_field(ret.type, "", "retval", each, arg);
}

static void list_sorted(const struct probe_type *t, struct world *w, struct site_list *l, bool verbose,
			void (*each)(void *arg, const char *line), void *arg)
{
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, compare_names);
	for (size_t i = 0; i < l->n; i++) {
		if (i && compare_names(&l->v[i - 1], &l->v[i]) == 0)
			continue;
		each(arg, l->v[i].plan.name);
		if (verbose)
			list_fields(t, w, &l->v[i], each, arg);
	}
}

int attach_list_sites(const struct probe_type *t, struct world *w, const char *pattern, uint32_t pid, bool verbose,
		      void (*each)(void *arg, const char *line), void *arg)
{
	struct arena *a = arena_new();
	struct diag d;
	struct attach_point ap;
	struct site_list l = { .arena = a };

	diag_init(&d, a);
	const struct expand q = { .world = w, .diag = &d, .arena = a, .pid = pid, .unsafe = true, .list_only = true };
	const char *text = arena_printf(a, "%s:%s", t->name, pattern && *pattern ? pattern : "*");
	bool ok = attach_point_split(w, &d, a, (struct span){ 0 }, text, &ap) && t->expand(t, &q, &ap, &l);

	if (ok)
		list_sorted(t, w, &l, verbose, each, arg);
	ok = ok && l.n;
	bool rights = !ok && d.nitems && d.items[0].code == E_RIGHTS;
	arena_free(a);
	return ok ? 0 : rights ? -EPERM : -ENOENT;
}
