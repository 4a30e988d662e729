// SPDX-License-Identifier: Apache-2.0
// Types in C's spelling: specifiers (`unsigned long int`, `struct foo`), declarators (`*(*x[3])(int)`), attributes; and
// what the world knows of types that the text only names.
#include "lang/cdecl_int.h"

#include <string.h>

#define MAX_OPS 64 // stars, brackets and parameter lists of one declarator

// Basic types --------------------------------------------------------------------------------------------------------

struct ctype cdecl_int(struct cdecl *c, unsigned size, bool is_signed)
{
	struct ctype t = { .kind = CK_INT, .size = size, .align = size, .is_signed = is_signed };

	t.type = size <= 8 ? type_int(c->types, size, is_signed) : type_array(c->types, type_int(c->types, 8, false), 2);
	return t;
}

struct ctype cdecl_char(struct cdecl *c)
{
	struct ctype t = cdecl_int(c, 1, true);

	t.is_char = true;
	return t;
}

static struct ctype nothing(struct cdecl *c, enum ckind kind, uint32_t size) // void, functions, floats: NONE to the language
{
	return (struct ctype){ .kind = kind, .type = type_basic(c->types, TYPE_NONE), .size = size, .align = size ? size : 1 };
}

static struct ctype boolean(struct cdecl *c)
{
	return (struct ctype){ .kind = CK_BOOL, .type = type_basic(c->types, TYPE_BOOL), .size = 1, .align = 1 };
}

void cdecl_builtin_types(struct cdecl *c)
{
	static const struct {
		const char *name;
		uint8_t size;
		bool is_signed;
	} ints[] = {
		{ "u8", 1, false }, { "u16", 2, false }, { "u32", 4, false }, { "u64", 8, false },
		{ "s8", 1, true }, { "s16", 2, true }, { "s32", 4, true }, { "s64", 8, true },
		{ "__u8", 1, false }, { "__u16", 2, false }, { "__u32", 4, false }, { "__u64", 8, false },
		{ "__s8", 1, true }, { "__s16", 2, true }, { "__s32", 4, true }, { "__s64", 8, true },
		{ "__le16", 2, false }, { "__le32", 4, false }, { "__le64", 8, false },
		{ "__be16", 2, false }, { "__be32", 4, false }, { "__be64", 8, false },
		{ "uint8_t", 1, false }, { "uint16_t", 2, false }, { "uint32_t", 4, false }, { "uint64_t", 8, false },
		{ "int8_t", 1, true }, { "int16_t", 2, true }, { "int32_t", 4, true }, { "int64_t", 8, true },
		{ "uint8", 1, false }, { "uint16", 2, false }, { "uint32", 4, false }, { "uint64", 8, false },
		{ "int8", 1, true }, { "int16", 2, true }, { "int32", 4, true }, { "int64", 8, true },
		{ "size_t", 8, false }, { "ssize_t", 8, true }, { "uintptr_t", 8, false }, { "intptr_t", 8, true }, { "ptrdiff_t", 8, true },
		{ "uint", 4, false }, { "ulong", 8, false }, { "ushort", 2, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ints) + 1; i++) {
		struct ctypedef *d = arena_new_(c->arena, struct ctypedef);

		d->type = i < ARRAY_SIZE(ints) ? cdecl_int(c, ints[i].size, ints[i].is_signed) : boolean(c);
		*map_puts(&c->typedefs, i < ARRAY_SIZE(ints) ? ints[i].name : "bool") = d;
	}
}

// The world ----------------------------------------------------------------------------------------------------------

// Alignment of a type of the world: it does not say, so it follows from the members.
static uint32_t world_align(struct cdecl *c, const struct type *t, unsigned depth)
{
	uint32_t align = 1;
	void **known;

	while (t->kind == TYPE_ARRAY)
		t = t->elem;
	if (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION)
		return t->align ? t->align : 1;
	known = map_put(&c->aligns, &t, sizeof t);
	if (*known || depth > 24)
		return *known ? (uint32_t)(uintptr_t)*known : 1;
	*known = (void *)1;
	if (!t->complete && c->world)
		c->world->ops->complete(c->world, t);
	for (uint32_t i = 0; i < t->nfields; i++)
		align = MAX(align, world_align(c, t->fields[i].type, depth + 1));
	while (align > 1 && t->size % align) // packed
		align /= 2;
	*map_put(&c->aligns, &t, sizeof t) = (void *)(uintptr_t)align;
	return align;
}

