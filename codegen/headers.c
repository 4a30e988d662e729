// SPDX-License-Identifier: Apache-2.0
#include "codegen/headers.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "codegen/libclang.h"
#include "lang/cdecl.h"

#define MAIN "definitions.h"
#if defined(__aarch64__)
#define SPILE_KERNEL_ARCH "arm64"
#define SPILE_MULTIARCH "aarch64-linux-gnu"
#else
#define SPILE_KERNEL_ARCH "x86"
#define SPILE_MULTIARCH "x86_64-linux-gnu"
#endif
#define MAX_DEPTH 40 // of records in records, pointers to pointers

struct headers {
	struct libclang l;
	const struct cdecl_headers *h;
	struct arena *arena;
	struct map done;   // "s TAG", "t NAME": printed, or being printed
	VEC(struct clang_cursor) enums; // without a tag
	struct str macros;
	struct str *out;
	void *unit;
	int depth;
	bool failed;
};

// A copy of libclang's string.
static const char *take(struct headers *x, struct clang_string s)
{
	const char *p = x->l.getCString(s), *copy = arena_strdup(x->arena, p ? p : "");

	x->l.disposeString(s);
	return copy;
}

static bool first_time(struct headers *x, char kind, const char *name)
{
	void **at = map_puts(&x->done, arena_printf(x->arena, "%c %s", kind, name));

	if (*at)
		return false;
	*at = x;
	return true;
}

static const char *word(struct clang_cursor c)
{
	return c.kind == CLANG_ENUM ? "enum" : c.kind == CLANG_UNION ? "union" : "struct";
}

// The tag of a record or enum; NULL if it has none (its type is then spelled as its typedef, or as a place).
static const char *tag_of(struct headers *x, struct clang_cursor c)
{
	const char *type = take(x, x->l.getTypeSpelling(x->l.getCursorType(c)));
	size_t n = strlen(word(c));

	return strncmp(type, word(c), n) == 0 && type[n] == ' ' && !strchr(type, '(') ? type + n + 1 : NULL;
}

static void print_record(struct headers *x, struct clang_cursor c, struct str *out);
static void print_enum(struct headers *x, struct clang_cursor c, struct str *out);
static void define(struct headers *x, struct clang_cursor c);

// Types --------------------------------------------------------------------------------------------------------------

static const char *basic(int kind)
{
	switch (kind) {
	case CLANG_T_BOOL: return "_Bool";
	case CLANG_T_CHAR_U: case CLANG_T_CHAR_S: return "char";
	case CLANG_T_UCHAR: return "unsigned char";
	case CLANG_T_SCHAR: return "signed char";
	case CLANG_T_USHORT: return "unsigned short";
	case CLANG_T_SHORT: return "short";
	case CLANG_T_UINT: return "unsigned";
	case CLANG_T_INT: return "int";
	case CLANG_T_ULONG: return "unsigned long";
	case CLANG_T_LONG: return "long";
	case CLANG_T_ULONGLONG: return "unsigned long long";
	case CLANG_T_LONGLONG: return "long long";
	case CLANG_T_UINT128: return "unsigned __int128";
	case CLANG_T_INT128: return "__int128";
	case CLANG_T_FLOAT: return "float";
	case CLANG_T_DOUBLE: return "double";
	case CLANG_T_LONGDOUBLE: return "long double";
	default: return NULL;
	}
}

static const char *cursor_key(struct headers *x, struct clang_cursor c)
{
	return arena_printf(x->arena, "%p", c.data[0]);
}

// The typedef that names a record or enum without a tag, NULL if there is none in the type's spelling.
static const char *typedef_name(struct headers *x, struct clang_type t)
{
	while (t.kind == CLANG_T_ELABORATED)
		t = x->l.Type_getNamedType(t);
	if (t.kind != CLANG_T_TYPEDEF)
		return NULL;
	const char *name = take(x, x->l.getCursorSpelling(x->l.getTypeDeclaration(t)));

	return map_gets(&x->done, arena_printf(x->arena, "t %s", name)) ? name : NULL;
}

static void print_type(struct headers *x, struct clang_type t, const char *name, bool pointed, struct str *out);

