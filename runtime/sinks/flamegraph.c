// SPDX-License-Identifier: Apache-2.0
//
// A flame graph: one SVG that needs nothing else. Width is weight, the root lies at the bottom, frames of one parent stand
// in the order of their names. flamegraph.js, embedded, zooms and searches.
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/profile.h"
#include "runtime/sinks/profile_file.h"

#define WIDTH 1200.0
#define ROW 17.0
#define HEAD 56.0
#define FOOT 30.0
#define LETTER 7.2    // of a 12 pixel monospaced font
#define NARROWEST 0.1 // pixels; narrower frames are not drawn, and counted

extern const char flamegraph_js[], flamegraph_js_end[];

struct picture {
	const struct profile *p;
	const struct profile_node *node;
	size_t n;
	uint64_t *total;      // of a node and all above it
	uint32_t *order;      // nodes, brothers by name, parents first
	uint32_t *first, *count; // children of node i: order[first[i] .. + count[i])
	double *x;            // fraction of the width
	uint32_t *depth;
	uint32_t deepest;
	size_t narrow;
	enum value_unit unit;
	struct str *out;
};

static void xml(struct str *s, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '&')
			str_adds(s, "&amp;");
		else if (c == '<')
			str_adds(s, "&lt;");
		else if (c == '>')
			str_adds(s, "&gt;");
		else if (c == '"')
			str_adds(s, "&quot;");
		else
			str_addc(s, c >= 0x20 && c < 0x7f ? (char)c : '?');
	}
}

// Layout --------------------------------------------------------------------------------------------------------------

static int by_parent_and_name(const void *a, const void *b, void *arg)
{
	const struct picture *g = arg;
	const struct profile_node *x = &g->node[*(const uint32_t *)a], *y = &g->node[*(const uint32_t *)b];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return strcmp(profile_name(g->p, x->name), profile_name(g->p, y->name));
}

static void add_totals(struct picture *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->total[i] = g->node[i].self;
	for (size_t i = g->n - 1; i > 0; i--)
		g->total[g->node[i].parent] += g->total[i];
}

// The root is order[0]; brothers lie side by side.
static void find_children(struct picture *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->order[i] = i;
	qsort_r(g->order + 1, g->n - 1, sizeof *g->order, by_parent_and_name, g);
	for (uint32_t i = 1; i < g->n; i++) {
		uint32_t parent = g->node[g->order[i]].parent;

		if (g->count[parent]++ == 0)
			g->first[parent] = i;
	}
}

// Parents have smaller numbers than their children: one pass in the order of numbers places all.
static void place(struct picture *g)
{
	double all = g->total[0] ? (double)g->total[0] : 1;

	for (uint32_t i = 0; i < g->n; i++) {
		double x = g->x[i];

		for (uint32_t k = 0; k < g->count[i]; k++) {
			uint32_t child = g->order[g->first[i] + k];

			g->x[child] = x;
			g->depth[child] = g->depth[i] + 1;
			x += (double)g->total[child] / all;
			if (g->depth[child] > g->deepest && (double)g->total[child] / all * WIDTH >= NARROWEST)
				g->deepest = g->depth[child];
		}
	}
}

// Drawing -------------------------------------------------------------------------------------------------------------

static void colour(struct str *s, const char *name, uint32_t depth)
{
	uint64_t h = hash_bytes(name, strlen(name), 0);

	if (depth == 0)
		str_adds(s, "#d8d8d8");
	else
		str_printf(s, "hsl(%u,%u%%,%u%%)", 12 + (unsigned)(h % 40), 70 + (unsigned)(h / 64 % 25), 60 + (unsigned)(h / 4096 % 14));
}

static void label(struct str *s, const char *name, double width)
{
	size_t n = strlen(name), most = width > 6 ? (size_t)((width - 6) / LETTER) : 0;

	if (most < 3)
		return;
	xml(s, name, n <= most ? n : most - 2);
	if (n > most)
		str_adds(s, "..");
}

