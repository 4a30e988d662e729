// SPDX-License-Identifier: Apache-2.0
#include "runtime/gates.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/duty.h"
#include "runtime/entry_cost.h"
#include "runtime/hands.h"
#include "runtime/load.h"
#include "runtime/run_state.h"

#define PERIOD_NS 20000000u
#define FIRST_PERIOD_NS 4000000u // while it is not known yet what comes
#define FIRST_PERIODS 10
#define OWN_SPREAD_NS 1e9 // Spile's own time comes in bursts (names are looked up once) and counts evenly
#define LEAST (WIRE_GATE_OPEN >> 10) // below that to ask costs more than what passes, and each that passes stands for too many
#define USUAL_LEAD_NS 15000000u      // before a window begins its programs are attached; measured from then on

enum stage {
	STAGE_OPEN,    // on its events; a look each PERIOD
	STAGE_LEAVING, // being detached
	STAGE_AWAY,    // until the next window, or for good until block_ns when it is to be open again
	STAGE_COMING,  // being attached
	STAGE_WINDOW,
};

struct gate {
	enum stage stage;
	bool may_leave; // no other gate turns its programs
	bool opens;     // its share suffices again: when the block is over it is on its events for good
	bool told;      // that a program could not be put back
	uint64_t looked_ns, turned_ns, until_ns; // at the last look; when attaching began; the window's end
	double debt_ns;              // spent beyond the share while it was open, Spile's start included
	double spent_ns, entered_ns; // since the last look: all that counts, and what of it is for entering
	uint64_t lead_ns, away_ns, left_ns; // how long attaching takes; time off the events, the last one's begin
	struct duty duty;
};

struct gates {
	struct run *run;
	const struct plan *plan;
	struct wire_globals *globals;
	struct hands *hands;
	int stats_fd;        // run time is counted while it is open
	double looking_ns;   // of a run, for the statistics themselves
	struct entry_cost *entry;
	uint64_t *runs, *ns; // by program, at the last look
	uint64_t own_ns;     // Spile's processor time, then
	double owed_ns;      // what of it does not count yet
	uint64_t looked_ns;
	unsigned looks;
	struct gate of[WIRE_GATES];
	uint32_t n;
};

// Making ---------------------------------------------------------------------------------------------------------------

static bool holds(const struct plan_gate *g, uint32_t prog)
{
	for (uint32_t i = 0; i < g->n_progs; i++)
		if (g->progs[i].index == prog)
			return true;
	return false;
}

// Two gates that turn one program would wait for each other.
static bool shares_programs(const struct plan *p, uint32_t gate)
{
	for (uint32_t i = 0; i < gate; i++)
		for (uint32_t k = 0; k < p->gates[gate].n_progs; k++)
			if (holds(&p->gates[i], p->gates[gate].progs[k].index))
				return true;
	return false;
}

int gates_new(struct run *r, struct gates **ret)
{
	if (!r->plan->n_gates || !r->globals)
		return 0;
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd < 0)
		return -errno;
	struct gates *g = xcalloc(1, sizeof *g);
	*g = (struct gates){ .run = r, .plan = r->plan, .globals = r->globals, .stats_fd = fd, .n = MIN(r->plan->n_gates, (uint32_t)WIRE_GATES),
			     .entry = xcalloc(r->plan->n_progs, sizeof *g->entry), .runs = xcalloc(r->plan->n_progs, sizeof *g->runs),
			     .ns = xcalloc(r->plan->n_progs, sizeof *g->ns) };
	g->looking_ns = statistics_ns();
	entry_costs(r, g->entry);
	g->hands = hands_new(r);
	for (uint32_t i = 0; i < g->n; i++) {
		g->of[i] = (struct gate){ .may_leave = r->options.mode != RUN_FORECAST && !shares_programs(r->plan, i), .lead_ns = USUAL_LEAD_NS };
		if (getrandom(&g->of[i].duty.seed, sizeof g->of[i].duty.seed, GRND_NONBLOCK) < 0 || !g->of[i].duty.seed)
			g->of[i].duty.seed = clock_ns(CLOCK_MONOTONIC) | 1;
		g->of[i].duty.share = (double)r->plan->gates[i].cpu / 1e6;
	}
	*ret = g;
	return 0;
}

