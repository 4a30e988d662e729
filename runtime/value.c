// SPDX-License-Identifier: Apache-2.0
#include "runtime/value.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "base/world.h"
#include "runtime/agg.h"
#include "runtime/decode.h"
#include "runtime/names.h"
#include "runtime/stack.h"

void printer_init(struct printer *p, const struct plan *plan, struct symbols *s)
{
	const char *trailer = plan_config(plan, "str_trunc_trailer")->text;

	*p = (struct printer){ .plan = plan, .names = names_new(s), .trailer = trailer ? trailer : "" };
}

void printer_free(struct printer *p)
{
	names_free(p->names);
	p->names = NULL;
}

static bool has_addresses(const struct type *t)
{
	if (t->kind == TYPE_KSYM || t->kind == TYPE_USYM || type_is_stack(t))
		return true;
	if (t->kind == TYPE_ARRAY)
		return has_addresses(t->elem);
	for (uint32_t i = 0; i < t->nfields; i++)
		if (has_addresses(t->fields[i].type))
			return true;
	return false;
}

static void want(struct printer *p, const struct type *t, const uint8_t *v)
{
	struct wire_usym u;
	uint64_t ip;

	if (type_is_stack(t)) {
		stack_want(p, t, v);
	} else if (t->kind == TYPE_KSYM) {
		memcpy(&ip, v, sizeof ip);
		names_want(p->names, 0, &ip, 1);
	} else if (t->kind == TYPE_USYM) {
		memcpy(&u, v, sizeof u);
		names_want(p->names, u.pid, &u.addr, 1);
	} else if (t->kind == TYPE_ARRAY) {
		for (uint32_t i = 0; i < t->count; i++)
			want(p, t->elem, v + (size_t)i * t->elem->size);
	} else {
		for (uint32_t i = 0; i < t->nfields; i++)
			want(p, t->fields[i].type, v + t->fields[i].offset);
	}
}

void printer_want(struct printer *p, const struct type *t, const void *v)
{
	if (t && has_addresses(t))
		want(p, t, v);
}

void printer_resolve(struct printer *p)
{
	names_resolve(p->names);
}

void printer_forget(struct printer *p)
{
	names_forget(p->names);
}

// Numbers -------------------------------------------------------------------------------------------------------------

static int64_t load(const void *v, uint32_t size, bool is_signed)
{
	uint64_t n = 0;

	memcpy(&n, v, MIN(size, 8u)); // little-endian
	if (is_signed && size < 8 && size > 0)
		return (int64_t)(n << (64 - size * 8)) >> (64 - size * 8);
	return (int64_t)n;
}

int64_t value_integer(const struct type *t, const void *v)
{
	switch (t->kind) {
	case TYPE_BOOL: case TYPE_INT: case TYPE_ENUM:
		return load(v, t->size, t->is_signed);
	case TYPE_POINTER: case TYPE_KSYM: case TYPE_USYM: case TYPE_USERNAME: case TYPE_CGROUP_PATH: case TYPE_TIMESTAMP: case TYPE_PROBE:
	case TYPE_COUNT: case TYPE_SUM: case TYPE_MIN: case TYPE_MAX:
		return load(v, 8, false);
	default:
		return 0;
	}
}

void hex_text(uint64_t v, struct str *out)
{
	char b[18];
	size_t at = sizeof b;

	do
		b[--at] = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	b[--at] = 'x';
	b[--at] = '0';
	str_add(out, b + at, sizeof b - at);
}

static void integer_text(int64_t v, bool is_signed, struct str *out)
{
	if (is_signed)
		str_i64(out, v);
	else
		str_u64(out, (uint64_t)v);
}

static void enum_text(const struct type *t, int64_t v, struct str *out)
{
	for (uint32_t i = 0; i < t->nenums; i++)
		if (t->enums[i].value == v) {
			str_adds(out, t->enums[i].name);
			return;
		}
	integer_text(v, t->is_signed, out);
}

// Bytes ---------------------------------------------------------------------------------------------------------------

static void string_text(struct printer *p, const char *s, size_t n, uint32_t capacity, struct str *out)
{
	str_add(out, s, n);
	if (n >= capacity && capacity)
		str_adds(out, p->trailer);
}

