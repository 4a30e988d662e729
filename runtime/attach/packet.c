// SPDX-License-Identifier: Apache-2.0
// xdp, tc, cgroup_skb: packets as they pass an interface or a control group, their headers as args (base/packet.h).
//
// Interfaces are looked up again when a probe is attached: a script that was compiled before finds those there are then.
#include "runtime/attach/packet.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/packet.h"
#include "base/type.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"

// args -------------------------------------------------------------------------------------------------------------------

enum row_kind { ROW_STRUCT, ROW_INT, ROW_BOOL, ROW_INET, ROW_MAC, ROW_LAYER, ROW_END };

struct row {
	enum row_kind kind;
	const char *name;
	uint32_t size; // of integers and of the struct that begins
	int depth;
};

static const struct row rows[] = {
#define PACKET_STRUCT(name) { ROW_STRUCT, #name, sizeof(struct packet_##name), 0 },
#define PACKET_U8(m, depth, doc) { ROW_INT, #m, 1, depth },
#define PACKET_U16(m, depth, doc) { ROW_INT, #m, 2, depth },
#define PACKET_U32(m, depth, doc) { ROW_INT, #m, 4, depth },
#define PACKET_BOOL(m, depth, doc) { ROW_BOOL, #m, 1, depth },
#define PACKET_INET(m, depth, doc) { ROW_INET, #m, 0, depth },
#define PACKET_MAC(m, depth, doc) { ROW_MAC, #m, 0, depth },
#define PACKET_LAYER(m, depth, doc) { ROW_LAYER, #m, 0, depth },
#define PACKET_END { ROW_END, NULL, 0, 0 },
#include "base/packet.def"
#include "base/packet_undef.h"
};
#define MEMBERS_MOST 32

static const struct type *row_type(struct world *w, const struct row *r)
{
	switch (r->kind) {
	case ROW_INT: return type_int(w->types, r->size, false);
	case ROW_BOOL: return type_basic(w->types, TYPE_BOOL);
	case ROW_INET: return type_basic(w->types, TYPE_INET);
	case ROW_MAC: return type_basic(w->types, TYPE_MAC);
	case ROW_LAYER: return type_struct(w->types, TYPE_STRUCT, arena_printf(w->arena, "packet_%s", r->name));
	case ROW_STRUCT: case ROW_END: break;
	}
	BUG("row '%s' of packet.def is no member", r->name);
}

// The members of one struct of packet.def, laid out as C does, from the row behind its first: how many rows they are.
static size_t layer_fields(struct world *w, const struct row *first, struct field *f, size_t *n)
{
	uint32_t at = 0, align = 1;
	size_t i = 1;

	*n = 0;
	for (; first[i].kind != ROW_END; i++) {
		const struct type *t = row_type(w, &first[i]);

		at = ALIGN_UP(at, t->align);
		align = MAX(align, t->align);
		f[(*n)++] = (struct field){ .name = first[i].name, .type = t, .offset = at };
		at += t->size;
	}
	if (ALIGN_UP(at, align) != first->size)
		BUG("struct packet_%s has %u bytes, its type %u", first->name, first->size, ALIGN_UP(at, align));
	return i;
}

struct packet_args {
	struct event_field field[MEMBERS_MOST];
	int depth[MEMBERS_MOST];
	size_t n;
};

// The last struct is args itself; those before it are types of its members.
static const struct packet_args *packet_args(struct world *w)
{
	struct packet_args *a = arena_new_(w->arena, struct packet_args);
	struct field f[MEMBERS_MOST];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *first = &rows[i];

		i += layer_fields(w, first, f, &a->n);
		if (i + 1 < ARRAY_SIZE(rows))
			type_set_fields(w->types, type_struct(w->types, TYPE_STRUCT, arena_printf(w->arena, "packet_%s", first->name)), first->size, f, a->n);
		for (size_t k = 0; k < a->n; k++)
			a->depth[k] = first[k + 1].depth;
	}
	for (size_t k = 0; k < a->n; k++)
		a->field[k] = (struct event_field){ .name = f[k].name, .type = f[k].type, .offset = f[k].offset, .size = f[k].type->size };
	return a;
}