void gates_free(struct gates *g)
{
	if (!g)
		return;
	gates_end(g);
	free(g->entry);
	free(g->runs);
	free(g->ns);
	free(g);
}

void gates_end(struct gates *g)
{
	if (!g || g->stats_fd < 0)
		return;
	for (uint32_t i = 0; i < g->n; i++)
		if (g->of[i].stage == STAGE_AWAY)
			g->of[i].away_ns += clock_ns(CLOCK_MONOTONIC) - g->of[i].left_ns;
	hands_free(TAKE_PTR(g->hands));
	close(g->stats_fd);
	g->stats_fd = -1;
}

struct link_set *gates_links(struct gates *g, uint32_t prog)
{
	for (uint32_t i = 0; g && g->hands && i < g->n; i++)
		if (g->of[i].may_leave && holds(&g->plan->gates[i], prog))
			return hands_links(g->hands, prog);
	return NULL;
}

// What was spent ---------------------------------------------------------------------------------------------------------

uint64_t gate_next(uint64_t keep, uint64_t used, uint64_t share)
{
	double now = (double)(keep ? MIN(keep, WIRE_GATE_OPEN) : WIRE_GATE_OPEN);
	double ratio = used ? (double)share / (double)used : 2;

	// by halves at most on the way down, slowly on the way up: a burst must not open the gate for the next one
	ratio = ratio < 0.25 ? 0.25 : ratio > 1.25 ? 1.25 : ratio;
	now *= ratio;
	return now >= (double)WIRE_GATE_OPEN ? WIRE_GATE_OPEN : now < (double)LEAST ? LEAST : (uint64_t)now;
}

// What a program took since the last look goes to the gates that count it.
static void look_at(struct gates *g, uint32_t prog)
{
	uint64_t runs, ns, were = g->runs[prog], took = g->ns[prog];
	double entered, inside;

	program_spent(g->run->loaded->prog_fd[prog], &runs, &ns);
	g->runs[prog] = runs;
	g->ns[prog] = ns;
	if (runs <= were)
		return;
	entered = (double)(runs - were) * g->entry[prog].ns;
	inside = MAX((double)(ns - took) - (double)(runs - were) * g->looking_ns, 0);
	for (uint32_t i = 0; i < g->n; i++)
		if (g->plan->gates[i].whole || holds(&g->plan->gates[i], prog)) {
			g->of[i].spent_ns += entered + inside;
			g->of[i].entered_ns += holds(&g->plan->gates[i], prog) ? entered : 0;
		}
}

static void look(struct gates *g, uint64_t now)
{
	uint64_t own = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (uint32_t i = 0; i < g->plan->n_progs; i++)
		look_at(g, i);
	g->owed_ns += (double)(own - g->own_ns);
	double part = g->looked_ns ? g->owed_ns * MIN((double)(now - g->looked_ns) / OWN_SPREAD_NS, 1.0) : 0;
	for (uint32_t i = 0; i < g->n; i++)
		g->of[i].spent_ns += g->plan->gates[i].whole ? part : 0;
	g->owed_ns -= part;
	g->own_ns = own;
	g->looked_ns = now;
}

// Turning ----------------------------------------------------------------------------------------------------------------

static void turn(struct gates *g, uint32_t i, bool on, uint64_t at_ns)
{
	for (uint32_t k = 0; k < g->plan->gates[i].n_progs; k++)
		hands_turn(g->hands, g->plan->gates[i].progs[k].index, on, at_ns);
}

static uint64_t lead_to_leave(const struct gates *g, uint32_t i)
{
	uint64_t most = 0;

	for (uint32_t k = 0; k < g->plan->gates[i].n_progs; k++)
		most = MAX(most, hands_lead(g->hands, g->plan->gates[i].progs[k].index));
	return most;
}