void buffer_text(const uint8_t *b, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		if (b[i] >= 32 && b[i] < 127)
			str_addc(out, (char)b[i]);
		else
			str_printf(out, "\\x%02x", b[i]);
}

static const uint8_t *buffer_bytes(const struct type *t, const uint8_t *v, size_t *n)
{
	uint32_t len;

	memcpy(&len, v, sizeof len);
	*n = MIN(len, t->count);
	return v + sizeof len;
}

static void inet_text(const uint8_t *v, struct str *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct wire_inet in;

	memcpy(&in, v, sizeof in);
	inet_ntop(in.family == AF_INET6 ? AF_INET6 : AF_INET, in.addr, text, sizeof text);
	str_adds(out, text);
}

// Compounds -----------------------------------------------------------------------------------------------------------

static int64_t bit_field(const struct field *f, const struct type *s, const uint8_t *v)
{
	unsigned bytes = MIN(field_bytes(f), s->size - f->offset);
	uint64_t n = 0;

	memcpy(&n, v + f->offset, MIN(bytes, 8u));
	n >>= f->bit_offset;
	if (bytes > 8)
		n |= (uint64_t)v[f->offset + 8] << (64 - f->bit_offset);
	if (f->type->is_signed)
		return (int64_t)(n << (64 - f->bit_size)) >> (64 - f->bit_size);
	return (int64_t)(f->bit_size < 64 ? n & ((1ull << f->bit_size) - 1) : n);
}

static void field_text(struct printer *p, const struct type *s, const struct field *f, const uint8_t *v, struct str *out)
{
	if (f->bit_size && f->type->kind == TYPE_ENUM)
		enum_text(f->type, bit_field(f, s, v), out);
	else if (f->bit_size)
		integer_text(bit_field(f, s, v), f->type->is_signed, out);
	else if (f->data_loc)
		integer_text(load(v + f->offset, 4, false), false, out);
	else
		value_text(p, f->type, v + f->offset, out);
}

static void tuple_members(struct printer *p, const struct type *t, const uint8_t *v, struct str *out)
{
	for (uint32_t i = 0; i < t->nfields; i++) {
		if (i)
			str_adds(out, ", ");
		value_text(p, t->fields[i].type, v + t->fields[i].offset, out);
	}
}

static void struct_text(struct printer *p, const struct type *t, const uint8_t *v, struct str *out)
{
	str_adds(out, t->nfields ? "{ " : "{");
	for (uint32_t i = 0; i < t->nfields; i++) {
		str_printf(out, "%s.%s = ", i ? ", " : "", t->fields[i].name ? t->fields[i].name : "");
		field_text(p, t, &t->fields[i], v, out);
	}
	str_adds(out, t->nfields ? " }" : "}");
}

static void array_text(struct printer *p, const struct type *t, const uint8_t *v, struct str *out)
{
	str_addc(out, '[');
	for (uint32_t i = 0; i < t->count; i++) {
		if (i)
			str_addc(out, ',');
		value_text(p, t->elem, v + (size_t)i * t->elem->size, out);
	}
	str_addc(out, ']');
}

static void symbol_text(struct printer *p, uint32_t pid, bool user, uint64_t ip, struct str *out)
{
	struct symbol s = { 0 };

	if (!user || pid)
		names_lookup(p->names, user ? pid : 0, &ip, 1, &s);
	if (s.name)
		str_adds(out, s.name);
	else if (p->legacy && !ip)
		str_addc(out, '0');
	else
		hex_text(ip, out);
}

static void usym_text(struct printer *p, const void *v, struct str *out)
{
	struct wire_usym u;

	memcpy(&u, v, sizeof u);
	symbol_text(p, u.pid, true, u.addr, out);
}

static void buffer_value(const struct type *t, const uint8_t *v, struct str *out)
{
	size_t n;
	const uint8_t *b = buffer_bytes(t, v, &n);

	buffer_text(b, n, out);
}

static void probe_text(struct printer *p, uint64_t id, struct str *out)
{
	if (id < p->plan->n_names)
		str_adds(out, p->plan->names[id].name);
}