static bool tag_from_world(struct cdecl *c, struct ctag *tag)
{
	const struct type *t = tag->type;

	if (!(t && t->complete))
		t = c->world ? c->world->ops->type_named(c->world, tag->kind, tag->name) : NULL;
	if (!t || t->kind != tag->kind)
		return false;
	if (!t->complete && (c->world->ops->complete(c->world, t) != 0 || !t->complete))
		return false;
	tag->type = (struct type *)t;
	tag->size = t->size;
	tag->align = world_align(c, t, 0);
	tag->state = TAG_DONE;
	return true;
}

static struct ctype tagged(struct cdecl *c, struct ctag *tag)
{
	if (tag->kind == TYPE_ENUM)
		return (struct ctype){ .kind = CK_ENUM, .tag = tag, .type = tag->type ? tag->type : type_int(c->types, 4, false) };
	return (struct ctype){ .kind = CK_RECORD, .tag = tag, .type = tag->type };
}

static struct ctype from_world(struct cdecl *c, const struct type *t)
{
	struct ctype r = { .type = t, .size = t->size, .align = t->align ? t->align : 1, .is_signed = t->is_signed };

	switch (t->kind) {
	case TYPE_INT: r.kind = CK_INT; return r;
	case TYPE_BOOL: r.kind = CK_BOOL; return r;
	case TYPE_POINTER: r.kind = CK_POINTER; return r;
	case TYPE_STRING: r.kind = CK_ARRAY; return r;
	case TYPE_ARRAY:
		r.kind = CK_ARRAY;
		r.align = world_align(c, t, 0);
		return r;
	case TYPE_STRUCT: case TYPE_UNION: case TYPE_ENUM: {
		struct ctag *tag = cdecl_tag(c, t->kind, t->name);

		if (!tag->defined && !tag->type)
			tag->type = (struct type *)t;
		return tagged(c, tag);
	}
	default: return nothing(c, CK_VOID, 0);
	}
}

struct ctype cdecl_of(struct cdecl *c, const struct type *t)
{
	struct ctype r = from_world(c, t);

	r.is_char = t->kind == TYPE_INT && t->size == 1 && t->is_signed;
	return r;
}

struct ctypedef *cdecl_find_typedef(struct cdecl *c, const char *name)
{
	struct ctypedef *d = map_gets(&c->typedefs, name);
	const struct type *t;

	if (d || !c->world || !c->world->ops->typedef_named)
		return d;
	t = c->world->ops->typedef_named(c->world, name);
	if (!t)
		return NULL;
	d = arena_new_(c->arena, struct ctypedef);
	d->type = from_world(c, t);
	*map_puts(&c->typedefs, name) = d;
	return d;
}

struct ctag *cdecl_tag(struct cdecl *c, enum type_kind kind, const char *name)
{
	void **at = map_puts(&c->tags, name);
	struct ctag *tag = *at;

	if (tag)
		return tag;
	tag = *at = arena_new_(c->arena, struct ctag);
	*tag = (struct ctag){ .name = name, .kind = kind };
	if (kind != TYPE_ENUM)
		tag->type = type_struct(c->types, kind, name);
	return tag;
}

bool cdecl_complete(struct cdecl *c, struct ctype *t)
{
	struct ctag *tag = t->tag;

	if (t->kind == CK_VOID || t->kind == CK_FUNCTION)
		return false;
	if (t->kind != CK_RECORD && t->kind != CK_ENUM)
		return true;
	if (tag->state == TAG_NAMED && !tag_from_world(c, tag))
		return false;
	if (tag->state != TAG_DONE)
		return false;
	t->type = tag->type;
	t->size = tag->size;
	t->align = t->user_align ? t->user_align : tag->align;
	t->is_signed = tag->type->is_signed;
	return true;
}

// Attributes ---------------------------------------------------------------------------------------------------------

