// SPDX-License-Identifier: Apache-2.0
// map.c - the script's maps. A scalar map is a one-element array whose value is a wire_scalar (set flag, value): the
// non-aggregate kind is addressed without a helper call. Keyed maps are hashes.
#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static struct value scalar(LLVMValueRef v)
{
	return (struct value){ .v = v };
}

static bool is_percpu(const struct map_sym *m)
{
	return type_is_aggregate(m->value);
}

static uint32_t value_bytes(const struct map_sym *m)
{
	return ALIGN_UP(MAX(m->value->size, 1u), 8);
}

// The copy of a map with a twin that this run uses: i64, 0 or 1.
static LLVMValueRef copy_used(struct cg *cg, uint32_t map)
{
	struct ll *l = &cg->l;
	LLVMValueRef live = l_load(l, cg->fn->live, 8, false, "live");

	return LLVMBuildAnd(l->b, LLVMBuildLShr(l->b, live, l_k(l, cg->plan->maps[map].twin - 1), ""), l_k(l, 1), "copy");
}

// The key of a scalar map that is per CPU.
static LLVMValueRef scalar_key(struct cg *cg, uint32_t map)
{
	bool twin = cg->plan->maps[map].twin != 0;

	if (!cg->fn->zero_key)
		cg->fn->zero_key = cg_alloca(cg, cg->l.i32, "zero");
	LLVMBuildStore(cg->l.b, twin ? LLVMBuildTrunc(cg->l.b, copy_used(cg, map), cg->l.i32, "") : l_k32(&cg->l, 0), cg->fn->zero_key);
	return cg->fn->zero_key;
}

// Where a scalar map that is not per CPU lies.
static LLVMValueRef scalar_at(struct cg *cg, uint32_t map, uint32_t off)
{
	struct ll *l = &cg->l;
	const struct plan_map *m = &cg->plan->maps[map];

	if (!m->twin)
		return cg_map_value(cg, map, off);
	LLVMValueRef copy = LLVMBuildMul(l->b, copy_used(cg, map), l_k(l, m->value_size / 2), "copy.off");
	return l_atk(l, l_at(l, cg_map_value(cg, map, 0), copy, "copy.at"), off, "scalar");
}

static uint32_t copy_offset(const struct plan_map *m) // in a key
{
	return ALIGN_UP(m->key->size, 8u);
}

LLVMValueRef cg_map_is_other(struct cg *cg, uint32_t map, LLVMValueRef key)
{
	struct ll *l = &cg->l;
	const struct plan_map *m = &cg->plan->maps[map];

	if (!m->twin)
		return NULL;
	LLVMValueRef copy = l_load(l, l_atk(l, key, copy_offset(m), "copy.at"), 8, false, "copy");
	return LLVMBuildICmp(l->b, LLVMIntNE, copy, copy_used(cg, map), "is_other");
}

static void store_key(struct cg *cg, const struct map_sym *m, const struct node_list *keys, LLVMValueRef at)
{
	if (keys->n == 1) {
		cg_expr_into(cg, keys->v[0], m->key, at);
		return;
	}
	cg_zero(cg, at, m->key->size);
	for (size_t i = 0; i < keys->n; i++)
		cg_expr_into(cg, keys->v[i], m->key->fields[i].type, l_atk(&cg->l, at, m->key->fields[i].offset, "key.part"));
}

// The key in memory, behind it what the plan adds: the copy's number (wire.h), room for the bucket of a histogram.
LLVMValueRef cg_map_key(struct cg *cg, const struct node *n)
{
	const struct map_sym *m = n->map.sym;
	const struct plan_map *pm = &cg->plan->maps[m->index];
	bool more = pm->bucketed || pm->twin;
	uint32_t size = more ? pm->key_size : m->key->size;
	LLVMValueRef at = cg_temp(cg, size, "key");

	if (size % 8 && more)
		BUG("histogram key of %u bytes", size);
	if (more)
		cg_zero(cg, at, size);
	store_key(cg, m, &n->map.keys, at);
	if (pm->twin)
		l_store(&cg->l, copy_used(cg, m->index), l_atk(&cg->l, at, copy_offset(pm), "copy.at"), 8);
	return at;
}

