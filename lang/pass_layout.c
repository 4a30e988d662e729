// SPDX-License-Identifier: Apache-2.0
// pass_layout.c - the plan's rows: programs and sites, maps with their sizes, events with the layout of their records.
#include <linux/bpf.h>
#include <string.h>

#include "base/wire.h"
#include "lang/declared.h"

#define RING_SMALL (64u << 10)
#define RING_LARGE (4u << 20)
#define PREALLOC_MOST (1u << 20)
#define BUCKETS_USED 20 // of a keyed histogram, per key: what its capacity is planned for
#define EPOCHS_USED 1024 // of a keyed time series, the same
#define JOIN_STRINGS 16
#define JOIN_BYTES 1024
#define LARGEST (64u << 10) // bytes of a key, a value or a record's fixed part

// Events --------------------------------------------------------------------------------------------------------------

#define CALLERS_MOST 16

// Where it is, and behind it the calls of macros it was expanded from, the innermost first.
static struct plan_span *plan_places(struct lang *l, struct span at, uint32_t *n)
{
	struct plan_span *s = arena_array(l->arena, struct plan_span, CALLERS_MOST + 1);

	*n = 0;
	do
		s[(*n)++] = (struct plan_span){ .source = at.source, .start = at.start, .end = at.end };
	while (*n <= CALLERS_MOST && diag_caller(l->diag, at, &at));
	return s;
}

#define WHOLE_STRING 32 // a string no larger is stored whole: cheaper than a tail, which cannot be reserved but must be copied

static bool is_packed(const struct type *t)
{
	return (t->kind == TYPE_STRING && t->count > WHOLE_STRING) || t->kind == TYPE_BUFFER || type_is_stack(t);
}

struct record {
	struct lang *l;
	struct plan_event e;
	struct span at_script;
	uint32_t at; // end of the fixed part so far
};

static struct record record_begin(struct lang *l, enum event_kind kind, struct span at)
{
	uint32_t n;
	struct plan_span *places = plan_places(l, at, &n);

	return (struct record){
		.l = l,
		.e = { .kind = kind, .prog = l->body->prog, .span = places, .n_span = n },
		.at_script = at,
		.at = sizeof(struct wire_event),
	};
}

static void record_add(struct record *r, const struct type *t)
{
	bool packed = is_packed(t);
	uint32_t size = packed ? sizeof(struct wire_tail) : t->size, align = packed ? _Alignof(struct wire_tail) : MAX(t->align, 1u);

	type_whole(r->l, t);
	r->at = ALIGN_UP(r->at, align);
	plan_push(r->l->arena, &r->e.args, &r->e.n_args, (struct plan_arg){ .type = t, .offset = r->at, .packed = packed });
	r->at += size;
}

static uint32_t record_end(struct record *r)
{
	struct plan *p = r->l->plan;

	r->e.fixed_size = ALIGN_UP(r->at, 8u);
	if (r->e.fixed_size > LARGEST)
		diag_error(r->l->diag, r->at_script, E_LIMIT, "the values printed here take %u bytes; a record can have up to %u", r->e.fixed_size, LARGEST);
	return plan_push(r->l->arena, &p->events, &p->n_events, r->e);
}

static void add_values(struct record *r, const struct node *call, size_t from)
{
	for (size_t i = from; i < call->call.args.n; i++)
		record_add(r, call->call.args.v[i]->type);
}

static void layout_print(struct lang *l, struct node *n)
{
	const struct node *a = n->call.args.v[0], *m = a;
	struct record r;

	if (a->kind == NODE_CAST && a->cast.implicit && a->cast.value->kind == NODE_MAP)
		m = a->cast.value;
	if (m->kind == NODE_MAP && m == a && !m->map.keys.n) {
		r = record_begin(l, EVENT_PRINT_MAP, n->span);
		r.e.takes = n->call.takes;
		n->call.first = 1;
	} else {
		r = record_begin(l, m->kind == NODE_MAP && m->map.keys.n ? EVENT_PRINT_MAP_VALUE : EVENT_PRINT_VALUE, n->span);
		n->call.first = 0;
	}
	if (m->kind == NODE_MAP)
		r.e.map = m->map.sym->index;
	add_values(&r, n, n->call.first);
	n->call.event = record_end(&r);
}

