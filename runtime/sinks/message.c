// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/message.h"

static const char *const functions[] = {
#define EVENT(NAME, func, control) [EVENT_##NAME] = func,
#include "base/event.def"
#undef EVENT
};

void message_diag(struct diag *d, const struct plan *plan, struct arena *a)
{
	diag_init(d, a);
	for (uint32_t i = 0; i < plan->n_sources; i++)
		diag_source(d, plan->sources[i].name, plan->sources[i].text, plan->sources[i].text_len);
}

struct span message_span(struct diag *d, const struct plan_span *s, uint32_t n)
{
	struct span at = { 0 };

	for (uint32_t i = n; i > 0; i--)
		at = (struct span){ s[i - 1].source, s[i - 1].start, s[i - 1].end, i < n ? diag_expansion(d, at) : 0 };
	return at;
}

static const char *probe_name(const struct plan *plan, const struct plan_loss *l)
{
	const struct plan_prog *g = &plan->progs[l->prog];

	return g->n_sites ? g->sites[0].name : g->name;
}

void loss_text(const struct plan *plan, const struct plan_loss *l, uint64_t count, struct str *out)
{
	const char *s = count == 1 ? "" : "s", *probe = probe_name(plan, l);
	uint32_t more = plan->progs[l->prog].n_sites;

	if (l->kind == LOSS_LEFT_OUT) {
		str_printf(out, "%lu %s", count, l->text);
		return;
	}
	if (l->kind == LOSS_EVENT) {
		const char *f = functions[plan->events[l->index].kind];

		str_printf(out, "%lu %s%srecord%s of %s", count, f, *f ? " " : "", s, probe);
	} else if (l->kind == LOSS_UPDATE) {
		str_printf(out, "%lu update%s of %s in %s", count, s, plan->maps[l->index].name ? plan->maps[l->index].name : "a map", probe);
	} else {
		str_printf(out, "%lu run%s of %s (no scratch memory was free)", count, s, probe);
	}
	if (more > 1)
		str_printf(out, " and %u more", more - 1);
}