static void print_tagged(struct headers *x, struct clang_type t, const char *name, bool pointed, struct str *out)
{
	struct clang_cursor c = x->l.getTypeDeclaration(x->l.getCanonicalType(t));
	const char *alias, *tag = tag_of(x, c);

	if (tag) {
		if (!pointed)
			define(x, c);
		str_printf(out, "%s %s %s", word(c), tag, name);
	} else if ((alias = typedef_name(x, t))) {
		str_printf(out, "%s %s", alias, name);
	} else if (pointed) {
		str_printf(out, "void %s", name);
	} else {
		if (c.kind != CLANG_ENUM)
			print_record(x, c, out);
		else if (first_time(x, 'e', cursor_key(x, c)))
			print_enum(x, c, out);
		else // a second time its constants would be defined twice
			str_adds(out, basic(x->l.getCanonicalType(x->l.getEnumDeclIntegerType(c)).kind));
		str_printf(out, " %s", name);
	}
}

// A type whose like this interface does not name (vectors, complex numbers) keeps its bytes.
static void print_bytes(struct headers *x, struct clang_type t, const char *name, bool pointed, struct str *out)
{
	long long size = x->l.Type_getSizeOf(t);

	if (pointed || size < 0)
		str_printf(out, "void %s", name);
	else
		str_printf(out, "unsigned char %s[%lld]", name, size);
}

static void print_type(struct headers *x, struct clang_type t, const char *name, bool pointed, struct str *out)
{
	struct clang_type canonical = x->l.getCanonicalType(t);

	if (x->depth > MAX_DEPTH) {
		print_bytes(x, canonical, name, pointed, out);
		return;
	}
	x->depth++;
	switch (canonical.kind) {
	case CLANG_T_POINTER:
		print_type(x, x->l.getPointeeType(canonical), arena_printf(x->arena, "*%s", name), true, out);
		break;
	case CLANG_T_ARRAY:
		print_type(x, x->l.getArrayElementType(t.kind == CLANG_T_ARRAY ? t : canonical),
			   arena_printf(x->arena, *name == '*' ? "(%s)[%lld]" : "%s[%lld]", name, x->l.getArraySize(canonical)), pointed, out);
		break;
	case CLANG_T_OPEN_ARRAY:
		print_type(x, x->l.getArrayElementType(canonical), arena_printf(x->arena, *name == '*' ? "(%s)[0]" : "%s[]", name), pointed, out);
		break;
	case CLANG_T_RECORD: case CLANG_T_ENUM:
		print_tagged(x, t, name, pointed, out);
		break;
	default:
		if (basic(canonical.kind))
			str_printf(out, "%s %s", basic(canonical.kind), name);
		else
			print_bytes(x, canonical, name, pointed, out);
	}
	x->depth--;
}

// Records and enums --------------------------------------------------------------------------------------------------

struct body {
	struct headers *x;
	struct str *out;
	long long bit;  // behind what was printed
	bool is_union;  // of an enum: its values are signed
};

static void pad(struct body *b, long long to)
{
	for (; b->bit < to; b->bit += MIN(to - b->bit, 64))
		str_printf(b->out, "unsigned long : %lld; ", MIN(to - b->bit, 64));
}

static void print_field(struct body *b, struct clang_cursor c, long long bit)
{
	struct headers *x = b->x;
	struct clang_type t = x->l.getCursorType(c);
	const char *name = take(x, x->l.getCursorSpelling(c));
	long long bits = x->l.Type_getSizeOf(t) * 8;

	if (!b->is_union)
		pad(b, bit);
	if (strchr(name, '('))
		name = "";
	if (x->l.Cursor_isBitField(c)) {
		bits = x->l.getFieldDeclBitWidth(c);
		if (!*name) // padding already
			return;
		print_type(x, t, arena_printf(x->arena, "%s : %lld", name, bits), false, b->out);
	} else {
		print_type(x, t, name, false, b->out);
	}
	str_adds(b->out, "; ");
	b->bit += MAX(bits, 0);
}

static int visit_field(struct clang_cursor c, void *arg)
{
	struct body *b = arg;
	long long bit = b->x->l.Cursor_getOffsetOfField(c);

	if (bit >= 0)
		print_field(b, c, bit);
	return CLANG_CONTINUE;
}