static bool is_turning(struct gates *g, uint32_t i)
{
	bool busy = false;

	for (uint32_t k = 0; k < g->plan->gates[i].n_progs; k++) {
		uint32_t prog = g->plan->gates[i].progs[k].index;

		busy |= hands_busy(g->hands, prog);
		if (!busy && hands_failed(g->hands, prog) && !g->of[i].told) {
			g->of[i].told = true;
			diag_warn(g->run->diag, (struct span){ 0 }, E_ATTACH, "%s could not be attached again after the budget had it detached: its events are missing since",
				  g->plan->progs[prog].n_sites ? g->plan->progs[prog].sites[0].name : g->plan->progs[prog].name);
		}
	}
	return busy;
}

// Each passing event is written what it stands for before it can pass.
static void let(struct gates *g, uint32_t i, double times)
{
	struct wire_gate *w = &g->globals->gates[i];
	uint64_t keep = w->keep ? MIN(w->keep, WIRE_GATE_OPEN) : WIRE_GATE_OPEN;

	__atomic_store_n(&w->worth, (uint64_t)(times * (double)WIRE_GATE_OPEN / (double)keep * (double)WIRE_GATE_OPEN), __ATOMIC_RELAXED);
	__atomic_store_n(&w->keep, keep, __ATOMIC_RELEASE);
}

static void leave(struct gates *g, uint32_t i, uint64_t at_ns)
{
	g->of[i].stage = STAGE_LEAVING;
	turn(g, i, false, at_ns);
}

static void begin_duty(struct gates *g, uint32_t i, double elapsed)
{
	struct gate *x = &g->of[i];
	struct wire_gate *w = &g->globals->gates[i];

	__atomic_store_n(&w->until, WIRE_GATE_SHUT, __ATOMIC_RELAXED);
	__atomic_store_n(&w->from, WIRE_GATE_SHUT, __ATOMIC_RELEASE);
	if (x->entered_ns > x->spent_ns / 2) // to leave out events of those that are paid for saves little
		w->keep = WIRE_GATE_OPEN;
	let(g, i, 1);
	x->duty.begun_ns = x->looked_ns;
	x->duty.block_ns = clock_ns(CLOCK_MONOTONIC);
	x->duty.length_ns = x->duty.window_ns = 0;
	x->duty.spent_ns = x->debt_ns;
	x->debt_ns = 0;
	x->duty.rate = x->spent_ns / elapsed;
	x->duty.slop_ns = x->duty.slop_ns > 0 ? x->duty.slop_ns : (double)USUAL_LEAD_NS;
	x->turned_ns = x->looked_ns;
	x->opens = false;
	leave(g, i, 0);
}

static uint64_t period(const struct gates *g)
{
	return g->looks < FIRST_PERIODS ? FIRST_PERIOD_NS : PERIOD_NS;
}

static void look_open(struct gates *g, uint32_t i, uint64_t now)
{
	struct gate *x = &g->of[i];
	struct wire_gate *w = &g->globals->gates[i];
	double elapsed = (double)(now - x->looked_ns), share = x->duty.share * elapsed;

	if (x->looked_ns && now - x->looked_ns < period(g))
		return;
	if (x->looked_ns && x->may_leave && (x->entered_ns > share / 2 || (w->keep == LEAST && x->spent_ns > share && x->entered_ns > 0))) {
		begin_duty(g, i, elapsed);
		return;
	}
	if (x->looked_ns) {
		uint64_t keep = gate_next(w->keep, (uint64_t)x->spent_ns, (uint64_t)share);

		if (keep != w->keep) {
			w->keep = keep;
			let(g, i, 1);
		}
	}
	x->debt_ns = MAX(x->debt_ns + x->spent_ns - (x->looked_ns ? share : 0), 0);
	x->spent_ns = x->entered_ns = 0;
	x->looked_ns = now;
}

