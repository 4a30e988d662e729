// SPDX-License-Identifier: Apache-2.0
#include "runtime/btf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/util.h"

#define MAX_BYTES (256u << 20) // no kernel's BTF comes near; keeps a hostile file from filling memory
#define BUCKETS (1u << 15)

struct btf_file {
	const struct btf_file *base;
	const uint8_t *data;
	size_t size;
	bool mapped;
	const uint8_t *types;
	const char *strings;
	uint32_t types_len, strings_len;
	uint32_t first, end;    // ids
	uint32_t strings_first; // offset that the first string of this file has
	uint32_t *at;           // [id - first]: offset into types
	uint32_t *next;         // [id - first]: the next type in the same bucket, in order of ids; 0 ends it
	uint32_t *head;         // [BUCKETS], by name offset and kind
	uint32_t *enums;        // ids of all enums, which enumerators are looked up in
	uint32_t nenums;
	struct string_index *index;
};

// Where a string lies in the string section. Made when many were asked for: a search through all bytes is cheaper for a few.
struct string_index {
	unsigned asked;
	uint32_t *at;           // offset + 1 in `strings`, 0: free; [mask + 1]
	uint32_t mask;
};

#define SEARCHES 64

static int read_all(int fd, size_t size, uint8_t **ret)
{
	_free_ uint8_t *p = xmalloc(size);
	size_t n = 0;

	while (n < size) {
		ssize_t r = pread(fd, p + n, size - n, (off_t)n);

		if (r < 0)
			return -errno;
		if (r == 0)
			return -EINVAL;
		n += (size_t)r;
	}
	*ret = TAKE_PTR(p);
	return 0;
}

static int load_bytes(struct btf_file *b, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *read = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct btf_header) || st.st_size > (off_t)MAX_BYTES)
		return -EINVAL;
	b->size = (size_t)st.st_size;
	void *p = mmap(NULL, b->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED) {
		b->data = p;
		b->mapped = true;
		return 0;
	}
	int err = read_all(fd, b->size, &read); // kernels before 6.16 cannot map it
	b->data = read;
	return err;
}

static int check_header(struct btf_file *b)
{
	const struct btf_header *h = (const struct btf_header *)b->data;
	uint64_t types = (uint64_t)h->hdr_len + h->type_off, strings = (uint64_t)h->hdr_len + h->str_off;

	if (h->magic != BTF_MAGIC || h->version != BTF_VERSION || h->hdr_len < sizeof *h)
		return -EINVAL;
	if (types % 4 || types + h->type_len > b->size || strings + h->str_len > b->size)
		return -EINVAL;
	b->types = b->data + types;
	b->types_len = h->type_len;
	b->strings = (const char *)b->data + strings;
	b->strings_len = h->str_len;
	if (b->strings_len ? b->strings[b->strings_len - 1] != '\0' : b->types_len != 0)
		return -EINVAL;
	return 0;
}

// Bytes behind the common part of a type, SIZE_MAX for a kind not known.
static size_t rest_size(const struct btf_type *t)
{
	size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT: return 4;
	case BTF_KIND_PTR: case BTF_KIND_FWD: case BTF_KIND_TYPEDEF: case BTF_KIND_VOLATILE: case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT: case BTF_KIND_FUNC: case BTF_KIND_FLOAT: case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_ARRAY: return sizeof(struct btf_array);
	case BTF_KIND_STRUCT: case BTF_KIND_UNION: return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64: return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO: return n * sizeof(struct btf_param);
	case BTF_KIND_VAR: return sizeof(struct btf_var);
	case BTF_KIND_DATASEC: return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG: return sizeof(struct btf_decl_tag);
	default: return SIZE_MAX;
	}
}

static bool is_enum(const struct btf_type *t)
{
	return btf_file_kind(t) == BTF_KIND_ENUM || btf_file_kind(t) == BTF_KIND_ENUM64;
}

static int walk(struct btf_file *b)
{
	size_t cap = 0, n = 0, enums_cap = 0;

	for (uint32_t at = 0; at < b->types_len;) {
		const struct btf_type *t = (const struct btf_type *)(b->types + at);
		size_t left = b->types_len - at, rest = left < sizeof *t ? SIZE_MAX : rest_size(t);

		if (rest > left || rest + sizeof *t > left || n >= UINT32_MAX / 2)
			return -EINVAL;
		if (n == cap) {
			cap = cap ? cap * 2 : b->types_len / 34 + 64; // 34 bytes a type is what kernels have
			b->at = xrealloc(b->at, cap * sizeof *b->at);
		}
		if (is_enum(t)) {
			if (b->nenums == enums_cap)
				b->enums = xrealloc(b->enums, (enums_cap = enums_cap ? enums_cap * 2 : 1024) * sizeof *b->enums);
			b->enums[b->nenums++] = b->first + (uint32_t)n;
		}
		b->at[n++] = at;
		at += (uint32_t)(sizeof *t + rest);
	}
	b->end = b->first + (uint32_t)n;
	return 0;
}