LLVMValueRef cg_map_lookup(struct cg *cg, uint32_t map, LLVMValueRef key)
{
	LLVMValueRef args[] = { cg_map_ptr(cg, map), key };

	return l_helper(&cg->l, H_MAP_LOOKUP, cg->l.ptr, 2, args, "slot");
}

static const char full_text[] = "Map full; can't update element. A larger max_map_keys makes room, or a declaration of the map: let @a = hash(5000)";
static const char missing_text[] = "Can't lookup map element because it does not exist.";
static const char undeleted_text[] = "Can't delete map element because it does not exist.";

static LLVMValueRef update(struct cg *cg, const struct map_sym *m, LLVMValueRef key, LLVMValueRef value, uint64_t flags)
{
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), key, value, l_k(&cg->l, flags) };

	return l_helper(&cg->l, H_MAP_UPDATE, cg->l.i64, 4, args, "updated");
}

static void lost_update(struct cg *cg, const struct map_sym *m, LLVMValueRef rc, struct span at)
{
	cg->at = at;
	cg_complain_loss(cg, full_text, "map_update_elem", rc, cg_loss(cg, LOSS_UPDATE, m->index, at));
}

static void update_or_complain(struct cg *cg, const struct map_sym *m, LLVMValueRef key, LLVMValueRef value, struct span at)
{
	struct ll *l = &cg->l;
	LLVMValueRef rc = update(cg, m, key, value, 0);
	LLVMBasicBlockRef lost = l_block(l, "update.lost"), next = l_block(l, "update.next");

	l_cond(l, l_nz(l, rc, "failed"), lost, next);
	l_pos(l, lost);
	lost_update(cg, m, rc, at);
	l_br(l, next);
	l_pos(l, next);
}

// slot = lookup; if (!slot) { update(key, zeros, NOEXIST); slot = lookup; if (!slot) lost++ }
// The update may fail because another CPU was first, which is what was wanted.
static LLVMValueRef find_or_create(struct cg *cg, const struct map_sym *m, LLVMValueRef key, uint32_t bytes, struct span at)
{
	struct ll *l = &cg->l;
	LLVMValueRef first = cg_map_lookup(cg, m->index, key);
	LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), absent = l_block(l, "absent"), join = l_block(l, "slot.join"), lost = l_block(l, "slot.lost");

	l_cond(l, LLVMBuildIsNull(l->b, first, "is_absent"), absent, join);
	l_pos(l, absent);
	LLVMValueRef zeros = cg_temp(cg, bytes, "zeros");
	cg_zero(cg, zeros, bytes);
	LLVMValueRef rc = update(cg, m, key, zeros, 1);
	LLVMValueRef second = cg_map_lookup(cg, m->index, key);
	LLVMBasicBlockRef again = LLVMGetInsertBlock(l->b);
	l_cond(l, LLVMBuildIsNull(l->b, second, "is_full"), lost, join);
	l_pos(l, lost);
	lost_update(cg, m, rc, at);
	LLVMBasicBlockRef counted = LLVMGetInsertBlock(l->b);
	l_br(l, join);
	l_pos(l, join);
	LLVMValueRef phi = LLVMBuildPhi(l->b, l->ptr, "slot"), vals[] = { first, second, LLVMConstNull(l->ptr) };
	LLVMBasicBlockRef blocks[] = { from, again, counted };
	LLVMAddIncoming(phi, vals, blocks, 3);
	return phi;
}

LLVMValueRef cg_map_find_or_create(struct cg *cg, const struct node *n, LLVMValueRef key, uint32_t bytes)
{
	return find_or_create(cg, n->map.sym, key, bytes, n->span);
}

