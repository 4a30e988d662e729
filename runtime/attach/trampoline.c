// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/trampoline.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "runtime/attach/attach.h"
#include "runtime/run.h"

const struct trampoline *trampoline_of(const struct expand *q, const char *module, const char *func)
{
	struct trampoline *d = arena_new_(q->arena, struct trampoline);
	const char *in;

	if (q->world->ops->function_args(q->world, module, func, &d->field, &d->n, &d->ret, &in) < 0)
		return NULL;
	d->event = arena_printf(q->arena, "function %s:%s", module, func);
	d->is_bpf = strcmp(module, WORLD_BPF) == 0;
	if (d->n) {
		const struct event_field *last = &d->field[d->n - 1];

		d->slots = last->offset / 8 + (last->size > 8 ? (last->size + 7) / 8 : 1);
	}
	return d;
}

static void place(const struct type *type, uint32_t slot, bool is_signed, struct arg_loc *ret)
{
	*ret = (struct arg_loc){ .where = ARG_RAW, .offset = (int32_t)slot, .index = -1, .is_signed = is_signed, .type = type,
				 .size = (uint8_t)(type->size && type->size < 8 ? type->size : 8) };
	if (!type_is_scalar(type)) { // a struct by value lies in the slots
		ret->where = ARG_CTX_ADDR;
		ret->offset = (int32_t)slot * 8;
	}
}

bool trampoline_args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	const struct trampoline *d = s->detail;

	*f = d->field;
	*n = d->n;
	return true;
}

bool trampoline_field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	const struct trampoline *d = s->detail;

	place(f->type, f->offset / 8, f->is_signed, ret);
	if (d->is_bpf && f->type->kind == TYPE_POINTER) {
		ret->where = ARG_CTX_READ;
		ret->offset = (int32_t)f->offset;
	}
	ret->event = d->event;
	ret->member = f->name;
	return true;
}

bool trampoline_retval(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret)
{
	const struct trampoline *d = s->detail;

	if (d->ret->kind == TYPE_NONE || !type_is_scalar(d->ret))
		return false;
	place(d->ret, d->slots, d->ret->is_signed, ret);
	ret->event = d->event;
	ret->member = "return";
	return true;
}

int trampoline_attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	if (prog_fd < 0) // left out
		return 0;
	int fd = bpf_raw_tracepoint_open(NULL, prog_fd); // the older form of the link; every kernel with trampolines has it

	if (fd < 0)
		return attach_failed(run, prog->sites, -errno);
	link_set_add(links, fd, true, 1);
	return 0;
}