// By kind as well: a thousand typedefs of a name must not stand in front of its struct.
static uint32_t bucket(uint32_t name_off, unsigned kind)
{
	return ((name_off + kind * 0x9e3779b1u) * 2654435761u) >> 17;
}

// Chains are built backwards, so that each runs in order of ids.
static void chain(struct btf_file *b)
{
	uint32_t n = b->end - b->first;

	b->head = xcalloc(BUCKETS, sizeof *b->head);
	b->next = xmalloc(n * sizeof *b->next);
	for (uint32_t i = n; i-- > 0;) {
		const struct btf_type *t = (const struct btf_type *)(b->types + b->at[i]);
		uint32_t *head;

		if (!t->name_off)
			continue;
		head = &b->head[bucket(t->name_off, btf_file_kind(t))];
		b->next[i] = *head;
		*head = b->first + i;
	}
}

static struct btf_file *file_new(const struct btf_file *base)
{
	struct btf_file *b = xcalloc(1, sizeof *b);

	b->base = base;
	b->index = xcalloc(1, sizeof *b->index);
	b->first = base ? base->end : 1;
	b->strings_first = base ? base->strings_first + base->strings_len : 0;
	return b;
}

static int file_read(struct btf_file *b, int err, struct btf_file **ret)
{
	if (!err)
		err = check_header(b);
	if (!err)
		err = walk(b);
	if (err) {
		btf_file_close(b);
		return err;
	}
	chain(b);
	*ret = b;
	return 0;
}

int btf_file_open(const char *path, const struct btf_file *base, struct btf_file **ret)
{
	struct btf_file *b = file_new(base);

	return file_read(b, load_bytes(b, path), ret);
}

int btf_file_from(void *bytes, size_t n, const struct btf_file *base, struct btf_file **ret)
{
	struct btf_file *b = file_new(base);

	b->data = bytes;
	b->size = n;
	return file_read(b, n < sizeof(struct btf_header) || n > MAX_BYTES ? -EINVAL : 0, ret);
}

void btf_file_close(struct btf_file *b)
{
	if (!b)
		return;
	if (b->mapped)
		munmap((void *)b->data, b->size);
	else
		free((void *)b->data);
	free(b->at);
	free(b->next);
	free(b->head);
	free(b->enums);
	if (b->index)
		free(b->index->at);
	free(b->index);
	free(b);
}

uint32_t btf_file_first(const struct btf_file *b)
{
	return b->first;
}

uint32_t btf_file_end(const struct btf_file *b)
{
	return b->end;
}

const struct btf_type *btf_file_type(const struct btf_file *b, uint32_t id)
{
	if (id < b->first)
		return b->base ? btf_file_type(b->base, id) : NULL;
	return id < b->end ? (const struct btf_type *)(b->types + b->at[id - b->first]) : NULL;
}

const char *btf_file_string(const struct btf_file *b, uint32_t offset)
{
	if (offset < b->strings_first)
		return btf_file_string(b->base, offset);
	offset -= b->strings_first;
	return offset < b->strings_len ? b->strings + offset : "";
}

uint32_t btf_file_first_named(const struct btf_file *b, unsigned kind, uint32_t name_off)
{
	uint32_t below = b->base ? btf_file_first_named(b->base, kind, name_off) : 0;

	if (below)
		return below;
	for (uint32_t id = b->head[bucket(name_off, kind)]; id; id = b->next[id - b->first]) {
		const struct btf_type *t = btf_file_type(b, id);

		if (t->name_off == name_off && btf_file_kind(t) == kind)
			return id;
	}
	return 0;
}

static void index_strings(const struct btf_file *b)
{
	struct string_index *x = b->index;
	size_t size = 1024, n = 0;

	for (const char *p = b->strings, *end = p + b->strings_len; p < end; p += strlen(p) + 1)
		n++;
	while (size < 2 * n)
		size *= 2;
	x->at = xcalloc(size, sizeof *x->at);
	x->mask = (uint32_t)size - 1;
	for (const char *p = b->strings, *end = p + b->strings_len; p < end; p += strlen(p) + 1) {
		uint64_t i = hash_bytes(p, strlen(p), 0);

		while (x->at[i & x->mask])
			i++;
		x->at[i & x->mask] = (uint32_t)(p - b->strings) + 1;
	}
}

static bool each_indexed(const struct btf_file *b, const char *name, bool (*each)(const struct btf_file *b, uint32_t offset, void *arg), void *arg)
{
	const struct string_index *x = b->index;

	for (uint64_t i = hash_bytes(name, strlen(name), 0); x->at[i & x->mask]; i++) {
		uint32_t at = x->at[i & x->mask] - 1;

		if (strcmp(b->strings + at, name) == 0 && each(b, at + b->strings_first, arg))
			return true;
	}
	return false;
}

