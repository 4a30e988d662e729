// SPDX-License-Identifier: Apache-2.0
// Bodies of struct, union and enum, and where their members lie: the rules of GCC on x86-64.
//
//   a member lies at the next multiple of its alignment; packed makes that 1, aligned(N) at least N
//   a bitfield lies at the next bit, unless it would then span more units of its type than the type has: then at the next unit
//   a bitfield without a name moves the next one but has no alignment; one of width 0 moves it to the next unit
//   members of an anonymous struct or union become the outer one's
#include "lang/cdecl_int.h"

#include <errno.h>
#include <string.h>

struct layout {
	bool is_union, packed, flexible;
	uint64_t bit;   // behind the last member
	uint64_t bytes; // of the largest member of a union
	uint32_t align;
	VEC(struct field) fields;
	struct map names;
};

struct member {
	const char *name; // NULL: none
	struct span at;
	struct ctype type;
	struct cattrs attrs;
	struct cvalue width; // of a bitfield
	bool is_bitfield;
};

// Placing ------------------------------------------------------------------------------------------------------------

static void add_field(struct cdecl *c, struct layout *l, struct field f, struct span at)
{
	void **known = map_puts(&l->names, f.name);

	if (*known)
		cdecl_error(c, at, E_REDEFINED, "the member `%s` exists already", f.name);
	*known = l;
	vec_push(c->arena, &l->fields, f);
}

static void grow(struct cdecl *c, struct layout *l, uint64_t end_bit, struct span at)
{
	if (end_bit > CDECL_MAX_SIZE * 8ull)
		cdecl_error(c, at, E_LIMIT, "a struct is at most %d bytes large", CDECL_MAX_SIZE);
	else if (l->is_union)
		l->bytes = MAX(l->bytes, (end_bit + 7) / 8);
	else
		l->bit = end_bit;
}

// #pragma pack has the last word; packed does not free a bitfield from it.
static uint32_t member_align(const struct cdecl *c, const struct layout *l, const struct member *m)
{
	bool packed = (l->packed || m->attrs.packed) && !(m->is_bitfield && c->pack);
	uint32_t align = MAX(packed ? 1 : m->type.align, m->attrs.align);

	return c->pack ? MIN(align, c->pack) : align;
}

// Where the member goes, in bytes; the layout grows by it.
static uint64_t place(struct cdecl *c, struct layout *l, const struct member *m)
{
	uint32_t align = member_align(c, l, m);
	uint64_t offset = l->is_union ? 0 : ALIGN_UP((l->bit + 7) / 8, align);

	l->align = MAX(l->align, align);
	grow(c, l, (offset + m->type.size) * 8, m->at);
	return offset;
}

static void place_member(struct cdecl *c, struct layout *l, struct member *m)
{
	if (l->flexible && !l->is_union)
		cdecl_error(c, m->at, E_TYPE, "nothing may follow a member without a length");
	else if (m->type.kind == CK_FUNCTION)
		cdecl_error(c, m->at, E_TYPE, "a member cannot be a function, but a pointer to one: (*%s)(…)", m->name);
	else if (m->type.kind == CK_RECORD && m->type.tag->state == TAG_FAILED)
		c->panic = true; // its errors are reported
	else if (!cdecl_complete(c, &m->type))
		cdecl_error(c, m->at, E_TYPE, "the size of the member `%s` is not known; its type is %s", m->name,
			    m->type.kind == CK_VOID ? "void" : m->type.tag->state == TAG_OPEN ? "the one being defined" :
			    "neither defined before nor known to this machine");
	if (c->panic)
		return;
	l->flexible = m->type.flexible;
	add_field(c, l, (struct field){ .name = m->name, .type = m->type.type, .offset = (uint32_t)place(c, l, m) }, m->at);
}

static void place_anonymous(struct cdecl *c, struct layout *l, struct member *m)
{
	if (!cdecl_complete(c, &m->type)) {
		c->panic = true; // its errors are reported
		return;
	}
	uint32_t base = (uint32_t)place(c, l, m);
	const struct type *t = m->type.type;

	for (uint32_t i = 0; i < t->nfields && !c->panic; i++) {
		struct field f = t->fields[i];

		f.offset += base;
		add_field(c, l, f, m->at);
	}
}

// Bitfields ----------------------------------------------------------------------------------------------------------

