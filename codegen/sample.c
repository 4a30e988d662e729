// SPDX-License-Identifier: Apache-2.0
// sample.c - one_in(), at_most(), cpu_gate(): the decision is stdlib's, here are what it decides by.
#include <stddef.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static LLVMValueRef word(struct cg *cg, const char *fn, LLVMValueRef v)
{
	return cg_stdlib(cg, fn, cg->l.i64, v ? 1 : 0, &v, "bits");
}

// A key that lies in memory is copied, padded with zeros to whole words.
static LLVMValueRef hash(struct cg *cg, const struct node *key)
{
	if (type_is_scalar(key->type))
		return word(cg, "hash_word", cg_int(cg, key));
	uint32_t bytes = MIN(ALIGN_UP(key->type->size, 8u), 256u);
	LLVMValueRef at = cg_temp(cg, ALIGN_UP(key->type->size, 8u), "key");
	cg_zero(cg, at, ALIGN_UP(key->type->size, 8u));
	cg_expr_into(cg, key, key->type, at);
	LLVMValueRef args[] = { at, l_k(&cg->l, bytes / 8) };
	return cg_stdlib(cg, "hash_words", cg->l.i64, 2, args, "hash");
}

static LLVMValueRef one_in(struct cg *cg, const struct node *n)
{
	LLVMValueRef bits = n->call.args.n > 1 ? hash(cg, n->call.args.v[1]) : word(cg, "random_bits", NULL);
	LLVMValueRef args[] = { cg_int(cg, n->call.args.v[0]), bits };

	return cg_stdlib(cg, "take_one_in", cg->l.i64, 2, args, "share");
}

// Bursts up to a tenth of the rate pass, and at least one event.
static LLVMValueRef at_most(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct node *map = n->call.args.v[0];
	uint64_t number = n->call.args.v[1]->int_.value, time = n->call.args.v[2]->int_.value, interval = MAX(time / number, 1ull);
	LLVMValueRef held = cg_alloca(cg, l->i64, "rate");
	LLVMBasicBlockRef hit = l_block(l, "rate.hit"), next = l_block(l, "rate.next");

	l_store(l, l_k(l, 0), held, 8);
	LLVMValueRef slot = cg_map_slot(cg, map, true);
	if (map->map.sym->key)
		l_cond(l, LLVMBuildIsNull(l->b, slot, "lost"), next, hit);
	else
		l_br(l, hit);
	l_pos(l, hit);
	LLVMValueRef args[] = { map->map.sym->key ? slot : l_atk(l, slot, offsetof(struct wire_scalar, value), "value"), l_k(l, interval), l_k(l, MAX(time / 10, interval)) };
	l_store(l, cg_stdlib(cg, "rate_take", l->i64, 3, args, "taken"), held, 8);
	l_br(l, next);
	l_pos(l, next);
	return l_load(l, held, 8, false, "rate");
}

static LLVMValueRef cpu_gate(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;

	if (n->call.args.n < 2)
		return l_k(l, 1);
	LLVMValueRef at = l_atk(l, cg_globals(cg), offsetof(struct wire_globals, gates) + sizeof(struct wire_gate) * n->call.first, "gate.at");

	return cg_stdlib(cg, "gate_take", l->i64, 1, &at, "gate");
}

struct value cg_sample(struct cg *cg, const struct node *n)
{
	switch (n->call.builtin->id) {
	case BUILTIN_ONE_IN: return (struct value){ .v = one_in(cg, n) };
	case BUILTIN_AT_MOST: return (struct value){ .v = at_most(cg, n) };
	default: return (struct value){ .v = cpu_gate(cg, n) };
	}
}
