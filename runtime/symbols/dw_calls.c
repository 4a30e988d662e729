// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/dw_calls.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/util.h"
#include "runtime/symbols/dw_die.h"

#define MOST_CALLS (1u << 22)
#define MOST_RANGES (1u << 23)
#define DEEPEST 512 // entries within entries

struct walk {
	struct dw_file *file;
	struct dw_unit *unit;
	const struct dw_abbrevs *table;
	struct dw_calls *out;
	struct dw_bytes b;
	const uint8_t *start; // of the unit's bytes
	uint32_t parent[DEEPEST]; // call + 1 at each depth; 0: none
	unsigned depth;
};

static void add_range(void *arg, uint64_t low, uint64_t high)
{
	struct dw_calls *c = arg;

	if (c->ranges.n < MOST_RANGES)
		vec_push(NULL, &c->ranges, (struct dw_range){ low, high });
}

struct described {
	struct dw_value low, high, ranges;
	uint64_t sibling;
	bool has_low, has_high, has_ranges;
};

static void read_call(struct walk *w, const struct dw_abbrev *a, struct described *d, struct dw_call *call)
{
	for (uint32_t i = 0; i < a->n && !w->b.failed; i++) {
		const struct dw_attribute *at = &w->table->attributes.v[a->first + i];
		struct dw_value v;

		dw_value(&w->b, w->unit, at, &v);
		switch (at->name) {
		case DW_AT_low_pc: d->low = v; d->has_low = true; break;
		case DW_AT_high_pc: d->high = v; d->has_high = true; break;
		case DW_AT_ranges: d->ranges = v; d->has_ranges = true; break;
		case DW_AT_call_file: call->file = (uint32_t)MIN(v.u, UINT32_MAX); break;
		case DW_AT_call_line: call->line = (uint32_t)MIN(v.u, UINT32_MAX); break;
		case DW_AT_call_column: call->column = (uint32_t)MIN(v.u, UINT32_MAX); break;
		case DW_AT_sibling: d->sibling = v.u; break;
		default: break;
		}
	}
}

static void take_ranges(struct walk *w, const struct described *d)
{
	uint64_t low;

	if (d->has_ranges) {
		dw_value_ranges(w->file, w->unit, &d->ranges, add_range, w->out);
	} else if (d->has_low && d->has_high) {
		low = dw_value_address(w->file, w->unit, &d->low);
		uint64_t high = dw_value_is_address(&d->high) ? dw_value_address(w->file, w->unit, &d->high) : low + d->high.u;
		if (low && low < high)
			add_range(w->out, low, high);
	}
}

// Jumps to a sibling when the entries below are of no use; false: there is none.
static bool jump(struct walk *w, uint64_t sibling)
{
	const uint8_t *to = w->start + sibling - (w->unit->die - w->unit->offset);

	if (sibling < w->unit->die - w->unit->offset || sibling >= w->unit->end - w->unit->offset || to < w->b.p)
		return false;
	w->b.p = to;
	return true;
}

static uint32_t parent_of(const struct walk *w)
{
	return w->depth && w->depth <= DEEPEST ? w->parent[w->depth - 1] : 0;
}

static void descend(struct walk *w, uint32_t parent)
{
	if (w->depth < DEEPEST)
		w->parent[w->depth] = parent;
	w->depth++;
}

static void on_function(struct walk *w, const struct dw_abbrev *a, uint64_t die)
{
	struct dw_calls *c = w->out;
	struct dw_call call = { .die = die, .first = (uint32_t)c->ranges.n, .inlined = a->tag == DW_TAG_inlined_subroutine };
	struct described d = { 0 };

	read_call(w, a, &d, &call);
	take_ranges(w, &d);
	call.n = (uint32_t)(c->ranges.n - call.first);
	if (!call.n || c->calls.n >= MOST_CALLS) { // a declaration, or what others are instances of
		if (a->children && !(d.sibling && jump(w, d.sibling)))
			descend(w, parent_of(w));
		return;
	}
	if (!call.inlined)
		for (uint32_t i = 0; i < call.n; i++)
			vec_push(NULL, &c->starts, (struct dw_start){ c->ranges.v[call.first + i].low, c->ranges.v[call.first + i].high, (uint32_t)c->calls.n });
	vec_push(NULL, &c->calls, call);
	c->calls.v[c->calls.n - 1].next = (uint32_t)c->calls.n;
	if (a->children)
		descend(w, (uint32_t)c->calls.n);
}

