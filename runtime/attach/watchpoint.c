// SPDX-License-Identifier: Apache-2.0
// watchpoint: a debug register, by a perf event; each CPU, or each thread of the process of -p or -c.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"
#include "runtime/run.h"

enum { BREAK_R = 1, BREAK_W = 2, BREAK_RW = 3, BREAK_X = 4 }; // of linux/hw_breakpoint.h, whose names collide with ours

static bool read_mode(const char *text, uint32_t *ret)
{
	uint32_t mode = 0;

	for (const char *p = text; *p; p++) {
		uint32_t bit = *p == 'r' ? BREAK_R : *p == 'w' ? BREAK_W : *p == 'x' ? BREAK_X : 0;

		if (!bit || mode & bit)
			return false;
		mode |= bit;
	}
	if (!mode || (mode & BREAK_X && mode != BREAK_X))
		return false;
	*ret = mode;
	return true;
}

static bool bad(const struct expand *q, const struct attach_point *ap, const char *what, const char *wanted)
{
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': %s must be %s", ap->text, what, wanted);
	return false;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	uint64_t address, length;
	uint32_t mode;

	if (q->list_only)
		return true;
	if (ap->n != 3)
		return attach_wrong_parts(t, q, ap);
	if (strchr(ap->part[0], '+'))
		return bad(q, ap, "the address", "a number; addresses relative to a function's arguments are no more in the language");
	if (!parse_u64(ap->part[0], &address))
		return bad(q, ap, "the address", "a number");
	if (!parse_u64(ap->part[1], &length) || (length != 1 && length != 2 && length != 4 && length != 8))
		return bad(q, ap, "the length", "1, 2, 4 or 8 bytes");
	if (address & (length - 1))
		return bad(q, ap, "the address", "a multiple of the length");
	if (!read_mode(ap->part[2], &mode))
		return bad(q, ap, "the mode", "'w', 'rw' or 'x' (each letter once; x stands alone)");
	if (mode == BREAK_R)
		mode = BREAK_RW; // no x86 processor tells reads alone
	site_add(out, &(struct site){
		.plan = { .name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, attach_rest(q, ap, 0))), .provider = t->name,
			  .target = ap->part[2], .func = ap->part[0], .address = address, .offset = length, .period = mode,
			  .mechanism = MECH_BREAKPOINT, .pid = q->pid },
		.kind = PROG_PERF,
		.variant = "",
	});
	return true;
}

static int failed(struct run *run, const struct plan_site *s, int error)
{
	const char *why = error == -ENOSPC	  ? "all debug registers are in use (x86 has 4)"
			  : error == -EINVAL	  ? "this processor has no such watchpoint"
			  : error == -EOPNOTSUPP || error == -ENOENT ? "this machine has no debug registers to give" : NULL;

	if (!why)
		return attach_failed(run, s, error);
	diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH, "Unable to attach probe: %s. The kernel refused it: %s", s->name, why);
	return error;
}

static int attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	for (uint32_t i = 0; i < prog->n_sites; i++) {
		const struct plan_site *s = &prog->sites[i];
		struct perf_event_attr attr = { .type = PERF_TYPE_BREAKPOINT, .bp_addr = s->address, .bp_len = s->offset,
						.bp_type = (uint32_t)s->period, .sample_period = 1 };
		uint32_t pid = s->pid ? s->pid : (uint32_t)run_child(run);
		int rc = perf_attach_everywhere(prog_fd, &attr, pid, i, links);

		if (rc < 0)
			return failed(run, s, rc);
	}
	return 0;
}

const struct probe_type probe_watchpoint = {
	.name = "watchpoint",
	.aliases = { "w", "asyncwatchpoint", "aw" },
	.forms = "'watchpoint:ADDRESS:LENGTH:MODE'; LENGTH is 1, 2, 4 or 8, MODE is 'w', 'rw' or 'x'",
	.probetype = "watchpoint",
	.doc = "access to an address",
	.offers = PT_REGS | PT_CTX | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach,
};