LLVMValueRef cg_map_slot(struct cg *cg, const struct node *n, bool create)
{
	const struct map_sym *m = n->map.sym;

	if (m->key) {
		LLVMValueRef key = cg_map_key(cg, n);

		return create ? find_or_create(cg, m, key, value_bytes(m), n->span) : cg_map_lookup(cg, m->index, key);
	}
	return is_percpu(m) ? cg_map_lookup(cg, m->index, scalar_key(cg, m->index)) : scalar_at(cg, m->index, 0);
}

// A value found, or zeros: reading a missing key does not create it.
static struct value read_slot(struct cg *cg, LLVMValueRef slot, uint32_t off, const struct type *t)
{
	struct ll *l = &cg->l;
	bool reg = type_is_scalar(t);
	LLVMValueRef held = reg ? cg_alloca(cg, l->i64, "found") : cg_temp(cg, t->size, "found");
	LLVMBasicBlockRef hit = l_block(l, "hit"), join = l_block(l, "read"), missing = cg->plan->warnings ? l_block(l, "missing") : join;

	if (reg)
		l_store(l, l_k(l, 0), held, 8);
	else
		cg_zero(cg, held, t->size);
	l_cond(l, LLVMBuildIsNull(l->b, slot, "missing"), missing, hit);
	if (missing != join) {
		l_pos(l, missing);
		cg_complain_helper(cg, missing_text, "map_lookup_elem", l_k(l, 0));
		l_br(l, join);
	}
	l_pos(l, hit);
	LLVMValueRef at = l_atk(l, slot, off, "value");
	if (reg)
		l_store(l, l_load(l, at, t->size, t->is_signed, "value"), held, 8);
	else
		cg_copy(cg, held, at, t->size);
	l_br(l, join);
	l_pos(l, join);
	return scalar(reg ? l_load(l, held, 8, false, "value") : held);
}

struct value cg_map_read(struct cg *cg, const struct node *n)
{
	const struct map_sym *m = n->map.sym;

	if (type_is_aggregate(m->value))
		return cg_map_read_agg(cg, n);
	if (m->key)
		return read_slot(cg, n == cg->found ? cg->found_slot : cg_map_slot(cg, n, false), 0, m->value);
	LLVMValueRef at = scalar_at(cg, m->index, 8);
	if (type_is_scalar(m->value))
		return scalar(l_load(&cg->l, at, m->value->size, m->value->is_signed, "value"));
	LLVMValueRef held = cg_temp(cg, m->value->size, "value");
	cg_copy(cg, held, at, m->value->size);
	return scalar(held);
}

void cg_map_store(struct cg *cg, const struct node *n, const struct node *value)
{
	const struct map_sym *m = n->map.sym;
	struct ll *l = &cg->l;

	if (!m->key) {
		LLVMValueRef at;

		if (type_is_scalar(m->value)) {
			LLVMValueRef v = cg_int(cg, value);

			l_store(l, v, scalar_at(cg, m->index, 8), m->value->size);
		} else {
			LLVMValueRef tmp = cg_temp(cg, m->value->size, "value");

			cg_expr_into(cg, value, m->value, tmp); // it may read the map it is stored to
			at = scalar_at(cg, m->index, 8);
			cg_copy(cg, at, tmp, m->value->size);
		}
		l_store(l, l_k(l, 1), scalar_at(cg, m->index, 0), 8);
		return;
	}
	LLVMValueRef tmp = cg_temp(cg, value_bytes(m), "value");
	if (m->value->size % 8)
		cg_zero(cg, tmp, value_bytes(m));
	cg_expr_into(cg, value, m->value, tmp);
	LLVMValueRef key = cg_map_key(cg, n);

	update_or_complain(cg, m, key, tmp, n->span);
}