static bool args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	const struct packet_args *a = s->detail;

	*f = a->field;
	*n = a->n;
	return true;
}

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	const struct packet_args *a = s->detail;
	size_t i = 0;

	while (i + 1 < a->n && strcmp(a->field[i].name, f->name))
		i++;
	*ret = (struct arg_loc){ .where = ARG_PACKET, .offset = (int32_t)f->offset, .index = -1, .size = (uint8_t)MIN(f->size, 255u), .type = f->type,
				 .value = a->depth[i] };
	return true;
}

// Attach points ------------------------------------------------------------------------------------------------------------

struct search {
	const char *pattern;
	struct arena *arena;
	VEC(const char *) found;
	struct near near;
	bool any;
};

static void offer(void *arg, const char *name)
{
	struct search *s = arg;

	s->any = true;
	if (glob_match(s->pattern, name))
		vec_push(s->arena, &s->found, arena_strdup(s->arena, name));
	else
		near_offer_copy(&s->near, s->arena, name);
}

// Is there an interface of that name, or that pattern? A kernel that is not here is not asked.
static bool is_interface(const struct expand *q, const struct attach_point *ap, struct search *s)
{
	*s = (struct search){ .pattern = ap->part[0], .arena = q->arena, .near = near_to(ap->part[0]) };
	if (!q->world->ops->interfaces || q->world->ops->interfaces(q->world, offer, s) < 0 || s->found.n || q->list_only)
		return true;
	if (s->near.best && !glob_is(s->pattern))
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no network interface '%s'; did you mean '%s'?", s->pattern, s->near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no network interface '%s' in this network namespace; 'ip link' lists them", s->pattern);
	return false;
}

static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, const char *target,
		     const char *func, const char *text, struct site_list *out)
{
	const char *name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, text));
	struct site s = { .kind = kind, .variant = q->uses & PT_PROBE ? name : "", .detail = packet_args(q->world) };

	s.plan = (struct plan_site){ .name = name, .provider = t->name, .target = target, .func = func, .mechanism = MECH_PACKET };
	site_add(out, &s);
}

// -l: one line for each interface there is, with each of `second` behind it.
static bool list_all(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct search *s,
		     const char *const *second, struct site_list *out)
{
	for (size_t i = 0; i < s->found.n; i++)
		for (size_t k = 0; second[k]; k++) {
			const char *text = *second[k] ? arena_printf(q->arena, "%s:%s", s->found.v[i], second[k]) : s->found.v[i];

			if (ap->n < 2 || glob_match(ap->part[1], second[k]))
				add_site(t, q, ap, PROG_XDP, s->found.v[i], second[k], text, out);
		}
	return true;
}

static bool expand_xdp(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	const char *mode = ap->n == 2 ? ap->part[1] : "";
	struct search s;

	if (ap->n < 1 || ap->n > 2 || !*ap->part[0])
		return attach_wrong_parts(t, q, ap);
	if (*mode && !q->list_only && strcmp(mode, "native") && strcmp(mode, "generic")) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': the mode is 'native' (in the driver) or 'generic', not '%s'; without one it is the first "
			   "that the driver can", ap->text, mode);
		return false;
	}
	if (!is_interface(q, ap, &s))
		return false;
	if (q->list_only)
		return list_all(t, q, ap, &s, (const char *const[]){ "", NULL }, out);
	add_site(t, q, ap, PROG_XDP, ap->part[0], mode, attach_rest(q, ap, 0), out);
	return true;
}

static bool is_direction(const struct expand *q, const struct attach_point *ap, const char *text)
{
	if (strcmp(text, "ingress") == 0 || strcmp(text, "egress") == 0)
		return true;
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': the direction is " DIRECTIONS ", not '%s'", ap->text, text);
	return false;
}

static bool expand_tc(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct search s;

	if (q->list_only && ap->n && ap->n <= 2)
		return is_interface(q, ap, &s) && list_all(t, q, ap, &s, (const char *const[]){ "ingress", "egress", NULL }, out);
	if (ap->n != 2 || !*ap->part[0])
		return attach_wrong_parts(t, q, ap);
	if (!is_direction(q, ap, ap->part[1]) || !is_interface(q, ap, &s))
		return false;
	add_site(t, q, ap, PROG_TC, ap->part[0], ap->part[1], attach_rest(q, ap, 0), out);
	return true;
}