static void layout_join(struct lang *l, struct node *n)
{
	struct record r = record_begin(l, EVENT_JOIN, n->span);

	r.e.text = n->call.args.n > 1 ? n->call.args.v[1]->string.text : " ";
	for (int i = 0; i < JOIN_STRINGS; i++)
		record_add(&r, type_string(l->types, JOIN_BYTES));
	n->call.first = 0;
	n->call.event = record_end(&r);
}

static void layout_call(struct lang *l, struct node *n)
{
	const struct builtin *b = n->call.builtin;
	struct record r = record_begin(l, b->event, n->span);

	switch (b->id) {
	case BUILTIN_PRINT: layout_print(l, n); return;
	case BUILTIN_EMIT:
		r.e.stream = layout_stream(l, n);
		add_values(&r, n, n->call.first);
		break;
	case BUILTIN_PUBLISH:
		r.e.stream = layout_measures(l, n);
		n->call.first = 0;
		break;
	case BUILTIN_JOIN: layout_join(l, n); return;
	case BUILTIN_CLEAR: case BUILTIN_ZERO:
		r.e.map = n->call.args.v[0]->map.sym->index;
		n->call.first = 1;
		break;
	case BUILTIN_EXIT: case BUILTIN_TARGET_REVIEW:
		n->call.first = 0;
		add_values(&r, n, 0);
		break;
	case BUILTIN_TIME:
		r.e.text = n->call.args.n ? n->call.args.v[0]->string.text : "%H:%M:%S\n";
		n->call.first = (uint32_t)n->call.args.n;
		break;
	default:
		r.e.text = n->call.args.v[0]->string.text;
		n->call.first = 1;
		add_values(&r, n, 1);
	}
	n->call.event = record_end(&r);
}

static uint32_t runtime_error(struct lang *l, const char *text, struct span at)
{
	struct record r = record_begin(l, EVENT_RUNTIME_ERROR, at);

	r.e.text = text;
	return record_end(&r);
}

static bool may_be_zero(enum op op, const struct node *divisor)
{
	return (op == OP_DIV || op == OP_MOD) && !(divisor->kind == NODE_INT && divisor->int_.value);
}

static const char divide_text[] = "Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.";
static const char bounds_text[] = "Array access out of bounds. This can lead to unexpected results: the first element is used.";

static void layout_node(void *arg, struct node **slot)
{
	struct lang *l = arg;
	struct node *n = *slot;

	node_each_child(n, layout_node, arg);
	switch (n->kind) {
	case NODE_CALL:
		if (n->call.callee)
			return;
		if (n->call.builtin->flags & BF_ASYNC && !body_pin(l->body))
			layout_call(l, n);
		if (n->call.builtin->id == BUILTIN_CPU_GATE)
			layout_gate(l, n);
		check_reached(l, n);
		return;
	case NODE_BINARY:
		if (may_be_zero(n->binary.op, n->binary.right))
			n->binary.event = runtime_error(l, divide_text, n->span);
		return;
	case NODE_ASSIGN:
		if (may_be_zero(n->assign.op, n->assign.value))
			n->assign.event = runtime_error(l, divide_text, n->span);
		return;
	case NODE_INDEX:
		if (n->index.base->type->kind != TYPE_POINTER && n->index.keys.v[0]->kind != NODE_INT)
			n->index.event = runtime_error(l, bounds_text, n->span);
		return;
	default:
		return;
	}
}

// Maps ----------------------------------------------------------------------------------------------------------------

static uint64_t map_entries(const struct lang *l, const struct map_sym *m)
{
	return m->decl ? m->decl->mapdecl.size : config_number(l, "max_map_keys");
}

static uint32_t keyed_type(const struct map_sym *m)
{
	bool lru = m->decl && strstr(m->decl->mapdecl.kind, "lru"), percpu = type_is_aggregate(m->value);

	if (percpu)
		return lru ? BPF_MAP_TYPE_LRU_PERCPU_HASH : BPF_MAP_TYPE_PERCPU_HASH;
	return lru ? BPF_MAP_TYPE_LRU_HASH : BPF_MAP_TYPE_HASH;
}

static void layout_scalar(struct plan_map *p, const struct map_sym *m)
{
	p->bpf_type = type_is_aggregate(m->value) ? BPF_MAP_TYPE_PERCPU_ARRAY : BPF_MAP_TYPE_ARRAY;
	p->key_size = 4;
	p->value_size = (uint32_t)sizeof(struct wire_scalar) + ALIGN_UP(m->value->size, 8u);
	p->max_entries = 1;
	if (m->value->kind == TYPE_TSERIES) {
		p->bucketed = true;
		p->value_size = sizeof(struct wire_epoch);
		p->max_entries = (uint32_t)m->value->b;
	}
	if (m->twin && p->bpf_type == BPF_MAP_TYPE_PERCPU_ARRAY) {
		p->max_entries = 2;
	} else if (m->twin) { // side by side: a program reaches the value of an array of one element without a helper
		p->value_size *= 2;
		p->flags = BPF_F_MMAPABLE; // the reader changes its half only
	}
}