static void aligned(struct cdecl *c, struct cattrs *a) // behind the word: nothing, or (N)
{
	struct span at = c->tok.at;
	struct cvalue v = { .v = 16 };

	if (cdecl_accept(c, '(')) {
		if (cdecl_at_type(c)) {
			struct ctype t = cdecl_type_name(c);

			v.v = cdecl_complete(c, &t) ? t.align : 1;
		} else {
			v = cdecl_expr(c);
		}
		cdecl_expect(c, ')', "`)`");
	}
	if (!c->panic && (v.v == 0 || v.v > 1u << 20 || v.v & (v.v - 1)))
		cdecl_error(c, at, E_LITERAL, "an alignment is a power of two, at most 1048576");
	else if (!c->panic)
		a->align = MAX(a->align, (uint32_t)v.v);
}

static bool is_attribute(const struct ctoken *t, const char *name)
{
	const char *p = t->p;
	uint32_t n = t->n;

	if (n > 4 && memcmp(p, "__", 2) == 0 && memcmp(p + n - 2, "__", 2) == 0)
		p += 2, n -= 4;
	return strlen(name) == n && memcmp(p, name, n) == 0;
}

// mode(NAME): an integer of that width, whatever the word before it was.
static void mode(struct cdecl *c, struct cattrs *a, struct span at)
{
	static const struct {
		const char *name;
		uint8_t size;
	} modes[] = { { "QI", 1 }, { "byte", 1 }, { "HI", 2 }, { "SI", 4 }, { "DI", 8 }, { "word", 8 }, { "pointer", 8 }, { "unwind_word", 8 }, { "TI", 16 } };

	if (!cdecl_expect(c, '(', "`(` and a machine mode"))
		return;
	a->mode = 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (c->tok.kind == CT_IDENT && is_attribute(&c->tok, modes[i].name))
			a->mode = modes[i].size;
	if (!a->mode) {
		cdecl_error(c, at, E_TYPE, "the machine modes of integers are QI, HI, SI, DI, TI, byte, word and pointer");
		return;
	}
	cdecl_next(c);
	cdecl_expect(c, ')', "`)`");
}

static void with_mode(struct cdecl *c, const struct cattrs *a, struct ctype *t, struct span at)
{
	if (!a->mode || c->panic)
		return;
	if (t->kind == CK_INT)
		*t = cdecl_int(c, a->mode, t->is_signed);
	else if (t->kind != CK_POINTER || a->mode != 8)
		cdecl_error(c, at, E_TYPE, "a machine mode is the width of an integer, and this type is none");
}

// Numbers of a struct in an order of bytes: this machine's own changes nothing.
static void storage_order(struct cdecl *c, struct span at)
{
	bool own;

	if (!cdecl_expect(c, '(', "`(` and an order of bytes"))
		return;
	own = c->tok.kind == CT_STRING && c->tok.n == 15 && memcmp(c->tok.p, "\"little-endian\"", 15) == 0;
	if (!own) {
		cdecl_error(c, at, E_TYPE, "members are read in this machine's order of bytes, \"little-endian\"; bswap() turns one of the other");
		return;
	}
	cdecl_next(c);
	cdecl_expect(c, ')', "`)`");
}

static void attribute(struct cdecl *c, struct cattrs *a)
{
	struct ctoken t = c->tok;

	cdecl_next(c);
	if (is_attribute(&t, "packed")) {
		a->packed = true;
	} else if (is_attribute(&t, "aligned")) {
		aligned(c, a);
	} else if (is_attribute(&t, "mode")) {
		mode(c, a, t.at);
	} else if (is_attribute(&t, "vector_size") || is_attribute(&t, "ext_vector_type")) {
		cdecl_error(c, t.at, E_TYPE, "the language has no vectors; an array in their place has the same bytes: int v[4] __attribute__((aligned(16)))");
	} else if (is_attribute(&t, "scalar_storage_order")) {
		storage_order(c, t.at);
	} else if (is_attribute(&t, "ms_struct")) {
		cdecl_error(c, t.at, E_TYPE, "bitfields are laid out by the rules of this machine's own compilers, not by those of ms_struct");
	} else if (c->tok.kind == '(') {
		cdecl_skip_balanced(c);
	}
}

static void attribute_list(struct cdecl *c, struct cattrs *a) // behind __attribute__
{
	if (!cdecl_expect(c, '(', "`((`") || !cdecl_expect(c, '(', "`((`"))
		return;
	while (c->tok.kind == CT_IDENT || c->tok.kind == ',') {
		if (c->tok.kind == ',')
			cdecl_next(c);
		else
			attribute(c, a);
		if (c->panic)
			return;
	}
	if (cdecl_expect(c, ')', "`))` or an attribute"))
		cdecl_expect(c, ')', "`)`");
}