// With what stands before it: a member's own definition goes to x->out first, so the text grows aside.
static void print_record(struct headers *x, struct clang_cursor c, struct str *out)
{
	struct clang_type t = x->l.getCursorType(c);
	_str_ struct str text = { 0 };
	struct body b = { .x = x, .out = &text, .is_union = c.kind == CLANG_UNION };
	const char *tag = tag_of(x, c);

	str_printf(&text, "%s %s { ", word(c), tag ? tag : "");
	x->l.Type_visitFields(t, visit_field, &b);
	if (!b.is_union)
		pad(&b, x->l.Type_getSizeOf(t) * 8);
	str_printf(&text, "} __attribute__((packed, aligned(%lld)))", MAX(x->l.Type_getAlignOf(t), 1));
	str_add(out, str_z(&text), text.n);
}

static int visit_enumerator(struct clang_cursor c, struct clang_cursor parent, void *arg)
{
	struct body *b = arg;
	long long v = b->x->l.getEnumConstantDeclValue(c);

	if (c.kind != CLANG_ENUMERATOR)
		return CLANG_CONTINUE;
	str_printf(b->out, "%s%s = ", b->bit++ ? ", " : "", take(b->x, b->x->l.getCursorSpelling(c)));
	if (v < 0 && !b->is_union) // of an enum without negative values: the upper half of 64 bits
		str_printf(b->out, "%lluU", (unsigned long long)v);
	else if (v == INT64_MIN)
		str_adds(b->out, "(-9223372036854775807 - 1)");
	else
		str_printf(b->out, "%lld", v);
	return CLANG_CONTINUE;
}

static void print_enum(struct headers *x, struct clang_cursor c, struct str *out)
{
	struct body b = { .x = x, .out = out };
	const char *tag = tag_of(x, c);
	int kind = x->l.getCanonicalType(x->l.getEnumDeclIntegerType(c)).kind;

	b.is_union = kind >= CLANG_T_CHAR_S && kind <= CLANG_T_INT128; // it is signed
	str_printf(out, "enum %s { ", tag ? tag : "");
	x->l.visitChildren(c, visit_enumerator, &b);
	str_printf(out, "}%s", x->l.Type_getSizeOf(x->l.getCursorType(c)) < 4 ? " __attribute__((packed))" : "");
}

// Declarations -------------------------------------------------------------------------------------------------------

static bool in_section(struct headers *x, struct clang_cursor c)
{
	return x->l.Location_isFromMainFile(x->l.getCursorLocation(c));
}

// A record or enum with a tag, once; what it holds by value comes before it.
static void define(struct headers *x, struct clang_cursor c)
{
	const char *tag = tag_of(x, c);
	_str_ struct str text = { 0 };

	if (!tag || in_section(x, c) || x->l.Type_getSizeOf(x->l.getCursorType(c)) < 0 || !first_time(x, 's', tag))
		return;
	if (c.kind == CLANG_ENUM)
		print_enum(x, c, &text);
	else
		print_record(x, c, &text);
	str_adds(&text, ";\n");
	str_add(x->out, text.p, text.n);
}

static void define_typedef(struct headers *x, struct clang_cursor c)
{
	const char *name = take(x, x->l.getCursorSpelling(c));
	_str_ struct str text = { 0 };

	if (map_gets(&x->done, arena_printf(x->arena, "t %s", name)))
		return;
	str_adds(&text, "typedef ");
	print_type(x, x->l.getTypedefDeclUnderlyingType(c), name, false, &text);
	str_adds(&text, ";\n");
	str_add(x->out, text.p, text.n);
	first_time(x, 't', name);
}

static void define_macro(struct headers *x, struct clang_cursor c)
{
	struct clang_token *t = NULL;
	unsigned n = 0;

	x->l.tokenize(x->unit, x->l.getCursorExtent(c), &t, &n);
	if (n) {
		str_adds(&x->macros, "#define ");
		for (unsigned i = 0; i < n; i++) // between a name and its `(` there is a space exactly when it has no parameters
			str_printf(&x->macros, "%s%s", take(x, x->l.getTokenSpelling(x->unit, t[i])),
				   i == 0 && x->l.Cursor_isMacroFunctionLike(c) ? "" : " ");
		str_addc(&x->macros, '\n');
	}
	x->l.disposeTokens(x->unit, t, n);
}