// Programs of perf events (profile, software, watchpoint …) run where memory cannot be had: until Linux 6.1 the verifier refuses them maps
// that take it as they grow. The next later sign of a kernel's age is what is asked for.
static bool needs_prealloc(const struct lang *l)
{
	const struct world_ops *ops = l->world->ops;

	if (!ops->feature || ops->feature(l->world, FEATURE_UPROBE_MULTI))
		return false;
	for (size_t i = 0; i < l->bodies.n; i++)
		if (l->bodies.v[i].kind == PROG_PERF)
			return true;
	return false;
}

static void layout_keyed(struct lang *l, struct plan_map *p, const struct map_sym *m)
{
	uint64_t entries = map_entries(l, m);

	p->bpf_type = keyed_type(m);
	p->key_size = m->key->size;
	p->value_size = ALIGN_UP(m->value->size, 8u);
	if (m->value->kind == TYPE_TSERIES) {
		p->bucketed = true;
		p->key_size = ALIGN_UP(m->key->size, 8u) + 8;
		p->value_size = sizeof(struct wire_epoch);
		entries *= MIN((uint64_t)m->value->b, (uint64_t)EPOCHS_USED);
	}
	if (m->value->kind == TYPE_HIST || m->value->kind == TYPE_LHIST) {
		p->bucketed = true;
		p->key_size = ALIGN_UP(m->key->size, 8u) + 8;
		p->value_size = 8;
		entries *= MIN(type_hist_buckets(m->value), (uint32_t)BUCKETS_USED);
	}
	if (m->twin) { // key, number of the copy, bucket
		p->key_size = ALIGN_UP(m->key->size, 8u) + 8 + (p->bucketed ? 8 : 0);
		entries *= 2;
	}
	p->max_entries = (uint32_t)MIN(entries, (uint64_t)UINT32_MAX / 4);
	if (p->max_entries * ((uint64_t)p->key_size + p->value_size) > PREALLOC_MOST &&
	    (p->bpf_type == BPF_MAP_TYPE_HASH || p->bpf_type == BPF_MAP_TYPE_PERCPU_HASH))
		p->flags = needs_prealloc(l) ? 0 : BPF_F_NO_PREALLOC;
}

#define OLD_KEY_MOST 512 // bytes of a key: it had to fit the BPF stack

static void check_key(struct lang *l, const struct plan_map *p, const struct map_sym *m)
{
	const struct world_ops *ops = l->world->ops;

	if (p->key_size <= OLD_KEY_MOST || !ops->feature || ops->feature(l->world, FEATURE_LONG_KEYS))
		return;
	diag_error(l->diag, m->first, E_FEATURE, "the keys of %s take %u bytes; this kernel has them of up to %u (Linux 5.11 takes longer ones)", m->name, p->key_size,
		   OLD_KEY_MOST);
	diag_hint(l->diag, "strings take less with a lower config value max_strlen, stacks with fewer frames: kstack(20)");
}

// A program would read and change its own CPU's copy of a plain value, and nobody could say which of the copies is the value.
static void check_declared_kind(struct lang *l, const struct map_sym *m)
{
	const char *kind = m->decl ? m->decl->mapdecl.kind : "";

	if (strncmp(kind, "percpu", 6) != 0 || type_is_aggregate(m->value))
		return;
	diag_error(l->diag, m->decl->span, E_TYPE,
		   "Incompatible map types. Type from declaration: %s. Type from value/key type: %s; only what count(), sum() and their kin aggregate is kept "
		   "for each CPU, and %s holds '%T'", kind, kind + 6, m->name, m->value);
}

static void layout_map(struct lang *l, const struct map_sym *m)
{
	struct plan_map p = { .name = m->name, .role = MAP_USER, .key = m->key, .value = m->value, .key_is_tuple = lang_map_of(m)->key_is_tuple };

	check_declared_kind(l, m);
	type_whole(l, m->value);
	if ((m->key && m->key->size > LARGEST) || (m->value->size > LARGEST && m->value->kind != TYPE_TSERIES))
		diag_error(l->diag, m->first, E_LIMIT, "a key or value of %s takes more than %u bytes", m->name, LARGEST);
	if (m->twin)
		p.twin = ++l->twins_laid;
	if (m->key)
		layout_keyed(l, &p, m);
	else
		layout_scalar(&p, m);
	check_key(l, &p, m);
	plan_push(l->arena, &l->plan->maps, &l->plan->n_maps, p);
}