void cdecl_attributes(struct cdecl *c, struct cattrs *a)
{
	while (c->tok.kind == CT_IDENT && !c->panic) {
		enum cword word = c->tok.word;

		if (word != CW_ATTRIBUTE && word != CW_PACKED && word != CW_ALIGNED && word != CW_ALIGNAS && word != CW_ASM)
			return;
		cdecl_next(c);
		if (word == CW_ATTRIBUTE)
			attribute_list(c, a);
		else if (word == CW_PACKED)
			a->packed = true;
		else if (word != CW_ASM)
			aligned(c, a);
		else if (c->tok.kind == '(')
			cdecl_skip_balanced(c);
	}
}

// Specifiers ---------------------------------------------------------------------------------------------------------

struct spelling {
	unsigned longs, shorts, ints, is_signed, is_unsigned;
	enum cword base;
	bool bad;
};

static bool spell(struct spelling *s, enum cword word)
{
	switch (word) {
	case CW_LONG: s->longs++; return true;
	case CW_SHORT: s->shorts++; return true;
	case CW_INT: s->ints++; return true;
	case CW_SIGNED: s->is_signed++; return true;
	case CW_UNSIGNED: s->is_unsigned++; return true;
	case CW_VOID: case CW_CHAR: case CW_INT128: case CW_FLOAT: case CW_DOUBLE: case CW_FLOAT16: case CW_FLOAT128: case CW_BOOL:
		s->bad |= s->base != CW_NONE;
		s->base = word;
		return true;
	default: return false;
	}
}

static bool spelling_is_wrong(const struct spelling *s)
{
	bool sign = s->is_signed || s->is_unsigned, length = s->longs || s->shorts;

	if (s->bad || s->longs > 2 || s->shorts > 1 || s->ints > 1 || s->is_signed + s->is_unsigned > 1 || (s->longs && s->shorts))
		return true;
	switch (s->base) {
	case CW_NONE: return false;
	case CW_CHAR: case CW_INT128: return length || s->ints;
	case CW_DOUBLE: return sign || s->ints || s->shorts || s->longs > 1;
	default: return sign || length || s->ints;
	}
}

static struct ctype spelled(struct cdecl *c, const struct spelling *s)
{
	switch (s->base) {
	case CW_VOID: return nothing(c, CK_VOID, 0);
	case CW_BOOL: return boolean(c);
	case CW_CHAR: return s->is_signed || s->is_unsigned ? cdecl_int(c, 1, s->is_signed) : cdecl_char(c);
	case CW_INT128: return cdecl_int(c, 16, !s->is_unsigned);
	case CW_FLOAT: return nothing(c, CK_FLOAT, 4);
	case CW_DOUBLE: return nothing(c, CK_FLOAT, s->longs ? 16 : 8);
	case CW_FLOAT16: return nothing(c, CK_FLOAT, 2);
	case CW_FLOAT128: return nothing(c, CK_FLOAT, 16);
	default: return cdecl_int(c, s->longs ? 8 : s->shorts ? 2 : 4, !s->is_unsigned);
	}
}

static bool is_type_word(enum cword word)
{
	return (word >= CW_STRUCT && word <= CW_TYPEOF);
}

bool cdecl_at_type(struct cdecl *c)
{
	if (c->tok.kind != CT_IDENT)
		return false;
	if (c->tok.word != CW_NONE)
		return is_type_word(c->tok.word) || c->tok.word == CW_ATTRIBUTE;
	return !map_gets(&c->constants, c->tok.name) && cdecl_find_typedef(c, c->tok.name);
}

static struct ctype type_of(struct cdecl *c) // behind typeof
{
	struct ctype t = cdecl_int(c, 4, true);

	cdecl_expect(c, '(', "`(`");
	if (!c->panic && !cdecl_at_type(c))
		t = cdecl_typeof(c);
	else if (!c->panic)
		t = cdecl_type_name(c);
	cdecl_expect(c, ')', "`)`");
	return t;
}

static void unknown_type(struct cdecl *c)
{
	if (c->tok.kind == CT_IDENT && c->tok.word == CW_NONE)
		cdecl_error(c, c->tok.at, E_UNKNOWN_NAME, "`%s` is no type; a typedef, or a type with struct, union or enum before it, is expected", c->tok.name);
	else
		cdecl_unexpected(c, "a type");
}