// One atomic addition, where bpftrace loses updates under contention; there is none for less than 8 bytes. Before Linux 5.12 it
// does not return what was there: that is read before, and may be another's.
static LLVMValueRef add_at(struct cg *cg, const struct type *t, LLVMValueRef at, LLVMValueRef delta)
{
	struct ll *l = &cg->l;
	struct world *w = cg->p->world;
	LLVMValueRef was;

	if (t->size == 8) {
		bool fetches = !w->ops->feature || w->ops->feature(w, FEATURE_ATOMICS);

		was = fetches ? NULL : l_load(l, at, 8, false, "was");
		LLVMValueRef sum = LLVMBuildAtomicRMW(l->b, LLVMAtomicRMWBinOpAdd, at, delta, LLVMAtomicOrderingMonotonic, 0);
		return fetches ? sum : was;
	}
	was = l_load(l, at, t->size, t->is_signed, "was");
	l_store(l, LLVMBuildAdd(l->b, was, delta, "sum"), at, t->size);
	return was;
}

// @x += n
void cg_map_add(struct cg *cg, const struct node *n, LLVMValueRef delta, LLVMValueRef *old)
{
	struct ll *l = &cg->l;
	const struct map_sym *m = n->map.sym;
	LLVMValueRef slot = cg_map_slot(cg, n, true), held = old ? cg_alloca(cg, l->i64, "old") : NULL;
	LLVMBasicBlockRef hit = l_block(l, "add"), join = l_block(l, "added");

	if (held)
		l_store(l, l_k(l, 0), held, 8);
	if (m->key)
		l_cond(l, LLVMBuildIsNull(l->b, slot, "lost"), join, hit);
	else
		l_br(l, hit);
	l_pos(l, hit);
	LLVMValueRef at = m->key ? slot : l_atk(l, slot, 8, "value");
	LLVMValueRef was = add_at(cg, m->value, at, delta);
	if (!m->key)
		l_store(l, l_k(l, 1), slot, 8);
	if (held)
		l_store(l, was, held, 8);
	l_br(l, join);
	l_pos(l, join);
	if (old)
		*old = l_load(l, held, 8, false, "old");
}

static struct node_list one_key(const struct node *key, struct node **room)
{
	*room = (struct node *)key;
	return (struct node_list){ .v = room, .n = 1, .cap = 1 };
}

static LLVMValueRef given_key(struct cg *cg, const struct node *map, const struct node *key)
{
	struct node *room, copy = *map;

	if (map->map.keys.n) // old form: delete(@m[k])
		return cg_map_key(cg, map);
	copy.map.keys = key->kind == NODE_TUPLE ? key->tuple.items : one_key(key, &room);
	if (key->kind == NODE_TUPLE && map->map.sym->key->kind != TYPE_TUPLE)
		copy.map.keys = one_key(key, &room);
	return cg_map_key(cg, &copy);
}

// All buckets of a histogram's key go; else one element.
struct value cg_map_delete(struct cg *cg, const struct node *map, const struct node *key)
{
	const struct map_sym *m = map->map.sym;
	struct ll *l = &cg->l;

	if (!m->key && m->value->kind == TYPE_TSERIES) {
		cg_needs_percpu_delete(cg, m, map->span);
		return scalar(cg_ring_reset(cg, m));
	}
	if (!m->key && is_percpu(m)) {
		LLVMValueRef args[] = { cg_map_ptr(cg, m->index), l_k(l, cg->plan->maps[m->index].value_size / 8), scalar_key(cg, m->index) };

		cg_needs_percpu_delete(cg, m, map->span);
		return scalar(cg_stdlib(cg, "percpu_scalar_reset", l->i64, 3, args, "deleted"));
	}
	if (!m->key) {
		LLVMValueRef set = l_load(l, scalar_at(cg, m->index, 0), 8, false, "set");

		l_store(l, l_k(l, 0), scalar_at(cg, m->index, 0), 8);
		cg_zero(cg, scalar_at(cg, m->index, 8), value_bytes(m));
		return scalar(l_bool(l, l_nz(l, set, "was"), "deleted"));
	}
	LLVMValueRef k = given_key(cg, map, key), args[] = { cg_map_ptr(cg, m->index), k };
	if (cg->plan->maps[m->index].bucketed)
		return scalar(cg_buckets_delete(cg, m, k));
	LLVMValueRef rc = l_helper(l, H_MAP_DELETE, l->i64, 2, args, "rc");
	return scalar(l_bool(l, LLVMBuildIsNull(l->b, rc, "ok"), "deleted"));
}

