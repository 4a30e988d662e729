// SPDX-License-Identifier: Apache-2.0
#include "runtime/decode.h"

#include <string.h>

#include "base/util.h"
#include "base/wire.h"
#include "runtime/value.h"

static bool decode_arg(const struct plan_arg *a, const uint8_t *bytes, size_t n, size_t *tail, struct arg_view *v)
{
	struct wire_tail w;

	*v = (struct arg_view){ .type = a->type, .p = bytes + a->offset, .len = a->type->size };
	if (!a->packed)
		return true;
	memcpy(&w, bytes + a->offset, sizeof w);
	if (w.len > n - *tail || (type_is_stack(a->type) && w.len < sizeof(struct wire_stack)))
		return false;
	*v = (struct arg_view){ .type = a->type, .p = bytes + *tail, .len = w.len, .packed = true };
	*tail += w.len;
	return true;
}

bool record_decode(const struct plan *p, const void *bytes, size_t n, struct record *r)
{
	struct wire_event head;

	if (n < sizeof head)
		return false;
	memcpy(&head, bytes, sizeof head);
	if (head.event >= p->n_events)
		return false;
	const struct plan_event *e = &p->events[head.event];
	size_t tail = e->fixed_size;
	if (n < tail || e->n_args > DECODE_ARGS)
		return false;
	r->event = e;
	r->index = head.event;
	r->weight = head.weight;
	r->nargs = e->n_args;
	for (uint32_t i = 0; i < e->n_args; i++)
		if (!decode_arg(&e->args[i], bytes, n, &tail, &r->arg[i]))
			return false;
	return true;
}

const void *arg_whole(const struct arg_view *a, void *room)
{
	if (!a->packed)
		return a->p;
	uint32_t head = a->type->kind == TYPE_BUFFER ? sizeof(uint32_t) : 0, n = MIN(a->len, a->type->size - head);
	memset(room, 0, a->type->size);
	memcpy((uint8_t *)room + head, a->p, n);
	if (head)
		memcpy(room, &n, sizeof n);
	return room;
}

int64_t arg_integer(const struct arg_view *a)
{
	return a->packed ? 0 : value_integer(a->type, a->p);
}
