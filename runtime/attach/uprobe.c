// SPDX-License-Identifier: Apache-2.0
// uprobe and uretprobe: functions and addresses of user binaries.
//
//   bin:fn  bin:fn+off  bin:ADDRESS  bin:cpp:fn  and, with -p, the same without "bin:";  bin@file:line
//
// All sites of a body share one program: where an argument lies does not depend on the function.
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/near.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/binary.h"
#include "runtime/attach/providers.h"
#include "runtime/attach/regs.h"
#include "runtime/attach/uprobe_site.h"

// site.detail of what follows Go's conventions, and of return instructions: arg(), call_key()
static const char go_function[] = "go", return_instruction[] = "ret";

enum { MOST_SWEPT = 256 }; // functions whose code is disassembled to place a probe

struct search {
	const struct probe_type *t;
	const struct expand *q;
	const struct attach_point *ap;
	struct site_list *out;
	const char *binary;   // as written; NULL: the mappings of -p
	const char *func;     // name or pattern
	bool is_cpp;          // compare with demangled names
	bool has_offset, is_address, is_return;
	uint64_t offset;      // behind the function, or the address
	bool sweep;
	bool at_ret;          // bin:ret:fn: at its return instructions
	bool said;            // why nothing was found
	struct map seen;      // "path\0offset": one place is probed once
	unsigned found, unfit, blind; // blind: of whose arguments nothing is known, though the body reads them
	const char *unfit_name;
	const char *line;     // "file:line" of bin@file:line
};

// Splits the parts into binary, language and function.
static bool read_parts(struct search *s)
{
	const struct expand *q = s->q;
	const struct attach_point *ap = s->ap;
	size_t rest = 1;

	if (!ap->n || ap->n > 64)
		return attach_wrong_parts(s->t, q, ap);
	s->binary = ap->part[0];
	if (ap->n == 1 && !q->pid && !q->list_only) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' names no binary; write %s:BINARY:%s, or give a process with -p", ap->text,
			   s->t->name, ap->part[0]);
		return false;
	}
	if (ap->n == 1 && (q->pid || !q->list_only)) {
		s->binary = NULL;
		rest = 0;
	} else if (q->pid && strcasecmp(ap->part[0], "cpp") == 0) {
		s->binary = NULL;
		s->is_cpp = true;
	} else if (ap->n >= 3 && strcasecmp(ap->part[1], "cpp") == 0) {
		s->is_cpp = true;
		rest = 2;
	} else if (s->is_return && ap->n >= 3 && strcmp(ap->part[1], "ret") == 0) {
		s->at_ret = true;
		rest = 2;
	} else if (ap->n >= 3 && *ap->part[2]) { // "ns::f" without quotes has an empty part
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no language of functions; only 'cpp' is (quote names that hold a ':')",
			   ap->part[1]);
		return false;
	}
	s->func = rest < ap->n ? attach_rest(q, ap, rest) : "*";
	if (!*s->func || (s->binary && !*s->binary))
		return attach_wrong_parts(s->t, q, ap);
	return true;
}

// Takes "+off" off the name, and knows an address.
static bool read_function(struct search *s)
{
	const char *plus = strrchr(s->func, '+');

	if (isdigit((unsigned char)s->func[0])) {
		s->is_address = true;
		if (!parse_u64(s->func, &s->offset))
			diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "'%s' is neither an address nor a function's name", s->func);
		else if (s->is_return || !binary_is_one(s->binary))
			diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "'%s': %s", s->ap->text,
				   s->is_return ? "a uretprobe needs a function's name" : "an address needs one binary");
		else
			return true;
		return false;
	}
	if (plus && plus != s->func && isdigit((unsigned char)plus[1])) {
		s->has_offset = true;
		if (!parse_u64(plus + 1, &s->offset)) {
			diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "'%s' is no offset in bytes", plus + 1);
			return false;
		}
		s->func = arena_strndup(s->q->arena, s->func, (size_t)(plus - s->func));
	}
	if (s->has_offset && (s->is_return || glob_is(s->func))) {
		diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "'%s': %s takes no offset", s->ap->text,
			   s->is_return ? "a uretprobe" : "a pattern of functions");
		return false;
	}
	return true;
}