// The programs are off their events: what that took, and when they are on them again.
static void look_left(struct gates *g, uint32_t i, uint64_t now)
{
	struct gate *x = &g->of[i];
	double rate;

	if (is_turning(g, i))
		return;
	look(g, now);
	rate = x->spent_ns / (double)MAX(now - x->turned_ns, 1ull);
	if (x->duty.length_ns)
		duty_spent(&x->duty, x->spent_ns, now - x->turned_ns);
	else // what came before the first block
		x->duty.spent_ns += x->spent_ns;
	x->opens = x->duty.length_ns && rate < 0.8 * x->duty.share;
	x->spent_ns = x->entered_ns = 0;
	x->left_ns = now;
	x->stage = STAGE_AWAY;
	if (!x->opens)
		duty_next(&x->duty, now + x->lead_ns);
}

static uint64_t comes_at(const struct gate *x)
{
	uint64_t at = x->opens ? x->duty.block_ns + x->duty.length_ns : x->duty.from_ns;

	return at > x->lead_ns ? at - x->lead_ns : 0;
}

static void look_away(struct gates *g, uint32_t i, uint64_t now)
{
	struct gate *x = &g->of[i];

	if (now < comes_at(x))
		return;
	x->away_ns += now - x->left_ns;
	x->turned_ns = now;
	x->stage = STAGE_COMING;
	turn(g, i, true, 0);
}

// When the programs are there late, the window is: it is as long as planned.
static void look_coming(struct gates *g, uint32_t i)
{
	struct gate *x = &g->of[i];
	struct wire_gate *w = &g->globals->gates[i];
	uint64_t now, from;

	if (is_turning(g, i))
		return;
	now = clock_ns(CLOCK_MONOTONIC);
	x->lead_ns = (3 * x->lead_ns + (now - x->turned_ns)) / 4;
	if (x->opens) {
		let(g, i, 1);
		__atomic_store_n(&w->from, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&w->until, 0, __ATOMIC_RELEASE);
		x->stage = STAGE_OPEN;
		x->looked_ns = now;
		return;
	}
	from = MAX(x->duty.from_ns, now);
	x->until_ns = from + x->duty.window_ns;
	let(g, i, duty_worth(&x->duty));
	__atomic_store_n(&w->until, x->until_ns, __ATOMIC_RELEASE);
	__atomic_store_n(&w->from, from, __ATOMIC_RELEASE);
	x->stage = STAGE_WINDOW;
}

// The kernel half knows the window's end itself.
static void look_window(struct gates *g, uint32_t i, uint64_t now)
{
	struct gate *x = &g->of[i];

	if (now + lead_to_leave(g, i) >= x->until_ns)
		leave(g, i, x->until_ns);
}

void gates_tick(struct gates *g, uint64_t now_ns)
{
	if (!g || g->stats_fd < 0)
		return;
	if (now_ns - g->looked_ns >= period(g)) {
		look(g, now_ns);
		g->looks++;
	}
	for (uint32_t i = 0; i < g->n; i++)
		switch (g->of[i].stage) {
		case STAGE_OPEN: look_open(g, i, now_ns); break;
		case STAGE_LEAVING: look_left(g, i, now_ns); break;
		case STAGE_AWAY: look_away(g, i, now_ns); break;
		case STAGE_COMING: look_coming(g, i); break;
		case STAGE_WINDOW: look_window(g, i, now_ns); break;
		}
}

int gates_patience(const struct gates *g, uint64_t now_ns, int ms)
{
	for (uint32_t i = 0; g && i < g->n; i++) {
		const struct gate *x = &g->of[i];
		uint64_t due = x->stage == STAGE_AWAY ? comes_at(x) : x->stage == STAGE_WINDOW ? x->until_ns - MIN(lead_to_leave(g, i), x->until_ns) : now_ns;

		if (x->stage != STAGE_OPEN)
			ms = due <= now_ns ? MIN(ms, 1) : MIN(ms, (int)MIN((due - now_ns) / 1000000 + 1, 1000ull));
	}
	return ms;
}

void gates_report(struct gates *g, struct str *out)
{
	for (uint32_t i = 0; g && i < g->n; i++)
		if (g->of[i].away_ns)
			str_printf(out, "The share of %.2g%% did not suffice to be entered by every event: for %.1f s probes were off their events, and what they saw else stands for all\n",
				   100 * g->of[i].duty.share, (double)g->of[i].away_ns / 1e9);
}
