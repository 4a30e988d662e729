// SPDX-License-Identifier: Apache-2.0
#include "runtime/stack.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/names.h"
#include "runtime/symbols/lines.h"
#include "runtime/value.h"

#define FRAMES_MOST WIRE_STACK_MAX

struct frames {
	uint32_t n, pid;
	enum wire_stop stop;
	uint64_t ip[FRAMES_MOST];
	uint8_t how[FRAMES_MOST]; // enum wire_how
};

static const char *const how_words[] = {
#define FRAME(NAME, word, doc) [WIRE_HOW_##NAME] = word,
#include "base/frame.def"
};

static const struct {
	const char *word;
	bool complete;
} stops[] = {
#define STOP(NAME, word, complete, doc) [WIRE_STOP_##NAME] = { word, complete },
#include "base/frame.def"
};

const char *stack_how(enum wire_how how)
{
	return how < WIRE_HOWS ? how_words[how] : "";
}

const char *stack_stop(enum wire_stop stop)
{
	return stop < WIRE_STOPS ? stops[stop].word : "";
}

bool stack_is_complete(enum wire_stop stop)
{
	return stop < WIRE_STOPS && stops[stop].complete;
}

// A walk that does not tell is the kernel's own.
static void take_reasons(struct frames *f, uint8_t stop)
{
	bool told = stop != WIRE_STOP_NONE;

	f->stop = told ? stop : WIRE_STOP_FRAME_POINTERS;
	for (uint32_t i = 0; i < f->n; i++) {
		f->how[i] = told ? (uint8_t)(f->ip[i] >> WIRE_FRAME_SHIFT) : WIRE_HOW_KERNEL;
		f->ip[i] = WIRE_FRAME_IP(f->ip[i]);
	}
}

static void read_frames(const struct type *t, const uint8_t *v, size_t n, struct frames *f)
{
	struct wire_stack w;

	memcpy(&w, v, sizeof w);
	f->pid = w.pid;
	f->n = (uint32_t)MIN(MIN((size_t)w.nr, (n - sizeof w) / 8), (size_t)FRAMES_MOST);
	memcpy(f->ip, v + sizeof w, f->n * sizeof f->ip[0]);
	if (t->kind == TYPE_KSTACK)
		f->pid = 0;
	f->stop = WIRE_STOP_NONE;
	memset(f->how, WIRE_HOW_NONE, f->n);
	if (t->b & STACK_WHY)
		take_reasons(f, w.stop);
}

// A return address may be the first of another function, behind a call that never returns, or of another line: what is named is
// the call before it. Only the leaf, and what a signal interrupted, are where the program was.
static bool is_return(const struct frames *f, uint32_t i)
{
	return i > 0 && f->how[i] != WIRE_HOW_TOP && f->how[i] != WIRE_HOW_SIGNAL;
}