// Length of a demangled name without its parameters: "ns::f(int) const" gives "ns::f".
static size_t bare_length(const char *name)
{
	size_t n = strlen(name), i = n;
	int depth = 0;

	while (i && name[i - 1] != ')')
		i--;
	for (; i; i--) {
		depth += name[i - 1] == ')' ? 1 : name[i - 1] == '(' ? -1 : 0;
		if (!depth)
			return i - 1 ? i - 1 : n;
	}
	return n;
}

// The name a symbol matched by, NULL if it does not match.
static const char *matches(const struct search *s, const struct binary_symbol *sym)
{
	const char *name = s->is_cpp ? s->q->world->ops->demangle(s->q->world, sym->name) : NULL;

	if (!name)
		return glob_match(s->func, sym->name) ? sym->name : NULL;
	if (strchr(s->func, '('))
		return glob_match(s->func, name) ? name : NULL;
	_free_ char *bare = xstrndup(name, bare_length(name));

	return glob_match(s->func, bare) ? name : NULL;
}

static bool is_new(struct search *s, const char *path, uint64_t offset)
{
	char key[512];
	size_t n = strlen(path);

	if (n > sizeof key - sizeof offset)
		return true;
	memcpy(key, path, n);
	memcpy(key + n, &offset, sizeof offset);
	void **at = map_put(&s->seen, key, n + sizeof offset);
	bool fresh = !*at;

	*at = s;
	return fresh;
}

static const char *full_name(const struct search *s, const char *path, const char *func)
{
	struct arena *a = s->q->arena;

	if (s->line)
		return arena_printf(a, "%s:%s@%s", s->t->name, path, s->line);
	if (s->is_address)
		return arena_printf(a, "%s:%s:%llu", s->t->name, path, (unsigned long long)s->offset);
	if (s->is_cpp && s->q->list_only)
		return arena_printf(a, "%s:%s:cpp:\"%s\"", s->t->name, path, func);
	const char *name = arena_printf(a, "%s:%s:%s%s", s->t->name, path, s->is_cpp ? "cpp:" : "", func);

	return s->has_offset ? arena_printf(a, "%s+%llu", name, (unsigned long long)s->offset) : name;
}

// `place`: bytes behind the function's start where the probe goes.
static bool is_blind(const struct search *s, const char *path, const struct binary_symbol *sym)
{
	const struct event_field *f;
	const struct type *ret;
	struct world *w = s->q->world;
	size_t n;

	return s->q->uses & PT_ARGS && !s->is_return && !s->q->list_only &&
	       !(w->ops->binary_function && w->ops->binary_function(w, path, sym->address, &f, &n, &ret) == 0);
}

static void say_blind(const struct search *s)
{
	diag_error(s->q->diag, s->ap->span, E_TARGET,
		   "args: there is no debugging information (DWARF) on '%s', neither in the binary nor below /usr/lib/debug; arg0, arg1, … "
		   "need none", s->func);
}

// A Go function by its name, in a binary that has Go's runtime. C functions of such a binary have no dot in theirs.
static bool is_go(const struct search *s, const char *path, const char *func)
{
	struct binary_symbol sym;

	return !s->q->list_only && strchr(func, '.') && s->q->world->ops->symbol(s->q->world, path, "runtime.gopark", &sym) == 0;
}

// A program begins by a jump of the kernel's: in the place of a return address lies the number of its arguments, and a return
// probe would write over it.
static bool has_no_caller(struct search *s, const char *func)
{
	if (!s->is_return || s->q->list_only || strcmp(func, "_start") != 0)
		return false;
	if (!glob_is(s->func))
		diag_error(s->q->diag, s->ap->span, E_NO_MATCH, "_start is where a program begins: nothing calls it, so it does not return");
	s->said = true;
	return true;
}

static void add_site(struct search *s, const char *path, const struct binary_symbol *sym, const char *func, uint64_t place,
		     const char *note)
{
	// what pairs a call knows Go's registers; a plain uprobe has the arguments where C has them, as scripts expect
	bool go = (s->is_return || s->q->uses & PT_CALL) && !s->has_offset && is_go(s, path, func);
	const char *variant, *detail = go ? go_function : s->at_ret ? return_instruction : NULL;

	const char *name = attach_name(s->ap, full_name(s, path, func));

	if (has_no_caller(s, func))
		return;
	if (is_blind(s, path, sym)) {
		s->blind++;
		return;
	}
	if (!s->q->list_only && !s->q->unsafe && uprobe_is_unfit(s->q->world, path, sym->offset + place)) {
		s->unfit++;
		s->unfit_name = name;
		return;
	}
	variant = s->q->uses & PT_ARGS ? name : attach_variant(s->q, name); // where arguments lie depends on the function
	site_add(s->out, &(struct site){
		.plan = { .name = name, .provider = s->t->name, .target = path, .func = func, .address = sym->address,
			  .offset = sym->offset + place, .func_offset = s->has_offset ? s->offset : 0,
			  .mechanism = s->is_return && !detail ? MECH_URETPROBE_MULTI : MECH_UPROBE_MULTI, .pid = s->q->pid, .note = note },
		.kind = PROG_UPROBE,
		.variant = detail ? arena_printf(s->q->arena, "%s %s", detail, variant) : variant,
		.detail = detail,
	});
	s->found++;
}