static int visit(struct clang_cursor c, struct clang_cursor parent, void *arg)
{
	struct headers *x = arg;

	if (in_section(x, c))
		return CLANG_CONTINUE;
	x->depth = 0;
	if (c.kind == CLANG_STRUCT || c.kind == CLANG_UNION || c.kind == CLANG_ENUM) {
		define(x, x->l.getTypeDeclaration(x->l.getCursorType(c)));
		if (c.kind == CLANG_ENUM && !tag_of(x, c)) // its constants count, but the typedef behind it may want to name it
			vec_push(x->arena, &x->enums, c);
	} else if (c.kind == CLANG_TYPEDEF) {
		define_typedef(x, c);
	} else if (c.kind == CLANG_MACRO) {
		define_macro(x, c);
	}
	return CLANG_CONTINUE;
}

static void define_rest(struct headers *x)
{
	for (size_t i = 0; i < x->enums.n; i++) {
		if (!first_time(x, 'e', cursor_key(x, x->enums.v[i])))
			continue;
		print_enum(x, x->enums.v[i], x->out);
		str_adds(x->out, ";\n");
	}
	str_add(x->out, str_z(&x->macros), x->macros.n);
}

// The question -------------------------------------------------------------------------------------------------------

static void complain(struct headers *x, void *diagnostic)
{
	struct clang_place at = x->l.getDiagnosticLocation(diagnostic);
	const char *text = take(x, x->l.getDiagnosticSpelling(diagnostic));
	unsigned line = 0, column = 0, offset = 0;
	void *file = NULL;

	x->l.getFileLocation(at, &file, &line, &column, &offset);
	if (!x->l.Location_isFromMainFile(at)) {
		text = arena_printf(x->arena, "in %s, line %u: %s", file ? take(x, x->l.getFileName(file)) : "a header", line, text);
		offset = 0;
	}
	const char *end = memchr(x->h->text + MIN(offset, x->h->n), '\n', x->h->n - MIN(offset, x->h->n));
	x->h->error(x->h->arg, offset, end ? (unsigned)(end - x->h->text) : (unsigned)x->h->n,
		    arena_printf(x->arena, "%s; headers are looked for in -I directories, the kernel's headers and the system's", text));
	x->failed = true;
}

// Headers that are missing are errors; what else Clang says of kernel headers without their configuration is not: the types
// it understood are right.
static void report(struct headers *x)
{
	for (unsigned i = 0; i < x->l.getNumDiagnostics(x->unit); i++) {
		void *d = x->l.getDiagnostic(x->unit, i);

		if (x->l.getDiagnosticSeverity(d) == CLANG_FATAL)
			complain(x, d);
		x->l.disposeDiagnostic(d);
	}
}

struct args {
	VEC(const char *) v;
};

// What was looked at -------------------------------------------------------------------------------------------------

struct looks {
	struct headers *x;
	const struct headers_options *o;
	const struct args *args;
};

static void look_at(const struct looks *k, const char *path)
{
	k->o->looked_at(k->o->looked_at_arg, path);
}