static void moment_text(struct printer *p, const struct type *t, uint64_t ns, struct str *out)
{
	if ((uint64_t)t->a < p->plan->n_formats)
		names_moment(p->names, p->plan->formats[t->a].name, ns, out);
}

// One hierarchy is known to the kernel by these ids, the unified one: the filter takes it or leaves nothing.
static void cgroup_text(struct printer *p, const struct type *t, uint64_t id, struct str *out)
{
	const char *filter = t->a > 0 && (uint64_t)t->a <= p->plan->n_formats ? p->plan->formats[t->a - 1].name : NULL;

	if (!filter || glob_match(filter, "unified"))
		names_cgroup(p->names, id, out);
}

void value_text(struct printer *p, const struct type *t, const void *v, struct str *out)
{
	uint64_t n = (uint64_t)value_integer(t, v);
	const uint8_t *b = v;

	switch (t->kind) {
	case TYPE_NONE: str_adds(out, "null"); return;
	case TYPE_BOOL: str_adds(out, n ? "true" : "false"); return;
	case TYPE_INT: integer_text((int64_t)n, t->is_signed, out); return;
	case TYPE_ENUM: enum_text(t, (int64_t)n, out); return;
	case TYPE_STRING: string_text(p, v, strnlen(v, t->count), t->count, out); return;
	case TYPE_BUFFER: buffer_value(t, v, out); return;
	case TYPE_POINTER: hex_text(n, out); return;
	case TYPE_ARRAY: array_text(p, t, v, out); return;
	case TYPE_TUPLE:
		str_addc(out, '(');
		tuple_members(p, t, v, out);
		str_addc(out, ')');
		return;
	case TYPE_RECORD: case TYPE_STRUCT: case TYPE_UNION: struct_text(p, t, v, out); return;
	case TYPE_KSTACK: case TYPE_USTACK: stack_text(p, t, v, t->size, out); return;
	case TYPE_KSYM: symbol_text(p, 0, false, n, out); return;
	case TYPE_USYM: usym_text(p, v, out); return;
	case TYPE_INET: inet_text(v, out); return;
	case TYPE_MAC: str_printf(out, "%02X:%02X:%02X:%02X:%02X:%02X", b[0], b[1], b[2], b[3], b[4], b[5]); return;
	case TYPE_TIMESTAMP: moment_text(p, t, n, out); return;
	case TYPE_USERNAME: names_user(p->names, n, out); return;
	case TYPE_CGROUP_PATH: cgroup_text(p, t, n, out); return;
	case TYPE_PROBE: probe_text(p, n, out); return;
	case TYPE_COUNT: case TYPE_SUM: case TYPE_MIN: case TYPE_MAX: case TYPE_AVG: case TYPE_STATS: case TYPE_HIST: case TYPE_LHIST:
	case TYPE_TSERIES:
		agg_text(t, v, 1, out);
		return;
	case TYPE_KINDS: break;
	}
	BUG("type kind %d", (int)t->kind);
}

void value_key(struct printer *p, const struct plan_map *m, const void *key, struct str *out)
{
	p->in_key = true;
	if (m->key_is_tuple && m->key->kind == TYPE_TUPLE)
		tuple_members(p, m->key, key, out);
	else
		value_text(p, m->key, key, out);
	p->in_key = false;
}

void arg_text(struct printer *p, const struct arg_view *a, struct str *out)
{
	if (!a->packed)
		value_text(p, a->type, a->p, out);
	else if (a->type->kind == TYPE_STRING)
		string_text(p, a->p, strnlen(a->p, a->len), a->type->count, out);
	else if (a->type->kind == TYPE_BUFFER)
		buffer_text(a->p, a->len, out);
	else
		stack_text(p, a->type, a->p, a->len, out);
}

// JSON ----------------------------------------------------------------------------------------------------------------

void json_integer(int64_t v, bool is_signed, struct str *out)
{
	uint64_t size = is_signed && v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	// what a double holds exactly: 53 significant bits
	bool exact = size == 0 || (64 - __builtin_clzll(size)) - __builtin_ctzll(size) <= 53;

	if (!exact)
		str_addc(out, '"');
	integer_text(v, is_signed, out);
	if (!exact)
		str_addc(out, '"');
}