static bool check_width(struct cdecl *c, struct member *m)
{
	bool integer = m->type.kind == CK_INT || m->type.kind == CK_BOOL || m->type.kind == CK_ENUM;
	uint64_t most;

	if (!integer || !cdecl_complete(c, &m->type) || m->type.size > 8) {
		cdecl_error(c, m->at, E_TYPE, "a bitfield has an integer type of at most 64 bits");
		return false;
	}
	most = m->type.kind == CK_BOOL ? 1 : m->type.size * 8;
	if (cvalue_negative(m->width) || m->width.v > most)
		cdecl_error(c, m->at, E_LITERAL, "a bitfield of this type is 0 to %d bits wide", (int)most);
	else if (m->name && !m->width.v)
		cdecl_error(c, m->at, E_LITERAL, "a bitfield of no bits cannot have a name");
	return !c->panic;
}

static uint64_t bit_position(const struct cdecl *c, const struct layout *l, const struct member *m)
{
	uint64_t bit = l->bit, unit = m->type.align * 8ull, width = m->width.v;

	if (!width)
		return ALIGN_UP(bit, unit);
	if (m->attrs.align)
		bit = ALIGN_UP(bit, (c->pack ? MIN(m->attrs.align, c->pack) : m->attrs.align) * 8ull);
	if (l->packed || m->attrs.packed || c->pack)
		return bit;
	if ((bit % unit + width + unit - 1) / unit > m->type.size * 8 / unit)
		bit = ALIGN_UP(bit, unit);
	return bit;
}

static void place_bitfield(struct cdecl *c, struct layout *l, struct member *m)
{
	uint64_t bit;

	if (!check_width(c, m))
		return;
	bit = l->is_union ? 0 : bit_position(c, l, m);
	if (m->name)
		l->align = MAX(l->align, member_align(c, l, m));
	grow(c, l, bit + m->width.v, m->at);
	if (m->name && !c->panic) {
		struct field f = { .name = m->name, .type = m->type.type };

		field_set_bits(c->types, &f, bit, (unsigned)m->width.v, l->packed || m->attrs.packed || c->pack ? 0 : UINT64_MAX);
		add_field(c, l, f, m->at);
	}
}

// Members ------------------------------------------------------------------------------------------------------------

// The members are read first and placed when the attributes behind the body are known.
struct members {
	VEC(struct member) list;
	bool failed;
};

static void read_member(struct cdecl *c, struct members *all, const struct cspecs *s)
{
	struct member m = { .at = c->tok.at, .type = s->type, .attrs = s->attrs };

	if (c->tok.kind != ':') {
		struct cdeclarator d;

		cdecl_declarator(c, &s->type, &d);
		if (!d.name)
			cdecl_unexpected(c, "the name of a member");
		m.name = d.name;
		m.at = d.at;
		m.type = d.type;
		m.attrs.packed |= d.attrs.packed;
		m.attrs.align = MAX(m.attrs.align, d.attrs.align);
	}
	if (!c->panic && cdecl_accept(c, ':')) {
		m.is_bitfield = true;
		m.width = cdecl_expr(c);
		cdecl_attributes(c, &m.attrs);
	}
	if (!c->panic)
		vec_push(c->arena, &all->list, m);
}

static void read_members(struct cdecl *c, struct members *all)
{
	struct span at = c->tok.at;
	struct cspecs s;

	if (c->tok.word == CW_STATIC_ASSERT) {
		cdecl_static_assert(c);
		return;
	}
	if (cdecl_accept(c, ';') || !cdecl_specs(c, &s))
		return;
	if (c->tok.kind == ';') { // without a declarator only an anonymous struct is a member
		if (s.type.kind == CK_RECORD && s.type.tag->anonymous && s.defines)
			vec_push(c->arena, &all->list, (struct member){ .at = at, .type = s.type, .attrs = s.attrs });
	} else {
		do
			read_member(c, all, &s);
		while (!c->panic && cdecl_accept(c, ','));
	}
	cdecl_expect(c, ';', "`;` behind the member");
}

// The body from `{` to behind `}`.
static void read_body(struct cdecl *c, struct members *all)
{
	cdecl_next(c);
	while (c->tok.kind != '}' && c->tok.kind != CT_END) {
		if (cdecl_enter(c))
			read_members(c, all);
		cdecl_leave(c);
		if (c->panic) {
			all->failed = true;
			cdecl_sync(c);
		}
	}
	cdecl_expect(c, '}', "`}` at the end of the members");
	all->failed |= c->panic;
}