static void frame(struct picture *g, uint32_t i, double height)
{
	const char *name = i ? profile_name(g->p, g->node[i].name) : "all";
	double share = g->total[0] ? (double)g->total[i] / (double)g->total[0] : 1, w = share * WIDTH;
	double y = height - FOOT - (g->depth[i] + 1) * ROW;

	if (w < NARROWEST && i) {
		g->narrow++;
		return;
	}
	str_printf(g->out, "<g class=\"f\" data-x=\"%.9g\" data-w=\"%.9g\" data-d=\"%u\" data-n=\"", g->x[i], share, g->depth[i]);
	xml(g->out, name, strlen(name));
	str_adds(g->out, "\"><title>");
	xml(g->out, name, strlen(name));
	str_adds(g->out, " - ");
	quantity_text((double)g->total[i], g->unit, g->out);
	str_printf(g->out, "%s, %.2f %%</title><rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" rx=\"1\" fill=\"", g->unit == UNIT_NS ? "" : " samples",
		   share * 100, g->x[i] * WIDTH, y, w, ROW - 1);
	colour(g->out, name, g->depth[i]);
	str_printf(g->out, "\"/><text x=\"%.2f\" y=\"%.1f\">", g->x[i] * WIDTH + 3, y + 12);
	label(g->out, name, w);
	str_adds(g->out, "</text></g>\n");
}

static void head(struct picture *g, const char *title, double height)
{
	str_printf(g->out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" font-family=\"monospace\" font-size=\"12\">\n"
		   "<style>.f{cursor:pointer}.f:hover rect{stroke:#000;stroke-width:0.7}.under{opacity:0.45}.hit rect{fill:#c13ee0}text{pointer-events:none}"
		   ".b{pointer-events:auto;cursor:pointer;fill:#555}</style>\n"
		   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fffdf8\"/>\n"
		   "<text x=\"%.0f\" y=\"24\" text-anchor=\"middle\" font-size=\"17\" font-family=\"sans-serif\">",
		   WIDTH, height, WIDTH, height, WIDTH / 2);
	xml(g->out, title, strlen(title));
	str_printf(g->out,
		   "</text>\n<text id=\"reset\" class=\"b\" x=\"10\" y=\"24\" style=\"display:none\">reset zoom</text>"
		   "<text id=\"search\" class=\"b\" x=\"%.0f\" y=\"24\" text-anchor=\"end\">search</text>"
		   "<text id=\"matched\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\"></text>\n",
		   WIDTH - 10, WIDTH - 10, height - 10);
}

static void foot(struct picture *g, double height)
{
	_str_ struct str s = { 0 };

	quantity_text((double)g->total[0], g->unit, &s);
	str_adds(&s, g->unit == UNIT_NS ? " in all" : " samples in all");
	if (g->narrow)
		str_printf(&s, "; %zu frames too narrow to be drawn", g->narrow);
	str_printf(g->out, "<text id=\"details\" x=\"10\" y=\"%.0f\">%s</text>\n<script><![CDATA[", height - 10, str_z(&s));
	str_add(g->out, flamegraph_js, (size_t)(flamegraph_js_end - flamegraph_js));
	str_adds(g->out, "]]></script>\n</svg>\n");
}

static void draw(struct picture *g, const char *title)
{
	add_totals(g);
	find_children(g);
	place(g);
	double height = HEAD + FOOT + (g->deepest + 1) * ROW;

	head(g, *title ? title : "Flame graph", height);
	for (uint32_t i = 0; i < g->n; i++)
		frame(g, i, height);
	foot(g, height);
}

static void flamegraph_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct profile_file *f = state;
	_str_ struct str out = { 0 };
	struct picture g = { .p = f->profile, .unit = profile_unit(f->profile), .out = &out };

	g.node = profile_nodes(f->profile, &g.n);
	_free_ uint64_t *total = g.total = xcalloc(g.n, sizeof *total);
	_free_ uint32_t *order = g.order = xcalloc(g.n, sizeof *order), *first = g.first = xcalloc(g.n, sizeof *first);
	_free_ uint32_t *count = g.count = xcalloc(g.n, sizeof *count), *depth = g.depth = xcalloc(g.n, sizeof *depth);
	_free_ double *x = g.x = xcalloc(g.n, sizeof *x);
	draw(&g, export_text(f->c.sink, "title"));
	profile_file_write(f, &out, ret);
}

const struct export_sink export_sink_flamegraph = {
	.name = "flamegraph", .open = profile_file_open, .record = profile_file_record, .measures = profile_file_measures, .close = flamegraph_close,
	.free = profile_file_free,
};
