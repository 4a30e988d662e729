// SPDX-License-Identifier: Apache-2.0
#include "runtime/stack.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/names.h"
#include "runtime/value.h"

#define FRAMES_MOST WIRE_STACK_MAX

struct frames {
	uint32_t n, pid;
	uint64_t ip[FRAMES_MOST];
};

static void read_frames(const struct type *t, const uint8_t *v, size_t n, struct frames *f)
{
	struct wire_stack w;

	memcpy(&w, v, sizeof w);
	f->pid = w.pid;
	f->n = (uint32_t)MIN(MIN((size_t)w.nr, (n - sizeof w) / 8), (size_t)FRAMES_MOST);
	memcpy(f->ip, v + sizeof w, f->n * sizeof f->ip[0]);
	if (t->kind == TYPE_KSTACK)
		f->pid = 0;
}

static void build_id_frame(const uint8_t *v, struct str *out)
{
	struct wire_build_id b;

	memcpy(&b, v, sizeof b);
	if (b.status != WIRE_BUILD_ID_VALID) {
		str_printf(out, "%lx\n", b.offset);
		return;
	}
	for (size_t i = 0; i < sizeof b.id; i++)
		str_printf(out, "%02x", b.id[i]);
	str_printf(out, " 0x%lx\n", b.offset);
}

static void build_ids(const uint8_t *v, size_t n, struct str *out)
{
	struct wire_stack w;
	size_t frames;

	memcpy(&w, v, sizeof w);
	frames = MIN((size_t)w.nr, (n - sizeof w) / sizeof(struct wire_build_id));
	str_addc(out, '\n');
	for (size_t i = 0; i < frames; i++)
		build_id_frame(v + sizeof w + i * sizeof(struct wire_build_id), out);
}

void stack_want(struct printer *p, const struct type *t, const void *v)
{
	struct frames f;

	if (t->a == STACK_BUILD_ID)
		return;
	read_frames(t, v, t->size, &f);
	if (t->a == STACK_BPFTRACE || t->a == STACK_PERF)
		names_want(p->names, f.pid, f.ip, f.n);
}

static void frame_name(uint64_t ip, const struct symbol *s, struct str *out)
{
	if (!s->name) {
		hex_text(ip, out);
		return;
	}
	str_adds(out, s->name);
	str_addc(out, '+');
	str_u64(out, s->offset);
}

static void frame(const struct type *t, uint64_t ip, const struct symbol *s, struct str *out)
{
	if (t->a == STACK_BPFTRACE) {
		str_adds(out, "        ");
		frame_name(ip, s, out);
	} else if (t->a == STACK_PERF) {
		str_printf(out, "\t%lx ", ip);
		frame_name(ip, s, out);
		if (t->kind == TYPE_USTACK)
			str_printf(out, " (%s)", s->module ? s->module : "[unknown]");
	} else {
		str_printf(out, "%lx", ip);
	}
	str_addc(out, '\n');
}

void stack_text(struct printer *p, const struct type *t, const void *v, size_t n, struct str *out)
{
	struct frames f;
	struct symbol sym[FRAMES_MOST];

	if (n < sizeof(struct wire_stack))
		return;
	if (t->a == STACK_BUILD_ID) {
		build_ids(v, n, out);
		return;
	}
	read_frames(t, v, n, &f);
	memset(sym, 0, f.n * sizeof sym[0]);
	bool named = t->a == STACK_BPFTRACE || t->a == STACK_PERF;
	if (named && (t->kind == TYPE_KSTACK || f.pid))
		names_lookup(p->names, f.pid, f.ip, f.n, sym);
	str_addc(out, '\n');
	for (uint32_t i = 0; i < f.n; i++)
		frame(t, f.ip[i], &sym[i], out);
}