// One word of the specifiers that is a type by itself. False: there is none.
static bool whole_type(struct cdecl *c, struct cspecs *s)
{
	enum cword word = c->tok.word;

	if (word == CW_STRUCT || word == CW_UNION || word == CW_ENUM) {
		cdecl_next(c);
		s->type = cdecl_aggregate(c, word == CW_STRUCT ? TYPE_STRUCT : word == CW_UNION ? TYPE_UNION : TYPE_ENUM, &s->defines);
		return true;
	}
	if (word == CW_TYPEOF) {
		cdecl_next(c);
		s->type = type_of(c);
		return true;
	}
	const struct ctypedef *d = word == CW_NONE ? cdecl_find_typedef(c, c->tok.name) : NULL;
	if (!d)
		return false;
	s->type = d->type;
	cdecl_next(c);
	return true;
}

bool cdecl_specs(struct cdecl *c, struct cspecs *s)
{
	struct spelling words = { 0 };
	struct span at = c->tok.at;
	bool whole = false, any = false;

	*s = (struct cspecs){ .type = cdecl_int(c, 4, true) };
	while (c->tok.kind == CT_IDENT && !c->panic) {
		if (c->tok.word == CW_TYPEDEF || c->tok.word == CW_IGNORED) {
			s->is_typedef |= c->tok.word == CW_TYPEDEF;
			cdecl_next(c);
		} else if (c->tok.word >= CW_ATTRIBUTE && c->tok.word <= CW_ALIGNAS) {
			cdecl_attributes(c, &s->attrs);
		} else if (!whole && spell(&words, c->tok.word)) {
			any = true;
			cdecl_next(c);
		} else if (!whole && !any && whole_type(c, s)) {
			whole = true;
		} else {
			break;
		}
	}
	if (c->panic)
		return false;
	if (!whole && !any) {
		unknown_type(c);
		return false;
	}
	if (any && spelling_is_wrong(&words))
		cdecl_error(c, at, E_SYNTAX, "these words together name no type of C");
	else if (any)
		s->type = spelled(c, &words);
	with_mode(c, &s->attrs, &s->type, at);
	return !c->panic;
}

// Declarators --------------------------------------------------------------------------------------------------------

struct op { // what the name is, from the name outwards
	enum ckind kind; // POINTER ARRAY FUNCTION
	bool flexible;
	uint64_t count;
	struct span at;
};

struct ops {
	struct op v[MAX_OPS];
	unsigned n;
};

static void add_op(struct cdecl *c, struct ops *o, struct op op)
{
	if (o->n == MAX_OPS)
		cdecl_error(c, op.at, E_TOO_DEEP, "this declaration has more than %d stars, brackets and parameter lists", MAX_OPS);
	else
		o->v[o->n++] = op;
}

static void skip_parameters(struct cdecl *c) // behind the `(`
{
	unsigned depth = 1;

	while (c->tok.kind != CT_END && depth) {
		depth += c->tok.kind == '(';
		depth -= c->tok.kind == ')';
		cdecl_next(c);
	}
	if (depth)
		cdecl_unexpected(c, "`)`");
}

static void array_suffix(struct cdecl *c, struct ops *o) // behind the `[`
{
	struct op op = { .kind = CK_ARRAY, .at = c->tok.at };

	while (c->tok.kind == CT_IDENT && c->tok.word == CW_IGNORED)
		cdecl_next(c);
	if (c->tok.kind == ']') {
		op.flexible = true;
	} else {
		struct cvalue v = cdecl_expr(c);

		op.count = v.v;
		op.at = span_join(op.at, c->tok.at);
		op.at.end = c->tok.at.start > op.at.start ? c->tok.at.start : op.at.end;
		if (!c->panic && cvalue_negative(v))
			cdecl_error(c, op.at, E_LITERAL, "an array cannot have %lld elements", (long long)v.v);
	}
	cdecl_expect(c, ']', "`]` or an operator");
	add_op(c, o, op);
}

static void suffixes(struct cdecl *c, struct ops *o)
{
	while (!c->panic && (c->tok.kind == '[' || c->tok.kind == '(')) {
		struct span at = c->tok.at;
		int kind = c->tok.kind;

		cdecl_next(c);
		if (kind == '[') {
			array_suffix(c, o);
		} else {
			skip_parameters(c);
			add_op(c, o, (struct op){ .kind = CK_FUNCTION, .at = at });
		}
	}
}