static bool has_no_code(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type: case DW_TAG_enumeration_type: case DW_TAG_array_type:
	case DW_TAG_subroutine_type: case DW_TAG_interface_type: case DW_TAG_call_site: case DW_TAG_GNU_call_site:
	case DW_TAG_GNU_template_parameter_pack: case DW_TAG_GNU_formal_parameter_pack: case DW_TAG_variant_part:
		return true;
	default: return false;
	}
}

static void on_other(struct walk *w, const struct dw_abbrev *a)
{
	uint64_t sibling = 0;

	if (a->fixed >= 0 && !(a->sibling && has_no_code(a->tag))) {
		dw_skip(&w->b, (uint64_t)a->fixed);
	} else {
		for (uint32_t i = 0; i < a->n && !w->b.failed; i++) {
			const struct dw_attribute *at = &w->table->attributes.v[a->first + i];
			struct dw_value v;

			dw_value(&w->b, w->unit, at, &v);
			if (at->name == DW_AT_sibling)
				sibling = v.u;
		}
	}
	if (a->children && !(sibling && has_no_code(a->tag) && jump(w, sibling)))
		descend(w, parent_of(w));
}

// A depth is left: what was inlined into its parent ends here.
static void ascend(struct walk *w)
{
	uint32_t parent;

	w->depth--;
	parent = w->depth < DEEPEST ? w->parent[w->depth] : 0;
	if (parent)
		w->out->calls.v[parent - 1].next = (uint32_t)w->out->calls.n;
}

static int by_low(const void *a, const void *b)
{
	const struct dw_start *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

void dw_calls_read(struct dw_file *f, struct dw_unit *u, struct dw_calls *c)
{
	struct walk w = { .file = f, .unit = u, .table = dw_abbrevs_of(f, u), .out = c };

	if (!w.table || !dw_section_bytes(f, DW_INFO, u->die, u->end - u->die, &w.b) || !dw_spend(f, u->end - u->die))
		return;
	w.start = w.b.p;
	do {
		uint64_t die = u->die + (uint64_t)(w.b.p - w.start), code = dw_uleb(&w.b);
		const struct dw_abbrev *a;

		if (!code) {
			if (!w.depth)
				break;
			ascend(&w);
			continue;
		}
		a = dw_abbrev(w.table, code);
		if (!a)
			break;
		if (a->tag == DW_TAG_subprogram || a->tag == DW_TAG_inlined_subroutine)
			on_function(&w, a, die);
		else
			on_other(&w, a);
	} while (w.depth && dw_left(&w.b) && !w.b.failed);
	while (w.depth) // of a unit that ends too early
		ascend(&w);
	if (c->starts.n)
		qsort(c->starts.v, c->starts.n, sizeof *c->starts.v, by_low);
}

void dw_calls_free(struct dw_calls *c)
{
	vec_free(&c->calls);
	vec_free(&c->ranges);
	vec_free(&c->starts);
}

static bool holds(const struct dw_calls *c, const struct dw_call *call, uint64_t address)
{
	for (uint32_t i = 0; i < call->n; i++) {
		const struct dw_range *r = &c->ranges.v[call->first + i];

		if (address >= r->low && address < r->high)
			return true;
	}
	return false;
}

static const struct dw_start *function_of(const struct dw_calls *c, uint64_t address)
{
	size_t lo = 0, hi = c->starts.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->starts.v[mid].low <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 1; back <= 8 && back <= lo; back++) // functions folded into one overlap
		if (address < c->starts.v[lo - back].high)
			return &c->starts.v[lo - back];
	return NULL;
}

size_t dw_calls_find(const struct dw_calls *c, uint64_t address, const struct dw_call *ret[DW_DEEPEST])
{
	const struct dw_start *s = function_of(c, address);
	size_t n = 0;

	if (!s)
		return 0;
	ret[n++] = &c->calls.v[s->call];
	for (uint32_t i = s->call + 1, end = c->calls.v[s->call].next; i < end && n < DW_DEEPEST;) {
		const struct dw_call *call = &c->calls.v[i];

		if (call->inlined && holds(c, call, address)) {
			ret[n++] = call;
			end = call->next;
			i++;
		} else {
			i = call->next;
		}
	}
	return n;
}