// Go moves stacks and reads them: a return address that the kernel has replaced ends the program. So the return instructions
// themselves are probed. A function that only panics or jumps away has none.
static void add_returns(struct search *s, const char *path, const struct binary_symbol *sym, const char *func)
{
	const char *note = s->at_ret ? "at each return instruction" : "Go: each return instruction is probed, since a uretprobe would crash the program";
	struct world *w = s->q->world;
	_free_ uint8_t *code = sym->size && sym->size < (1u << 20) && w->ops->disassemble ? xmalloc(sym->size) : NULL;
	unsigned before = s->found;
	char text[160];

	if (!code || w->ops->code(w, path, sym->offset, code, sym->size) != (int)sym->size) {
		s->said = true;
		diag_error(s->q->diag, s->ap->span, E_TARGET, "the return instructions of '%s' cannot be found: %s", func,
			   w->ops->disassemble ? "its code cannot be read" : "there is no disassembler");
		return;
	}
	for (uint64_t at = 0; at < sym->size;) {
		size_t len = w->ops->disassemble(w, code + at, sym->size - at, sym->address + at, text, sizeof text);
		const char *word = text + strspn(text, " \t");

		if (len && strncmp(word, "ret", 3) == 0)
			add_site(s, path, sym, func, at, note);
		at += len ? len : 1;
	}
	if (s->found > before)
		return;
	s->said = true;
	diag_error(s->q->diag, s->ap->span, E_TARGET, "'%s' has no return instruction: it never returns, or jumps into another function", func);
}

// The start of a function; a second symbol of the same address adds nothing, in a list it does.
static void add_entry(struct search *s, const char *path, const struct binary_symbol *sym, const char *func)
{
	struct placement p = { 0 };
	bool strict = s->is_return || s->q->uses & (PT_REGS | PT_CTX | PT_USTACK | PT_FUNC);

	if (s->q->list_only) {
		add_site(s, path, sym, func, 0, NULL);
		return;
	}
	if (!is_new(s, path, sym->offset))
		return;
	if (s->at_ret || (s->is_return && is_go(s, path, func))) {
		add_returns(s, path, sym, func);
		return;
	}
	uprobe_place(s->q->world, path, sym, strict, s->sweep, &p);
	add_site(s, path, sym, func, p.skip, p.note);
}

static bool has_size(struct search *s, const char *path, const struct binary_symbol *sym)
{
	if (sym->size || s->q->unsafe)
		return true;
	diag_error(s->q->diag, s->ap->span, E_UNSAFE, "symbol '%s' in %s has no size, so it may be no function; --unsafe probes it all the same",
		   sym->name, path);
	return false;
}

static bool check_offset(struct search *s, const char *path, const struct binary_symbol *sym)
{
	uint64_t before = 0;

	if (sym->size ? s->offset >= sym->size : !s->q->unsafe)
		diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "offset %llu is outside '%s', which is %llu bytes long",
			   (unsigned long long)s->offset, sym->name, (unsigned long long)sym->size);
	else if (!s->q->unsafe && !uprobe_is_boundary(s->q->world, path, sym, s->offset, &before))
		diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "offset %llu of '%s' is inside an instruction, which starts at +%llu",
			   (unsigned long long)s->offset, sym->name, (unsigned long long)before);
	else
		return true;
	return false;
}

// One named function. -ENOENT: not in this binary; -EINVAL after a diagnostic.
static int find_exact(struct search *s, const char *path)
{
	struct binary_symbol sym;
	int rc = s->q->world->ops->symbol(s->q->world, path, s->func, &sym);

	if (rc < 0)
		return rc;
	if (!has_size(s, path, &sym) || (s->has_offset && !check_offset(s, path, &sym)))
		return -EINVAL;
	if (!s->has_offset)
		add_entry(s, path, &sym, s->func);
	else if (is_new(s, path, sym.offset + s->offset))
		add_site(s, path, &sym, s->func, s->offset, NULL);
	return 0;
}

