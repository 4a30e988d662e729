// SPDX-License-Identifier: Apache-2.0
#include "runtime/progress.h"

#include <time.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/out.h"

#define REDRAW_NS 100000000u // a tenth of a second

void progress_begin(struct progress *p, bool terminal, uint64_t patience_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	*p = (struct progress){ .begun_ns = now, .next_ns = now + patience_ns, .patience_ns = patience_ns, .terminal = terminal };
}

void progress_tell(struct progress *p, struct out *o, const char *what, unsigned done, unsigned all)
{
	uint64_t now = p->begun_ns ? clock_ns(CLOCK_MONOTONIC) : 0;
	_str_ struct str s = { 0 };

	if (!now || now < p->next_ns)
		return;
	p->next_ns = p->terminal ? now + MIN(p->patience_ns, (uint64_t)REDRAW_NS) : p->begun_ns + 2 * (now - p->begun_ns) * (p->patience_ns != 0);
	p->shown = true;
	str_printf(&s, "%s%s: %u of %u probes%s", p->terminal ? "\r" : "", what, done, all, p->terminal ? "\33[K" : "\n");
	out_progress(o, &s);
}

void progress_end(struct progress *p, struct out *o)
{
	_str_ struct str s = { 0 };

	str_adds(&s, "\r\33[K");
	if (p->shown && p->terminal)
		out_progress(o, &s);
	p->begun_ns = 0;
	p->shown = false;
}