static void place_all(struct cdecl *c, struct layout *l, struct members *all)
{
	bool panic = c->panic;

	for (size_t i = 0; i < all->list.n; i++) {
		struct member *m = &all->list.v[i];

		c->panic = false; // members err one by one
		if (m->is_bitfield)
			place_bitfield(c, l, m);
		else if (m->name)
			place_member(c, l, m);
		else
			place_anonymous(c, l, m);
		all->failed |= c->panic;
	}
	c->panic = panic;
}

static void define_record(struct cdecl *c, struct ctag *tag, struct cattrs *a)
{
	struct layout l = { .is_union = tag->kind == TYPE_UNION, .align = 1 };
	struct members all = { 0 };
	struct field none;
	uint64_t size;

	map_init(&l.names, c->arena);
	read_body(c, &all);
	if (!c->panic)
		cdecl_attributes(c, a);
	l.packed = a->packed;
	place_all(c, &l, &all);
	l.align = MAX(l.align, a->align);
	size = ALIGN_UP(l.is_union ? l.bytes : (l.bit + 7) / 8, l.align);
	tag->state = TAG_FAILED;
	if (all.failed || c->panic)
		return;
	if (size > CDECL_MAX_SIZE) {
		cdecl_error(c, tag->at, E_LIMIT, "a struct is at most %d bytes large", CDECL_MAX_SIZE);
		return;
	}
	type_set_fields(c->types, tag->type, (uint32_t)size, l.fields.n ? l.fields.v : &none, l.fields.n);
	tag->type->align = l.align;
	tag->size = size;
	tag->align = l.align;
	tag->state = TAG_DONE;
}

// Enums --------------------------------------------------------------------------------------------------------------

struct range {
	bool negative;    // a value is
	uint64_t most;    // the largest that is not
	int64_t least;
};

static void read_enumerator(struct cdecl *c, struct ctag *tag, struct cvalue *next, struct range *r, struct cconstant **k)
{
	*k = arena_new_(c->arena, struct cconstant);
	(*k)->tag = tag;
	if (c->tok.kind != CT_IDENT || c->tok.word != CW_NONE) {
		cdecl_unexpected(c, "the name of an enumerator");
		return;
	}
	void **at = map_puts(&c->constants, c->tok.name);
	if (*at)
		cdecl_error(c, c->tok.at, E_REDEFINED, "the enumerator `%s` exists already", c->tok.name);
	*at = *k;
	(*k)->value = *next;
	cdecl_next(c);
	cdecl_attributes(c, &(struct cattrs){ 0 });
	if (cdecl_accept(c, '='))
		(*k)->value = cdecl_expr(c);
	*next = (*k)->value;
	if (cvalue_negative(*next))
		r->negative = true, r->least = MIN(r->least, (int64_t)next->v);
	else
		r->most = MAX(r->most, next->v);
	next->v++;
	if (next->size == 4 && next->v > (next->is_unsigned ? UINT32_MAX : INT32_MAX) && !cvalue_negative(*next))
		next->size = 8;
	else if (next->size == 8 && !next->is_unsigned && next->v == (uint64_t)INT64_MIN)
		next->is_unsigned = true;
}

static unsigned enum_size(const struct range *r, bool packed)
{
	for (unsigned size = packed ? 1 : 4; size < 8; size *= 2) {
		uint64_t most = (UINT64_C(1) << (size * 8 - r->negative)) - 1;

		if (r->most <= most && r->least >= -(int64_t)(most + 1))
			return size;
	}
	return 8;
}

static void set_enum(struct cdecl *c, struct ctag *tag, const struct range *r, bool packed, const struct enumerator *e, size_t n)
{
	unsigned size = enum_size(r, packed);
	struct type *t = (struct type *)type_enum(c->types, tag->name, size, r->negative, e, n);

	if (t->nenums != n || (n && memcmp(t->enums, e, n * sizeof *e) != 0) || t->size != size) { // the world's of that name
		t->enums = e;
		t->nenums = (uint32_t)n;
		t->size = t->align = size;
		t->is_signed = r->negative;
	}
	tag->type = t;
	tag->size = tag->align = size;
	tag->state = TAG_DONE;
}