static int find_address(struct search *s, const char *path)
{
	struct binary_symbol at = { .address = s->offset };
	int rc = s->q->world->ops->file_offset(s->q->world, path, s->offset, &at.offset);

	if (rc == -ERANGE) {
		diag_error(s->q->diag, s->ap->span, E_ATTACH_POINT, "address 0x%llx lies in no executable segment of %s",
			   (unsigned long long)s->offset, path);
		return -EINVAL;
	}
	if (rc < 0)
		return rc;
	add_site(s, path, &at, arena_printf(s->q->arena, "0x%llx", (unsigned long long)s->offset), 0, NULL);
	return 0;
}

// All functions that match; -ENOENT if none does.
static int find_matching(struct search *s, const char *path)
{
	const struct binary_symbol *sym;
	unsigned before = s->found + s->unfit + s->blind;
	size_t n, many = 0;
	int rc = s->q->world->ops->symbols(s->q->world, path, &sym, &n);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n && many <= MOST_SWEPT; i++)
		many += matches(s, &sym[i]) != NULL;
	s->sweep = many <= MOST_SWEPT;
	for (size_t i = 0; i < n; i++) {
		const char *func = sym[i].size || s->q->unsafe ? matches(s, &sym[i]) : NULL;

		if (func && s->has_offset && !check_offset(s, path, &sym[i]))
			return -EINVAL;
		if (func && s->has_offset && is_new(s, path, sym[i].offset + s->offset))
			add_site(s, path, &sym[i], func, s->offset, NULL);
		else if (func && !s->has_offset)
			add_entry(s, path, &sym[i], func);
	}
	return s->found + s->unfit + s->blind > before ? 0 : -ENOENT;
}

// A C++ name without the word "cpp" is looked up as it is first, as older scripts expect.
static int find_in(struct search *s, const char *path)
{
	int rc;

	if (s->is_address)
		return find_address(s, path);
	if (s->is_cpp || glob_is(s->func))
		return find_matching(s, path);
	rc = find_exact(s, path);
	if (rc == -ENOENT && (strstr(s->func, "::") || strchr(s->func, '('))) {
		s->is_cpp = true;
		rc = find_matching(s, path);
		s->is_cpp = false;
	}
	return rc;
}

static void no_function(struct search *s, const struct paths *p)
{
	const struct expand *q = s->q;
	const char *where = p->n == 1 ? p->v[0] : s->binary ? s->binary : "the files the process maps";
	struct near near = near_to(s->func);
	const struct binary_symbol *sym;
	size_t n, all = 0;

	for (size_t k = 0; k < p->n; k++) {
		if (q->world->ops->symbols(q->world, p->v[k], &sym, &n) < 0)
			continue;
		all += n;
		for (size_t i = 0; i < n && !glob_is(s->func); i++) {
			const char *plain = s->is_cpp ? q->world->ops->demangle(q->world, sym[i].name) : NULL;

			near_offer(&near, !plain ? sym[i].name : strchr(s->func, '(') ? plain
							      : arena_strndup(q->arena, plain, bare_length(plain)));
		}
	}
	if (!all)
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "no function '%s' in %s: it has no symbols (stripped?); an address can be given as %s:%s:0x…",
			   s->func, where, s->t->name, s->binary ? s->binary : "BINARY");
	else if (near.best)
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "no function '%s' in %s; did you mean '%s'?", s->func, where, near.best);
	else
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "No matches for %s %s: no function of %s %s it; 'spile -l %s:%s:*' lists them",
			   s->t->name, s->func, where, glob_is(s->func) ? "fits" : "is called like", s->t->name, s->binary ? s->binary : "BINARY");
}

static void say_unfit(const struct search *s)
{
	static const char why[] = "an AVX or locked instruction, which the kernel refuses or, with AVX-512, executes wrongly under a probe";

	if (!s->found)
		diag_error(s->q->diag, s->ap->span, E_UNSAFE, "%s begins with %s (--unsafe tries it all the same)", s->unfit_name, why);
	else
		diag_warn(s->q->diag, s->ap->span, W_NO_MATCH, "%u functions, such as %s, are skipped: they begin with %s", s->unfit,
			  s->unfit_name, why);
}