// Programs ------------------------------------------------------------------------------------------------------------

static uint32_t name_id(struct lang *l, struct map *ids, const char *name)
{
	void **at = map_puts(ids, name);

	if (!*at) {
		plan_push(l->arena, &l->plan->names, &l->plan->n_names, (struct plan_name){ .name = name });
		*at = (void *)(uintptr_t)l->plan->n_names;
	}
	return (uint32_t)(uintptr_t)*at - 1;
}

static void layout_prog(struct lang *l, struct body *b, struct map *ids)
{
	struct plan_prog p = { .name = b->name, .section = arena_printf(l->arena, "spile/%s", b->name), .kind = b->kind,
			       .attach_to = b->sites.v[0].attach_to, .optional = b->sites.v[0].optional, .order = b->prog };
	bool several = false;

	for (size_t i = 0; i < b->sites.n; i++) {
		struct plan_site s = b->sites.v[i].plan;

		s.name_id = b->sites.v[i].plan.name_id = name_id(l, ids, s.name);
		several |= s.name_id != b->sites.v[0].plan.name_id;
		plan_push(l->arena, &p.sites, &p.n_sites, s);
	}
	p.uses_cookie = several && b->uses & PT_PROBE;
	plan_push(l->arena, &l->plan->progs, &l->plan->n_progs, p);
}

static void find_loop(void *arg, struct node **slot)
{
	enum node_kind k = (*slot)->kind;

	if (k == NODE_FOR || k == NODE_WHILE || k == NODE_UNROLL)
		*(bool *)arg = true;
	node_each_child(*slot, find_loop, arg);
}

static uint32_t power_of_two(uint64_t n)
{
	uint32_t p = 4096;

	while (p < n && p < 1u << 30)
		p *= 2;
	return p;
}

// Does any probe that fires by itself write more than a control record now and then?
static bool writes_data(const struct lang *l)
{
	static const bool control[] = {
#define EVENT(NAME, func, ctl) [EVENT_##NAME] = ctl,
#include "base/event.def"
#undef EVENT
	};

	for (uint32_t i = 0; i < l->plan->n_events; i++)
		if (!control[l->plan->events[i].kind] && l->bodies.v[l->plan->events[i].prog].kind != PROG_RUN)
			return true;
	return false;
}

static void layout_ring(struct lang *l)
{
	uint64_t pages = config_number(l, "perf_rb_pages");
	bool loops = false;

	l->plan->only_special = true;
	for (size_t i = 0; i < l->bodies.n; i++) {
		l->plan->only_special &= l->bodies.v[i].type->special;
		find_loop(&loops, &l->bodies.v[i].block);
	}
	if (pages)
		l->plan->ring_bytes = power_of_two(pages * 4096);
	else
		l->plan->ring_bytes = !loops && !writes_data(l) ? RING_SMALL : RING_LARGE;
}

static void layout_sources(struct lang *l)
{
	for (size_t i = 1; i < l->diag->nsources; i++) {
		const struct diag_source *s = &l->diag->sources[i];

		plan_push(l->arena, &l->plan->sources, &l->plan->n_sources,
			  (struct plan_source){ .name = s->name, .text = s->text, .text_len = (uint32_t)s->len });
	}
}

void pass_layout(struct lang *l)
{
	struct program *p = l->program;
	struct map ids;

	map_init(&ids, l->arena);
	layout_sources(l);
	for (size_t i = 0; i < l->maps.n; i++)
		layout_map(l, l->maps.v[i]);
	for (size_t i = 0; i < l->bodies.n; i++) {
		l->body = &l->bodies.v[i];
		layout_prog(l, l->body, &ids);
		if (l->body->predicate)
			layout_node(l, &l->body->predicate);
		layout_node(l, &l->body->block);
	}
	streams_finish(l);
	layout_ring(l);
	l->plan->pid = l->options->pid;
	l->plan->warnings = l->options->warnings;
	p->bodies = l->bodies.v;
	p->nbodies = l->bodies.n;
	p->maps = l->maps.v;
	p->nmaps = l->maps.n;
}