static void define_enum(struct cdecl *c, struct ctag *tag, struct cattrs *a)
{
	VEC(struct enumerator) list = { 0 };
	struct cvalue next = { .size = 4 };
	struct range r = { 0 };
	struct enumerator none;

	cdecl_next(c);
	while (c->tok.kind != '}' && c->tok.kind != CT_END && !c->panic) {
		const char *name = c->tok.name;
		struct cconstant *k;

		read_enumerator(c, tag, &next, &r, &k);
		vec_push(c->arena, &list, (struct enumerator){ .name = name, .value = (int64_t)k->value.v });
		if (!c->panic && !cdecl_accept(c, ',') && c->tok.kind != '}')
			cdecl_unexpected(c, "`,` or `}` behind an enumerator");
	}
	bool failed = c->panic;
	if (failed) { // to the end of the body: what comes behind it is none of this
		cdecl_to_brace(c);
		list.n = list.n ? list.n - 1 : 0;
	}
	cdecl_expect(c, '}', "`}` at the end of the enumerators");
	if (!c->panic)
		cdecl_attributes(c, a);
	if (list.n == 0 && !failed)
		cdecl_error(c, tag->at, E_SYNTAX, "an enum has at least one enumerator");
	set_enum(c, tag, &r, a->packed, list.n ? list.v : &none, list.n);
}

// struct, union, enum ------------------------------------------------------------------------------------------------

static const char *word_of(enum type_kind kind)
{
	return kind == TYPE_STRUCT ? "a struct" : kind == TYPE_UNION ? "a union" : "an enum";
}

static struct ctag *made_up(struct cdecl *c, enum type_kind kind, struct span at)
{
	struct ctag *tag;

	do // another compilation may have used the table
		tag = cdecl_tag(c, kind, arena_printf(c->arena, "(anonymous c%u)", ++c->anonymous));
	while (tag->type && tag->type->complete);
	tag->anonymous = true;
	tag->at = at;
	return tag;
}

// The tag that a body is for; one that was defined before is an error and gives a made-up one.
static struct ctag *opened(struct cdecl *c, struct ctag *tag, enum type_kind kind, struct span at)
{
	if (tag && tag->defined) {
		cdecl_error(c, at, E_REDEFINED, "`%s` is defined already, as %s", tag->name, word_of(kind));
		tag = NULL;
	}
	if (!tag)
		tag = made_up(c, kind, at);
	else if (!c->headers && c->world && c->world->ops->type_named && c->world->ops->type_named(c->world, kind, tag->name))
		diag_warn(c->diag, at, W_REDEFINED, "the kernel has a type `%s` too: the whole script uses the definition given here", tag->name);
	tag->at = at;
	tag->defined = true;
	tag->state = TAG_OPEN;
	return tag;
}

struct ctype cdecl_aggregate(struct cdecl *c, enum type_kind kind, bool *defines)
{
	struct span at = c->tok.at;
	struct ctag *tag = NULL;
	struct cattrs a = { 0 };

	cdecl_attributes(c, &a);
	if (c->tok.kind == CT_IDENT && c->tok.word == CW_NONE && !c->panic) {
		tag = cdecl_tag(c, kind, c->tok.name);
		at = c->tok.at;
		if (tag->kind != kind) {
			cdecl_error(c, at, E_REDEFINED, "`%s` is the name of %s already, and C has one set of names for both", tag->name, word_of(tag->kind));
			tag = NULL;
		}
		cdecl_next(c);
		cdecl_attributes(c, &a);
	}
	*defines = c->tok.kind == '{' && !c->panic;
	if (*defines && cdecl_enter(c)) {
		tag = opened(c, tag, kind, at);
		bool panic = c->panic;
		c->panic = false; // a body is read whatever its name is
		if (kind == TYPE_ENUM)
			define_enum(c, tag, &a);
		else
			define_record(c, tag, &a);
		c->panic |= panic;
		cdecl_leave(c);
	} else if (*defines) {
		cdecl_leave(c);
	}
	if (!tag) {
		cdecl_unexpected(c, kind == TYPE_ENUM ? "the name of an enum or `{`" : kind == TYPE_UNION ? "the name of a union or `{`" : "the name of a struct or `{`");
		return cdecl_int(c, 4, true);
	}
	if (tag->kind == TYPE_ENUM)
		return (struct ctype){ .kind = CK_ENUM, .tag = tag, .type = tag->type ? tag->type : type_int(c->types, 4, false) };
	return (struct ctype){ .kind = CK_RECORD, .tag = tag, .type = tag->type };
}