// Source lines: bin@file:line[:column] ---------------------------------------------------------------------------------

struct line_point {
	const char *file;
	uint64_t line, column;
	struct search *search;
	const char *path;
	const struct binary_symbol *symbols;
	size_t nsymbols;
	struct map lowest; // function's address -> struct line_place *
};

struct line_place {
	const struct binary_symbol *function;
	uint64_t address;
};

static bool is_line(const struct attach_point *ap, struct line_point *ret)
{
	const char *at = ap->n >= 2 ? strrchr(ap->part[0], '@') : NULL;

	if (!at || !at[1] || !parse_u64(ap->part[1], &ret->line) || !ret->line || ret->line > INT32_MAX)
		return false;
	ret->file = at + 1;
	return ap->n == 2 || (ap->n == 3 && parse_u64(ap->part[2], &ret->column) && ret->column <= INT32_MAX);
}

static const struct binary_symbol *enclosing(const struct line_point *p, uint64_t address)
{
	for (size_t i = 0; i < p->nsymbols; i++)
		if (p->symbols[i].size && address >= p->symbols[i].address && address - p->symbols[i].address < p->symbols[i].size)
			return &p->symbols[i];
	return NULL;
}

// A line may begin several times in a function (loops, copies): the first place is probed, in each function that holds it.
static void add_address(void *arg, uint64_t address)
{
	struct line_point *p = arg;
	const struct binary_symbol *fn = enclosing(p, address);
	struct line_place **place;

	if (!fn)
		return;
	place = (struct line_place **)map_put(&p->lowest, &fn->address, sizeof fn->address);
	if (!*place) {
		*place = arena_new_(p->search->q->arena, struct line_place);
		**place = (struct line_place){ fn, address };
	}
	(*place)->address = MIN((*place)->address, address);
}

static int find_line(struct line_point *p, const char *path)
{
	struct search *s = p->search;
	struct world *w = s->q->world;
	int rc = w->ops->symbols(w, path, &p->symbols, &p->nsymbols);

	if (rc == 0)
		rc = w->ops->binary_line ? w->ops->binary_line(w, path, p->file, (unsigned)p->line, (unsigned)p->column, add_address, p) : -ENOENT;
	for (size_t i = 0; i < p->lowest.n; i++) {
		const struct line_place *at = p->lowest.at[i].value;

		s->offset = at->address - at->function->address;
		s->has_offset = s->offset != 0;
		add_site(s, path, at->function, at->function->name, s->offset, "the first statement of the line");
	}
	return rc;
}

static bool expand_line(struct search *s, struct line_point *p)
{
	const struct expand *q = s->q;
	struct paths paths;

	p->search = s;
	map_init(&p->lowest, q->arena);
	s->binary = arena_strndup(q->arena, s->ap->part[0], (size_t)(p->file - 1 - s->ap->part[0]));
	s->line = arena_printf(q->arena, "%s:%s", p->file, attach_rest(q, s->ap, 1));
	if (s->is_return) {
		diag_error(q->diag, s->ap->span, E_ATTACH_POINT, "'%s': a uretprobe needs a function's name", s->ap->text);
		return false;
	}
	if (!binary_paths(q, s->ap, s->binary, q->list_only, &paths))
		return false;
	if (paths.n != 1) {
		diag_error(q->diag, s->ap->span, E_ATTACH_POINT, "'%s': a source line needs one binary", s->ap->text);
		return false;
	}
	int rc = find_line(p, paths.v[0]);
	if (s->found || q->list_only)
		return true;
	if (s->unfit)
		say_unfit(s);
	else if (s->blind)
		say_blind(s);
	else if (rc == -ENOENT)
		diag_error(q->diag, s->ap->span, E_TARGET, "there is no debugging information (DWARF) with %s, so its source lines are unknown",
			   paths.v[0]);
	else
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "no code of %s begins at %s", paths.v[0], s->line);
	return false;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct search s = { .t = t, .q = q, .ap = ap, .out = out, .is_return = t == &probe_uretprobe, .sweep = true };
	struct line_point line = { 0 };
	struct paths paths;

	map_init(&s.seen, q->arena);
	if (is_line(ap, &line))
		return expand_line(&s, &line);
	if (!read_parts(&s) || !read_function(&s) || !binary_paths(q, ap, s.binary, q->list_only, &paths))
		return false;
	for (size_t i = 0; i < paths.n; i++) {
		int rc = find_in(&s, paths.v[i]);

		if (rc == -EINVAL)
			return false;
		if (rc < 0 && rc != -ENOENT && paths.n == 1)
			return q->list_only ? false : attach_world_error(q, ap, paths.v[i], rc);
	}
	if (s.blind && !s.found)
		say_blind(&s);
	else if (s.unfit)
		say_unfit(&s);
	else if (!s.found && !q->list_only && !s.said)
		no_function(&s, &paths);
	return true;
}