static bool expand_cgroup(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	const char *path = ap->n > 1 ? attach_rest(q, ap, 1) : "";

	if (q->list_only) {
		for (size_t i = 0; i < 2; i++) {
			const char *direction = i ? "egress" : "ingress";

			if (!ap->n || glob_match(ap->part[0], direction))
				add_site(t, q, ap, PROG_CGROUP_INGRESS, "", direction, direction, out);
		}
		return true;
	}
	if (ap->n < 1 || !*ap->part[0])
		return attach_wrong_parts(t, q, ap);
	if (!is_direction(q, ap, ap->part[0]))
		return false;
	if (ap->n > 1 && *path != '/') {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': the control group is a path that begins with '/', as the folder of a cgroup2 file system",
			   ap->text);
		return false;
	}
	if (*path && q->world->ops->interfaces && q->world->ops->cgroup_id && !q->world->ops->cgroup_id(q->world, path)) {
		diag_error(q->diag, ap->span, E_TARGET, "there is no control group '%s'", path);
		return false;
	}
	add_site(t, q, ap, strcmp(ap->part[0], "egress") == 0 ? PROG_CGROUP_EGRESS : PROG_CGROUP_INGRESS, path, ap->part[0], attach_rest(q, ap, 0), out);
	return true;
}

// What decides -------------------------------------------------------------------------------------------------------------

#define DECIDES "decides what becomes of the packet"

static const struct probe_verdict *verdict_xdp(const struct probe_type *t, const struct site *s)
{
	static const struct probe_verdict v = { .keep = 2, .least = 0, .most = 3, .decides = DECIDES,
						.values = "2 (XDP_PASS), 1 (XDP_DROP), 3 (XDP_TX) or 0 (XDP_ABORTED)" };

	return &v;
}

// -1 leaves it to what else is attached, or lets it through.
static const struct probe_verdict *verdict_tc(const struct probe_type *t, const struct site *s)
{
	static const struct probe_verdict v = { .keep = -1, .least = -1, .most = 2, .decides = DECIDES,
						.values = "-1 (TCX_NEXT), 0 (TCX_PASS) or 2 (TCX_DROP)" };

	return &v;
}

static const struct probe_verdict *verdict_cgroup(const struct probe_type *t, const struct site *s)
{
	static const struct probe_verdict v = { .keep = 1, .least = 0, .most = 1, .decides = DECIDES, .values = "1 (goes on) or 0 (is dropped)" };

	return &v;
}

const struct probe_type probe_xdp = {
	.name = "xdp",
	.forms = "'xdp:INTERFACE' or 'xdp:INTERFACE:MODE'; MODE is 'native' or 'generic'",
	.probetype = "xdp",
	.doc = "packets as an interface receives them, before the kernel has a buffer for them",
	.offers = PT_ARGS,
	.no_task = true,
	.packet = "packet_of_xdp",
	.arg_space = SPACE_KERNEL,
	.expand = expand_xdp,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = packet_attach_xdp,
	.verdict = verdict_xdp,
};

const struct probe_type probe_tc = {
	.name = "tc",
	.forms = "'tc:INTERFACE:ingress' or 'tc:INTERFACE:egress'",
	.probetype = "tc",
	.doc = "packets as an interface receives or sends them",
	.last_first = true,
	.offers = PT_ARGS,
	.no_task = true,
	.packet = "packet_of_skb",
	.arg_space = SPACE_KERNEL,
	.expand = expand_tc,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = packet_attach_tc,
	.verdict = verdict_tc,
};

const struct probe_type probe_cgroup_skb = {
	.name = "cgroup_skb",
	.forms = "'cgroup_skb:ingress', 'cgroup_skb:egress', or the same and ':/PATH' of a control group",
	.probetype = "cgroup_skb",
	.doc = "packets that sockets of a control group receive or send",
	.offers = PT_ARGS,
	.no_task = true,
	.packet = "packet_of_socket",
	.arg_space = SPACE_KERNEL,
	.expand = expand_cgroup,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = packet_attach_cgroup,
	.verdict = verdict_cgroup,
};