static void calls(const struct frames *f, uint64_t *ip)
{
	for (uint32_t i = 0; i < f->n; i++)
		ip[i] = f->ip[i] - is_return(f, i);
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
	if (t->a != STACK_BPFTRACE && t->a != STACK_PERF)
		return;
	uint64_t ip[FRAMES_MOST];
	calls(&f, ip);
	names_want(p->names, f.pid, ip, f.n);
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

static bool is_named(const struct type *t)
{
	return t->a == STACK_BPFTRACE || t->a == STACK_PERF;
}

static void hex_bytes(const uint8_t *p, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_printf(out, "%02x", p[i]);
}

// " [cfi, symtab]". What has no name can still be found later, on a machine that has the symbols: file, place, build.
static void why(const struct type *t, uint8_t how, const struct symbol *s, struct str *out)
{
	const char *word = stack_how(how);

	str_printf(out, " [%s", word);
	if (is_named(t) && s->source != SYMBOL_NONE)
		str_printf(out, "%s%s", *word ? ", " : "", symbol_source_word(s->source));
	if (is_named(t) && s->module && (!s->name || s->source == SYMBOL_FDE)) {
		str_printf(out, ": %s+0x%lx", s->module, s->module_offset);
		if (s->n_build_id) {
			str_adds(out, ", build ID ");
			hex_bytes(s->build_id, s->n_build_id, out);
		}
	}
	str_addc(out, ']');
}

static void source_line(const struct line_frame *f, struct str *out)
{
	if (f->file)
		str_printf(out, "@%s:%u", f->file, f->line);
}

static const char *indentation(const struct printer *p, const struct type *t)
{
	if (t->a != STACK_BPFTRACE)
		return t->a == STACK_PERF ? "\t" : "";
	return p->legacy && p->in_key ? "    " : "        ";
}

// The calls that were inlined at an address have a line each, above the function they are in.
static void inlined_calls(const struct printer *p, const struct type *t, uint64_t ip, const struct symbol *s, struct str *out)
{
	for (uint32_t i = 0; i + 1 < s->n_lines; i++) {
		const struct line_frame *f = &s->lines[i];
		const char *name = f->function ? f->function : "[unknown]";

		if (t->a == STACK_PERF)
			str_printf(out, "\t%lx %s", ip, name);
		else
			str_printf(out, "%s[inlined] %s", indentation(p, t), name);
		source_line(f, out);
		str_adds(out, t->a == STACK_PERF ? " (inlined)\n" : "\n");
	}
}

static void frame(const struct printer *p, const struct type *t, uint64_t ip, uint8_t how, const struct symbol *s, struct str *out)
{
	inlined_calls(p, t, ip, s, out);
	if (t->a == STACK_RAW) {
		str_printf(out, "%lx", ip);
	} else {
		str_adds(out, indentation(p, t));
		if (t->a == STACK_PERF)
			str_printf(out, "%lx ", ip);
		frame_name(ip, s, out);
		if (s->n_lines)
			source_line(&s->lines[s->n_lines - 1], out);
		if (t->a == STACK_PERF && t->kind == TYPE_USTACK)
			str_printf(out, " (%s)", s->module ? s->module : "[unknown]");
	}
	if (t->b & STACK_WHY)
		why(t, how, s, out);
	str_addc(out, '\n');
}

// The last line of a stack that is not whole.
static void why_no_more(const struct printer *p, const struct type *t, enum wire_stop stop, struct str *out)
{
	if (stack_is_complete(stop))
		return;
	str_adds(out, indentation(p, t));
	str_printf(out, "[stopped: %s]\n", stack_stop(stop));
}

// The name of a call, as seen from where it returns to. What begins there without a call before it was never called: the code
// that a signal handler returns to.
static void after_call(struct printer *p, uint32_t pid, uint64_t ip, struct symbol *s)
{
	struct symbol exact;

	if (s->name && s->source != SYMBOL_FDE) {
		s->offset++;
		s->module_offset += s->module_offset != 0;
		return;
	}
	memset(&exact, 0, sizeof exact);
	names_lookup(p->names, pid, &ip, 1, &exact);
	if (exact.name && exact.source != SYMBOL_FDE) {
		*s = exact;
	} else if (s->module) {
		s->offset++;
		s->module_offset++;
	}
}

// The frames of a stack that has addresses, with their names.
static void name_frames(struct printer *p, const struct type *t, const void *v, size_t n, struct frames *f, struct symbol *sym)
{
	read_frames(t, v, n, f);
	memset(sym, 0, f->n * sizeof sym[0]);
	if (!is_named(t) || (t->kind == TYPE_USTACK && !f->pid))
		return;
	uint64_t ip[FRAMES_MOST];
	calls(f, ip);
	names_lookup(p->names, f->pid, ip, f->n, sym);
	for (uint32_t i = 0; i < f->n; i++)
		if (is_return(f, i))
			after_call(p, f->pid, f->ip[i], &sym[i]);
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
	name_frames(p, t, v, n, &f, sym);
	str_addc(out, '\n');
	for (uint32_t i = 0; i < f.n; i++)
		frame(p, t, f.ip[i], f.how[i], &sym[i], out);
	why_no_more(p, t, f.stop, out);
}

// JSON ----------------------------------------------------------------------------------------------------------------

static void json_text(const char *key, const char *text, struct str *out)
{
	str_printf(out, ", \"%s\": ", key);
	str_json(out, text, strlen(text));
}

static void json_line(const struct line_frame *f, struct str *out)
{
	if (!f->file)
		return;
	json_text("file", f->file, out);
	str_printf(out, ", \"line\": %u, \"column\": %u", f->line, f->column);
}

static void json_lines(const struct symbol *s, struct str *out)
{
	json_line(&s->lines[s->n_lines - 1], out);
	for (uint32_t i = 0; i + 1 < s->n_lines; i++) {
		const char *name = s->lines[i].function ? s->lines[i].function : "";

		str_adds(out, i ? ", {\"name\": " : ", \"inlined\": [{\"name\": ");
		str_json(out, name, strlen(name));
		json_line(&s->lines[i], out);
		str_addc(out, '}');
	}
	if (s->n_lines > 1)
		str_addc(out, ']');
}

static void json_frame(const struct type *t, uint64_t ip, uint8_t how, const struct symbol *s, struct str *out)
{
	str_printf(out, "{\"ip\": \"0x%lx\"", ip);
	if (s->name) {
		json_text("name", s->name, out);
		str_printf(out, ", \"offset\": %lu", s->offset);
	}
	if (s->module) {
		json_text("module", s->module, out);
		if (t->kind == TYPE_USTACK)
			str_printf(out, ", \"module_offset\": \"0x%lx\"", s->module_offset);
	}
	if (s->n_build_id) {
		str_adds(out, ", \"build_id\": \"");
		hex_bytes(s->build_id, s->n_build_id, out);
		str_addc(out, '"');
	}
	if (is_named(t) && s->source != SYMBOL_NONE)
		json_text("named", symbol_source_word(s->source), out);
	if (s->n_lines)
		json_lines(s, out);
	if (t->b & STACK_WHY)
		json_text("how", stack_how(how), out);
	str_addc(out, '}');
}

void stack_json(struct printer *p, const struct type *t, const void *v, struct str *out)
{
	struct frames f;
	struct symbol sym[FRAMES_MOST];

	if (t->a == STACK_BUILD_ID) {
		str_adds(out, "null");
		return;
	}
	name_frames(p, t, v, t->size, &f, sym);
	str_adds(out, "{\"frames\": [");
	for (uint32_t i = 0; i < f.n; i++) {
		str_adds(out, i ? ", " : "");
		json_frame(t, f.ip[i], f.how[i], &sym[i], out);
	}
	str_addc(out, ']');
	if (t->b & STACK_WHY) {
		json_text("stopped", stack_stop(f.stop), out);
		str_printf(out, ", \"complete\": %s", stack_is_complete(f.stop) ? "true" : "false");
	}
	str_addc(out, '}');
}