static bool place(struct world *w, unsigned n, bool is_go, struct arg_loc *ret)
{
	int reg = is_go ? reg_go_argument(n) : reg_argument(n);

	if (n > 255)
		return false;
	*ret = (struct arg_loc){
		.where = reg >= 0 ? ARG_REG : ARG_STACK, .offset = reg >= 0 ? reg : is_go ? stack_go_argument(n) : stack_argument(n), .index = -1,
		.size = 8, .type = type_int(w->types, 8, false),
	};
	return true;
}

// What a Go function has on its stack, only debugging information tells.
static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	bool is_go = s->detail == go_function;

	return (!is_go || reg_go_argument(n) >= 0) && place(w, n, is_go, ret);
}

// By debugging information, and only at a function's first instruction.
static bool args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	const struct type *ret;

	return !s->plan.func_offset && s->plan.address && w->ops->binary_function &&
	       w->ops->binary_function(w, s->plan.target, s->plan.address, f, n, &ret) == 0;
}

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	if (f->offset == UINT32_MAX || !place(w, f->offset / 8 % (FIELD_GO / 8), f->offset & FIELD_GO, ret))
		return false;
	ret->type = f->type;
	ret->size = (uint8_t)(f->type->size && f->type->size < 8 ? f->type->size : 8);
	ret->is_signed = f->is_signed;
	return true;
}

static bool retval(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret)
{
	*ret = (struct arg_loc){ .where = ARG_REG, .offset = reg_return(), .index = -1, .size = 8, .type = type_int(w->types, 8, false) };
	return true;
}

static const struct type *returns(const struct probe_type *t, struct world *w, const struct site *s)
{
	const struct type *ret = NULL;
	const struct event_field *f;
	size_t n;

	return s->plan.address && w->ops->binary_function && w->ops->binary_function(w, s->plan.target, s->plan.address, &f, &n, &ret) == 0 ? ret : NULL;
}

// The entry's place may be moved behind the function's start, but never past an instruction that changes the stack pointer.
static enum call_key call_key(const struct probe_type *t, const struct site *s)
{
	return s->detail == go_function ? CALL_GO : t == &probe_uretprobe && !s->detail ? CALL_RETURNED : CALL_SP;
}

const struct probe_type probe_uprobe = {
	.name = "uprobe",
	.aliases = { "u" },
	.forms = "'uprobe:BINARY:FUNCTION', 'uprobe:BINARY:FUNCTION+OFFSET', 'uprobe:BINARY:ADDRESS', 'uprobe:BINARY@FILE:LINE' or 'uprobe:BINARY:cpp:FUNCTION', "
		 "with '*' in names; BINARY may be left out with -p",
	.probetype = "uprobe",
	.doc = "a function or address of a program or library",
	.last_first = true,
	.offers = PT_CALL | PT_ARGS | PT_ARGN | PT_REGS | PT_CTX | PT_FUNC | PT_USTACK | PT_KSTACK | PT_USYM | PT_SIGNAL,
	.arg_space = SPACE_USER,
	.expand = expand,
	.arg = arg,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = attach_uprobes,
	.call_key = call_key,
};

const struct probe_type probe_uretprobe = {
	.name = "uretprobe",
	.aliases = { "ur" },
	.forms = "'uretprobe:BINARY:FUNCTION', 'uretprobe:BINARY:ret:FUNCTION' (at its return instructions) or 'uretprobe:BINARY:cpp:FUNCTION', "
		 "with '*' in names; BINARY may be left out with -p",
	.probetype = "uretprobe",
	.doc = "return of a function of a program or library",
	.last_first = true,
	.offers = PT_CALL | PT_RETVAL | PT_REGS | PT_CTX | PT_FUNC | PT_USTACK | PT_KSTACK | PT_USYM | PT_SIGNAL,
	.arg_space = SPACE_USER,
	.expand = expand,
	.retval = retval,
	.returns = returns,
	.list = attach_list_sites,
	.attach = attach_uprobes,
	.call_key = call_key,
};