// Calls `each` with the offset of every string equal to name until it returns true. Producers deduplicate strings, so
// there is one as a rule; searching the bytes once beats comparing the names of 100,000 types.
static bool each_string(const struct btf_file *b, const char *name, bool (*each)(const struct btf_file *b, uint32_t offset, void *arg), void *arg)
{
	size_t n = strlen(name) + 1;
	const char *end = b->strings + b->strings_len, *p = b->strings;

	if (!b->index->at && ++b->index->asked > SEARCHES)
		index_strings(b);
	if (b->index->at)
		return each_indexed(b, name, each, arg);
	while ((p = memmem(p, (size_t)(end - p), name, n))) {
		if ((p == b->strings || p[-1] == '\0') && each(b, (uint32_t)(p - b->strings) + b->strings_first, arg))
			return true;
		p++;
	}
	return false;
}

struct find {
	const struct btf_file *file; // whose types are searched
	unsigned kind;
	uint32_t id;
	int64_t value;
};

static bool find_one(const struct btf_file *b, uint32_t offset, void *arg)
{
	struct find *f = arg;

	f->id = btf_file_first_named(f->file, f->kind, offset);
	return f->id != 0;
}

uint32_t btf_file_find(const struct btf_file *b, unsigned kind, const char *name)
{
	struct find f = { .file = b, .kind = kind };

	if (!*name)
		return 0;
	for (const struct btf_file *s = b; s; s = s->base) // a split file's types may use its base's strings
		if (each_string(s, name, find_one, &f))
			return f.id;
	return 0;
}

uint32_t btf_file_strip(const struct btf_file *b, uint32_t id)
{
	for (int i = 0; i < 64; i++) { // a chain this long is a loop
		const struct btf_type *t = btf_file_type(b, id);

		if (!t)
			return 0;
		switch (btf_file_kind(t)) {
		case BTF_KIND_TYPEDEF: case BTF_KIND_CONST: case BTF_KIND_VOLATILE: case BTF_KIND_RESTRICT: case BTF_KIND_TYPE_TAG:
			id = t->type;
			break;
		default:
			return id;
		}
	}
	return 0;
}

int64_t btf_file_enum_value(const struct btf_file *b, const struct btf_type *t, unsigned i, const char **name)
{
	if (btf_file_kind(t) == BTF_KIND_ENUM) {
		const struct btf_enum *e = (const struct btf_enum *)(t + 1) + i;

		*name = btf_file_string(b, e->name_off);
		return BTF_INFO_KFLAG(t->info) ? e->val : (int64_t)(uint32_t)e->val;
	}
	const struct btf_enum64 *e = (const struct btf_enum64 *)(t + 1) + i;
	*name = btf_file_string(b, e->name_off);
	return (int64_t)((uint64_t)e->val_hi32 << 32 | e->val_lo32);
}

static bool enumerator_one(const struct btf_file *b, uint32_t offset, void *arg)
{
	struct find *f = arg;
	const struct btf_file *s = f->file;

	for (uint32_t k = 0; k < s->nenums; k++) {
		const struct btf_type *t = btf_file_type(s, s->enums[k]);
		size_t step = btf_file_kind(t) == BTF_KIND_ENUM ? sizeof(struct btf_enum) : sizeof(struct btf_enum64);
		const uint8_t *e = (const uint8_t *)(t + 1);

		for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++, e += step) {
			const char *name;

			if (*(const uint32_t *)e != offset)
				continue;
			f->id = s->enums[k];
			f->value = btf_file_enum_value(s, t, i, &name);
			return true;
		}
	}
	return false;
}

bool btf_file_enumerator(const struct btf_file *b, const char *name, uint32_t *enum_id, int64_t *value)
{
	struct find f = { .file = b };

	if (!*name)
		return false;
	if (b->base && btf_file_enumerator(b->base, name, enum_id, value))
		return true;
	for (const struct btf_file *s = b; s; s = s->base) {
		if (!each_string(s, name, enumerator_one, &f))
			continue;
		*enum_id = f.id;
		*value = f.value;
		return true;
	}
	return false;
}

uint32_t btf_file_raw_tracepoint(const struct btf_file *b, const char *event)
{
	_free_ char *name = xasprintf("btf_trace_%s", event);

	return btf_file_find(b, BTF_KIND_TYPEDEF, name);
}

uint64_t btf_file_hash(const struct btf_file *b)
{
	return hash_bytes(b->data, b->size, 0);
}

uint64_t btf_identity(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[4096];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || (n = pread(fd, head, sizeof head, 0)) <= 0)
		return 0;
	return hash_bytes(head, (size_t)n, (uint64_t)st.st_size);
}

// Does any function have the tag, and if so this one?
static bool is_tagged(const struct btf_file *b, uint32_t func)
{
	bool any = false;

	for (uint32_t id = b->first; id < b->end; id++) {
		const struct btf_type *t = btf_file_type(b, id);

		if (btf_file_kind(t) != BTF_KIND_DECL_TAG || strcmp(btf_file_string(b, t->name_off), "bpf_kfunc") != 0)
			continue;
		if (t->type == func)
			return true;
		any = true;
	}
	return !any;
}

uint32_t btf_file_kfunc(const struct btf_file *b, const char *name)
{
	uint32_t id = btf_file_find(b, BTF_KIND_FUNC, name);

	return id >= b->first && is_tagged(b, id) ? id : 0;
}