static const char *behind(const char *path, const char *dir) // NULL: the path is not below it
{
	size_t n = strlen(dir);

	return n && strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

// A header of the same name that came to lie in a directory searched before would be taken instead.
static void look_before(const struct looks *k, const char *name)
{
	for (size_t i = 0; i < k->o->ndirs; i++)
		look_at(k, arena_printf(k->x->arena, "%s/%s", k->o->dirs[i], name));
}

static void inclusion(void *file, struct clang_place *from, unsigned depth, void *arg)
{
	static const char *const system[] = { "/usr/local/include", "/usr/include/" SPILE_MULTIARCH, "/usr/include" };
	const struct looks *k = arg;
	const char *path = take(k->x, k->x->l.getFileName(file)), *name;

	if (depth == 0)
		return;
	look_at(k, path);
	for (size_t i = 0; i + 1 < k->args->v.n; i++)
		if (strcmp(k->args->v.v[i], "-isystem") == 0 && (name = behind(path, k->args->v.v[i + 1])))
			look_before(k, name);
	for (size_t i = 0; i < k->o->ndirs; i++)
		if ((name = behind(path, k->o->dirs[i])))
			look_before(k, name);
	for (size_t i = 0; i < ARRAY_SIZE(system); i++)
		if ((name = behind(path, system[i]))) {
			look_before(k, name);
			break;
		}
}


static void kernel_dirs(struct arena *a, struct args *args, const char *root)
{
	static const char *const dirs[] = {
		"arch/" SPILE_KERNEL_ARCH "/include", "arch/" SPILE_KERNEL_ARCH "/include/generated", "include", "arch/" SPILE_KERNEL_ARCH "/include/uapi",
		"arch/" SPILE_KERNEL_ARCH "/include/generated/uapi", "include/uapi", "include/generated/uapi",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		vec_push(a, &args->v, "-isystem");
		vec_push(a, &args->v, arena_printf(a, "%s/%s", root, dirs[i]));
	}
}

static bool readable(const char *path)
{
	return access(path, R_OK) == 0;
}

static void kernel_args(struct arena *a, struct args *args, const struct headers_options *o)
{
	struct utsname u = { 0 };
	const char *source = o->kernel_source, *build = o->kernel_build, *config;

	uname(&u);
	if (!source)
		source = arena_printf(a, "/lib/modules/%s/source", u.release);
	if (!build)
		build = arena_printf(a, "/lib/modules/%s/build", u.release);
	if (o->looked_at) { // headers that are installed later
		o->looked_at(o->looked_at_arg, source);
		o->looked_at(o->looked_at_arg, build);
	}
	if (!readable(source))
		source = build;
	if (!readable(build)) // none are installed: the system's <linux/…> remain
		return;
	kernel_dirs(a, args, source);
	if (strcmp(source, build) != 0)
		kernel_dirs(a, args, build);
	config = arena_printf(a, "%s/include/linux/kconfig.h", source);
	if (readable(config)) {
		vec_push(a, &args->v, "-include");
		vec_push(a, &args->v, config);
	}
	vec_push(a, &args->v, "-D__KERNEL__");
	vec_push(a, &args->v, "-D__BPF_TRACING__");
}

static void arguments(struct arena *a, struct args *args, const struct cdecl_headers *h, const struct headers_options *o)
{
	static const char *const fixed[] = { "-x", "c", "-std=gnu11", "-ferror-limit=0", "-w", "-fno-builtin" };

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		vec_push(a, &args->v, fixed[i]);
	if (h->have_btf)
		vec_push(a, &args->v, "-DBPFTRACE_HAVE_BTF");
	for (size_t i = 0; i < o->ndirs; i++)
		vec_push(a, &args->v, arena_printf(a, "-I%s", o->dirs[i]));
	kernel_args(a, args, o);
}

static int read_unit(struct headers *x, const struct headers_options *o)
{
	struct clang_unsaved file = { .name = MAIN, .text = x->h->text, .n = x->h->n };
	void *index = x->l.createIndex(0, 0);
	struct args args = { 0 };

	arguments(x->arena, &args, x->h, o);
	if (x->l.parseTranslationUnit2(index, MAIN, args.v.v, (int)args.v.n, &file, 1,
				       CLANG_RECORD_MACROS | CLANG_SKIP_BODIES, &x->unit) != 0) {
		x->h->error(x->h->arg, 0, 0, "libclang could not read the headers");
		x->l.disposeIndex(index);
		return -EIO;
	}
	report(x);
	if (o->looked_at)
		x->l.getInclusions(x->unit, inclusion, &(struct looks){ .x = x, .o = o, .args = &args });
	if (!x->failed) {
		x->l.visitChildren(x->l.getTranslationUnitCursor(x->unit), visit, x);
		define_rest(x);
	}
	x->l.disposeTranslationUnit(x->unit);
	x->l.disposeIndex(index);
	return x->failed ? -ENOENT : 0;
}

int headers_include(void *options, const struct cdecl_headers *h)
{
	static const struct headers_options none = { 0 };
	struct headers x = { .h = h, .out = h->out, .arena = arena_new() };
	int ret = -ENOPKG;

	map_init(&x.done, x.arena);
	if (libclang_open(&x.l) == 0)
		ret = read_unit(&x, options ? options : &none);
	else
		h->error(h->arg, 0, 0, "#include needs libclang, which is not installed (Debian's package is libclang1-19); "
				       "types of the kernel need no header, others can be written out in the script");
	str_free(&x.macros);
	arena_free(x.arena);
	return ret;
}