static unsigned stars(struct cdecl *c, struct cdeclarator *d)
{
	unsigned n = 0;

	while (!c->panic) {
		if (c->tok.kind == '*')
			n++;
		else if (c->tok.kind == CT_IDENT && c->tok.word == CW_ATTRIBUTE) {
			cdecl_attributes(c, &d->attrs);
			continue;
		} else if (c->tok.kind != CT_IDENT || c->tok.word != CW_IGNORED)
			break;
		cdecl_next(c);
	}
	return n;
}

static void read_declarator(struct cdecl *c, struct ops *o, struct cdeclarator *d)
{
	struct span at = c->tok.at;
	unsigned pointers = stars(c, d);

	if (c->tok.kind == '(') {
		cdecl_next(c);
		if (c->tok.kind == '*' || c->tok.kind == '(' || c->tok.kind == '[' || c->tok.word == CW_ATTRIBUTE ||
		    (c->tok.kind == CT_IDENT && !cdecl_at_type(c))) {
			if (cdecl_enter(c))
				read_declarator(c, o, d);
			cdecl_leave(c);
			cdecl_expect(c, ')', "`)`");
		} else {
			skip_parameters(c);
			add_op(c, o, (struct op){ .kind = CK_FUNCTION, .at = at });
		}
	} else if (c->tok.kind == CT_IDENT && c->tok.word == CW_NONE) {
		d->name = c->tok.name;
		d->at = c->tok.at;
		cdecl_next(c);
	}
	suffixes(c, o);
	for (unsigned i = 0; i < pointers && !c->panic; i++)
		add_op(c, o, (struct op){ .kind = CK_POINTER, .at = at });
}

struct ctype cdecl_pointer(struct cdecl *c, const struct ctype *to)
{
	return (struct ctype){ .kind = CK_POINTER, .size = 8, .align = 8, .type = type_pointer(c->types, to->type, SPACE_NONE) };
}

static struct ctype array_of(struct cdecl *c, struct ctype elem, const struct op *op)
{
	struct ctype t = { .kind = CK_ARRAY, .flexible = op->flexible, .type = elem.type };

	if (!cdecl_complete(c, &elem) || elem.flexible) {
		cdecl_error(c, op->at, E_TYPE, "the elements of this array have no size that is known here");
		return elem;
	}
	if (op->count > CDECL_MAX_SIZE || elem.size * op->count > CDECL_MAX_SIZE) {
		cdecl_error(c, op->at, E_LIMIT, "an array is at most %d bytes large", CDECL_MAX_SIZE);
		return elem;
	}
	t.size = elem.size * op->count;
	t.align = elem.align;
	if (elem.is_char && op->count)
		t.type = type_string(c->types, (uint32_t)op->count);
	else
		t.type = type_array(c->types, elem.type, (uint32_t)op->count);
	return t;
}

void cdecl_declarator(struct cdecl *c, const struct ctype *base, struct cdeclarator *d)
{
	struct ops o;

	o.n = 0;
	*d = (struct cdeclarator){ .at = c->tok.at, .type = *base };
	read_declarator(c, &o, d);
	for (unsigned i = o.n; i-- && !c->panic;) {
		if (o.v[i].kind == CK_POINTER)
			d->type = cdecl_pointer(c, &d->type);
		else if (o.v[i].kind == CK_FUNCTION)
			d->type = nothing(c, CK_FUNCTION, 0);
		else
			d->type = array_of(c, d->type, &o.v[i]);
	}
	cdecl_attributes(c, &d->attrs);
	with_mode(c, &d->attrs, &d->type, d->at);
}

struct ctype cdecl_type_name(struct cdecl *c)
{
	struct cdeclarator d = { 0 };
	struct cspecs s;

	if (!cdecl_enter(c) || !cdecl_specs(c, &s)) {
		cdecl_leave(c);
		return cdecl_int(c, 4, true);
	}
	cdecl_declarator(c, &s.type, &d);
	if (d.name)
		cdecl_error(c, d.at, E_SYNTAX, "a type without a name is expected here");
	cdecl_leave(c);
	return d.type;
}
