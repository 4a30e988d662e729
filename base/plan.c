// SPDX-License-Identifier: Apache-2.0
//
// Layout: magic, version, length of the string blob, the blob, the types, the plan. Numbers are LEB128; a string is
// 1 + its offset in the blob (0: NULL), where equal strings lie once, each with its NUL. A type is 1 + its number.
#include "base/plan.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/plan_types.h"
#include "base/str.h"
#include "base/util.h"

void *plan_grow(struct arena *a, void *list, uint32_t n, size_t item)
{
	uint32_t cap = n < 4 ? 4 : n;

	// grows at 0, 4, 8, 16, …: there is no capacity beside the count
	if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
		return list;
	void *p = arena_alloc(a, item * (n ? cap * 2 : cap));
	if (n)
		memcpy(p, list, item * n);
	return p;
}

// Writer --------------------------------------------------------------------------------------------------------------

void plan_put_number(struct plan_writer *w, uint64_t v)
{
	do
		str_addc(&w->body, (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
	while (v >>= 7);
}

static void put_blob(struct plan_writer *w, const char *s, size_t n)
{
	void **at = map_put(&w->strings, s, n);

	if (!*at) {
		*at = (void *)(uintptr_t)(w->blob.n + 1);
		str_add(&w->blob, s, n);
		str_addc(&w->blob, '\0');
	}
	plan_put_number(w, (uintptr_t)*at);
}

void plan_put_string(struct plan_writer *w, const char *s)
{
	if (s)
		put_blob(w, s, strlen(s));
	else
		plan_put_number(w, 0);
}

static void put_bytes(struct plan_writer *w, const char *s, uint32_t n)
{
	put_blob(w, s ? s : "", n);
	plan_put_number(w, n);
}

static void put_type(struct plan_writer *w, const struct type *t)
{
	plan_put_number(w, t ? plan_type_number(w, t) + 1 : 0);
}

#define PLAN_STRUCT(s)                                         \
	static void put_##s(struct plan_writer *w, const struct s *v) \
	{
#define PLAN_U32(m) plan_put_number(w, v->m);
#define PLAN_U64(m) plan_put_number(w, v->m);
#define PLAN_I64(m) plan_put_number(w, (uint64_t)v->m);
#define PLAN_BOOL(m) plan_put_number(w, v->m);
#define PLAN_STR(m) plan_put_string(w, v->m);
#define PLAN_BYTES(m) put_bytes(w, v->m, v->m##_len);
#define PLAN_TYPE(m) put_type(w, v->m);
#define PLAN_LIST(sub, m)                              \
	plan_put_number(w, v->n_##m);                  \
	for (uint32_t i = 0; i < v->n_##m; i++)        \
		put_##sub(w, &v->m[i]);
#define PLAN_END }
#include "base/plan.def"
#include "base/plan_undef.h"

void plan_write(const struct plan *p, const struct types *types, struct str *out)
{
	struct plan_writer w = { .numbers = xcalloc(types_count(types) + 1, sizeof(uint32_t)) };
	uint32_t head[3] = { PLAN_MAGIC, PLAN_VERSION, 0 };

	map_init(&w.strings, NULL);
	put_plan(&w, p); // before the types are written: it says which are needed
	_str_ struct str plan = w.body;
	w.body = (struct str){ 0 };
	plan_put_number(&w, w.records);
	head[2] = (uint32_t)w.blob.n;
	str_add(out, head, sizeof head);
	str_add(out, w.blob.p, w.blob.n);
	str_add(out, w.body.p, w.body.n);
	str_add(out, w.types.p, w.types.n);
	str_add(out, plan.p, plan.n);
	map_free(&w.strings);
	str_free(&w.body);
	str_free(&w.blob);
	str_free(&w.types);
	free(w.numbers);
}

// Reader --------------------------------------------------------------------------------------------------------------

bool plan_bad(struct plan_reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	r->at = r->end; // whatever is asked next fails at once
	return false;
}

uint64_t plan_get_number(struct plan_reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
		uint8_t b = *r->at++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	plan_bad(r, "it ends inside a number");
	return 0;
}

uint32_t plan_get_u32(struct plan_reader *r)
{
	uint64_t v = plan_get_number(r);

	if (v > UINT32_MAX)
		plan_bad(r, "a number is too large");
	return (uint32_t)v;
}

uint32_t plan_get_count(struct plan_reader *r)
{
	uint32_t n = plan_get_u32(r);

	// every item takes at least one byte
	if (n > (size_t)(r->end - r->at)) {
		plan_bad(r, "a list is longer than the bytes that are left");
		return 0;
	}
	return n;
}

const char *plan_get_string(struct plan_reader *r)
{
	uint64_t at = plan_get_number(r);

	if (at == 0)
		return NULL;
	if (at > r->blob_len) {
		plan_bad(r, "a string lies outside the strings");
		return NULL;
	}
	return r->blob + at - 1;
}

static const char *get_bytes(struct plan_reader *r, uint32_t *n)
{
	const char *s = plan_get_string(r);

	*n = plan_get_u32(r);
	if (!s || *n > r->blob_len - (size_t)(s - r->blob)) {
		plan_bad(r, "bytes lie outside the strings");
		*n = 0;
		return "";
	}
	return s;
}

static const struct type *get_type(struct plan_reader *r)
{
	uint32_t n = plan_get_u32(r);

	if (n == 0)
		return NULL;
	return plan_type_at(r, n - 1);
}

#define PLAN_STRUCT(s)                                   \
	static void get_##s(struct plan_reader *r, struct s *v) \
	{
#define PLAN_U32(m) v->m = plan_get_u32(r);
#define PLAN_U64(m) v->m = plan_get_number(r);
#define PLAN_I64(m) v->m = (int64_t)plan_get_number(r);
#define PLAN_BOOL(m) v->m = plan_get_number(r) != 0;
#define PLAN_STR(m) v->m = plan_get_string(r);
#define PLAN_BYTES(m) v->m = get_bytes(r, &v->m##_len);
#define PLAN_TYPE(m) v->m = get_type(r);
#define PLAN_LIST(sub, m)                                              \
	v->n_##m = plan_get_count(r);                                  \
	v->m = arena_alloc(r->arena, sizeof(struct sub) * v->n_##m);   \
	for (uint32_t i = 0; i < v->n_##m && !r->why; i++)             \
		get_##sub(r, &v->m[i]);
#define PLAN_END }
#include "base/plan.def"
#include "base/plan_undef.h"

static bool read_head(struct plan_reader *r, size_t n)
{
	uint32_t head[3];

	if (n < sizeof head)
		return plan_bad(r, "it is too short");
	memcpy(head, r->at, sizeof head);
	r->at += sizeof head;
	if (head[0] != PLAN_MAGIC)
		return plan_bad(r, "it does not begin with a plan's magic number");
	if (head[1] != PLAN_VERSION)
		return plan_bad(r, "it was written by another version of Spile");
	if (head[2] > (size_t)(r->end - r->at))
		return plan_bad(r, "it is cut off");
	r->blob_len = head[2];
	if (r->blob_len && r->at[r->blob_len - 1] != '\0')
		return plan_bad(r, "its strings have no end");
	r->blob = arena_memdup(r->arena, r->at, r->blob_len); // strings outlive the file
	r->at += r->blob_len;
	return true;
}

int plan_read(const void *bytes, size_t n, struct arena *a, struct types *types, struct plan **ret, const char **why)
{
	struct plan_reader r = { .at = bytes, .end = (const uint8_t *)bytes + n, .arena = a, .types = types };
	struct plan *p = arena_new_(a, struct plan);

	if (read_head(&r, n) && plan_read_types(&r))
		get_plan(&r, p);
	if (!r.why && r.at != r.end)
		plan_bad(&r, "bytes follow its end");
	if (r.why) {
		*why = r.why;
		return -EINVAL;
	}
	*ret = p;
	return 0;
}

static const struct {
	const char *word, *what;
	unsigned flags;
} prog_kinds[] = {
#define PROG(NAME, word, flags, what, type, attach) { word, what, flags },
#include "base/prog_kind.def"
#undef PROG
};

bool prog_is(enum prog_kind k, unsigned flag)
{
	return prog_kinds[k].flags & flag;
}

const char *prog_word(enum prog_kind k)
{
	return prog_kinds[k].word;
}

const char *prog_attached_to(enum prog_kind k)
{
	return prog_kinds[k].what;
}