// delete() whose result nobody takes: a key that is not there is worth a warning.
void cg_map_delete_statement(struct cg *cg, const struct node *map, const struct node *key)
{
	struct ll *l = &cg->l;
	struct span at = cg->at;
	struct value deleted = cg_map_delete(cg, map, key);

	if (!map->map.sym->key)
		return;
	LLVMBasicBlockRef none = l_block(l, "delete.none"), next = l_block(l, "delete.next");
	cg->at = at;
	l_cond(l, l_nz(l, deleted.v, "deleted"), next, none);
	l_pos(l, none);
	cg_complain_helper(cg, undeleted_text, "map_delete_elem", l_k(l, (uint64_t)-2)); // ENOENT
	l_br(l, next);
	l_pos(l, next);
}

LLVMValueRef cg_map_find(struct cg *cg, const struct node *map, const struct node *key)
{
	return cg_map_lookup(cg, map->map.sym->index, given_key(cg, map, key));
}

LLVMValueRef cg_map_has(struct cg *cg, const struct node *map, const struct node *key)
{
	const struct map_sym *m = map->map.sym;
	LLVMValueRef k = given_key(cg, map, key);

	if (cg->plan->maps[m->index].bucketed)
		return cg_buckets_exist(cg, m, k);
	// opaque: LLVM would merge the pointer itself into what the answer is used for
	return l_opaque(&cg->l, l_bool(&cg->l, l_nz(&cg->l, cg_map_lookup(cg, m->index, k), "has"), "has"));
}

void cg_needs_percpu_lookup(struct cg *cg, const struct map_sym *m, struct span at)
{
	struct world *w = cg->p->world;

	if (!w->ops->feature || w->ops->feature(w, FEATURE_PERCPU_LOOKUP))
		return;
	diag_error(cg->diag, at, E_FEATURE,
		   "%s is a '%T', which is kept for each CPU; to read it in the script takes the helper bpf_map_lookup_percpu_elem, which Linux has "
		   "from 5.19 on; this kernel lacks it. It can be printed, and a plain variable can be counted up: %s++", m->name, m->value, m->name);
	cg->failed = true;
}

void cg_needs_percpu_delete(struct cg *cg, const struct map_sym *m, struct span at)
{
	struct world *w = cg->p->world;

	if (!w->ops->feature || w->ops->feature(w, FEATURE_PERCPU_LOOKUP))
		return;
	diag_error(cg->diag, at, E_FEATURE,
		   "%s is a '%T', which is kept for each CPU; to delete it takes the helper bpf_map_lookup_percpu_elem, which Linux has from 5.19 on; "
		   "this kernel lacks it. clear(%s) empties it", m->name, m->value, m->name);
	cg->failed = true;
}

// count, sum, min, max, avg as an integer: over all CPUs.
struct value cg_map_read_agg(struct cg *cg, const struct node *n)
{
	static const char *const fn[] = { [TYPE_COUNT] = "percpu_sum", [TYPE_SUM] = "percpu_sum", [TYPE_MIN] = "percpu_min", [TYPE_MAX] = "percpu_max", [TYPE_AVG] = "percpu_avg" };
	const struct map_sym *m = n->map.sym;
	LLVMValueRef key = m->key ? cg_map_key(cg, n) : scalar_key(cg, m->index);
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), key, l_k(&cg->l, m->key ? 0 : 8), l_k(&cg->l, m->value->is_signed) };

	if (!type_is_castable_aggregate(m->value))
		BUG("%s is read as an integer", m->name);
	cg_needs_percpu_lookup(cg, m, n->span);
	return scalar(cg_stdlib(cg, fn[m->value->kind], cg->l.i64, 4, args, "sum"));
}