static void json_list(struct printer *p, const struct type *t, const uint8_t *v, struct str *out)
{
	uint32_t n = t->kind == TYPE_ARRAY ? t->count : t->nfields;

	str_addc(out, '[');
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			str_addc(out, ',');
		if (t->kind == TYPE_ARRAY)
			value_json(p, t->elem, v + (size_t)i * t->elem->size, out);
		else
			value_json(p, t->fields[i].type, v + t->fields[i].offset, out);
	}
	str_addc(out, ']');
}

static void json_object(struct printer *p, const struct type *t, const uint8_t *v, struct str *out)
{
	str_addc(out, '{');
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *f = &t->fields[i];
		const char *name = f->name ? f->name : "";

		if (i)
			str_adds(out, ", ");
		str_json(out, name, strlen(name));
		str_adds(out, ": ");
		if (f->bit_size)
			json_integer(bit_field(f, t, v), f->type->is_signed, out);
		else if (f->data_loc)
			json_integer(load(v + f->offset, 4, false), false, out);
		else
			value_json(p, f->type, v + f->offset, out);
	}
	str_addc(out, '}');
}

static void json_buffer(const struct type *t, const uint8_t *v, struct str *out)
{
	size_t n;
	const uint8_t *b = buffer_bytes(t, v, &n);

	str_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			str_addc(out, ',');
		str_u64(out, b[i]);
	}
	str_addc(out, ']');
}

static void json_text(struct printer *p, const struct type *t, const void *v, struct str *out)
{
	_str_ struct str text = { 0 };

	value_text(p, t, v, &text);
	str_json(out, str_z(&text), text.n);
}

void value_json(struct printer *p, const struct type *t, const void *v, struct str *out)
{
	switch (t->kind) {
	case TYPE_NONE: str_adds(out, "null"); return;
	case TYPE_BOOL: str_adds(out, value_integer(t, v) ? "true" : "false"); return;
	case TYPE_INT: case TYPE_ENUM: json_integer(value_integer(t, v), t->is_signed, out); return;
	case TYPE_POINTER: json_integer(value_integer(t, v), false, out); return;
	case TYPE_ARRAY: case TYPE_TUPLE: json_list(p, t, v, out); return;
	case TYPE_RECORD: case TYPE_STRUCT: case TYPE_UNION: json_object(p, t, v, out); return;
	case TYPE_BUFFER: json_buffer(t, v, out); return;
	case TYPE_COUNT: case TYPE_SUM: case TYPE_MIN: case TYPE_MAX: case TYPE_AVG: case TYPE_STATS: case TYPE_HIST: case TYPE_LHIST:
	case TYPE_TSERIES:
		agg_json(t, v, 1, out);
		return;
	default: json_text(p, t, v, out); return;
	}
}

bool value_has_stack(const struct type *t)
{
	if (!t)
		return false;
	if (t->kind == TYPE_KSTACK || t->kind == TYPE_USTACK)
		return true;
	for (uint32_t i = 0; i < t->nfields && (t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD); i++)
		if (value_has_stack(t->fields[i].type))
			return true;
	return false;
}

static void add_stacks(struct printer *p, const struct type *t, const uint8_t *v, bool *any, struct str *out)
{
	if (t->kind == TYPE_KSTACK || t->kind == TYPE_USTACK) {
		str_adds(out, *any ? ", " : "");
		*any = true;
		stack_json(p, t, v, out);
	} else if (value_has_stack(t)) {
		for (uint32_t i = 0; i < t->nfields; i++)
			add_stacks(p, t->fields[i].type, v + t->fields[i].offset, any, out);
	}
}

void value_json_stacks(struct printer *p, const struct type *t, const void *v, struct str *out)
{
	bool any = false;

	str_addc(out, '[');
	add_stacks(p, t, v, &any, out);
	str_addc(out, ']');
}

void value_json_key(struct printer *p, const struct plan_map *m, const void *key, struct str *out)
{
	_str_ struct str text = { 0 };
	size_t n = 0;

	value_key(p, m, key, &text);
	// bpftrace's keys hold no spaces, and scripts that read them rely on it
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != ' ')
			text.p[n++] = text.p[i];
	str_json(out, str_z(&text), n);
}
