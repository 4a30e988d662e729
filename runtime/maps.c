// SPDX-License-Identifier: Apache-2.0
#include "runtime/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/map.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/agg.h"
#include "runtime/tseries.h"
#include "runtime/value.h"

static bool is_per_cpu(const struct plan_map *m)
{
	return m->bpf_type == BPF_MAP_TYPE_PERCPU_HASH || m->bpf_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       m->bpf_type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

// What a lookup returns: one value, or one per CPU, each padded to 8 bytes.
struct shape {
	size_t stride; // from one CPU's value to the next
	unsigned cpus;
	size_t size; // of all
};

static struct shape shape_of(const struct plan_map *m, unsigned ncpus)
{
	bool per_cpu = is_per_cpu(m);
	struct shape s = { .stride = per_cpu ? ALIGN_UP((size_t)m->value_size, 8) : m->value_size, .cpus = per_cpu ? ncpus : 1 };

	s.size = s.stride * s.cpus;
	return s;
}

// Twins ---------------------------------------------------------------------------------------------------------------

static unsigned copy_used(const struct map_ref *m)
{
	return m->map->twin && m->globals ? (unsigned)(__atomic_load_n(&m->globals->live, __ATOMIC_ACQUIRE) >> (m->map->twin - 1) & 1) : 0;
}

static size_t copy_offset(const struct plan_map *m) // in a key
{
	return ALIGN_UP((size_t)m->key->size, 8);
}

// The kernel's own wait for programs: an update of a map of maps returns when each that was running has ended.
static int wait_by_update(void)
{
	_close_ int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "waited_for", 4, 4, 1, NULL);
	LIBBPF_OPTS(bpf_map_create_opts, o, .inner_map_fd = (uint32_t)inner);
	_close_ int outer = inner < 0 ? inner : bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "waiting", 4, 4, 1, &o);
	uint32_t zero = 0;

	return outer < 0 ? outer : bpf_map_update_elem(outer, &zero, &inner, BPF_ANY);
}

int maps_wait_for_programs(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0 ? 0 : wait_by_update(); // refused with nohz_full
}

int maps_turn(struct wire_globals *g, uint64_t twins)
{
	if (!g)
		return -EINVAL; // a plan that is not ours
	__atomic_fetch_xor(&g->live, twins, __ATOMIC_SEQ_CST);
	return maps_wait_for_programs();
}

// All elements, raw ----------------------------------------------------------------------------------------------------

struct raw {
	uint8_t *keys, *values;
	size_t n, cap;
};

static void raw_free(struct raw *r)
{
	free(r->keys);
	free(r->values);
}

static void raw_grow(struct raw *r, const struct plan_map *m, size_t value, size_t more)
{
	if (r->n + more <= r->cap)
		return;
	r->cap = MAX(r->cap * 2, r->n + more);
	r->keys = xrealloc(r->keys, r->cap * m->key_size);
	r->values = xrealloc(r->values, r->cap * value);
}

// In batches. -EINVAL or -ENOTSUPP (524) from a kernel or a kind of map that has none.
static int raw_read_batch(int fd, const struct plan_map *m, size_t value, struct raw *r)
{
	_free_ uint8_t *token = xcalloc(1, MAX(m->key_size, 8u)), *next = xcalloc(1, MAX(m->key_size, 8u));
	size_t chunk = MAX((size_t)256, MIN((size_t)4096, ((size_t)4 << 20) / value));
	bool first = true;
	int err;

	do {
		uint32_t n = (uint32_t)chunk;

		raw_grow(r, m, value, chunk);
		err = bpf_map_lookup_batch(fd, first ? NULL : token, next, r->keys + r->n * m->key_size, r->values + r->n * value, &n, NULL);
		if (err == -ENOSPC && chunk < (1u << 20)) {
			chunk *= 2; // one bucket of the hash held more than the room
			continue;
		}
		if (err && err != -ENOENT)
			return err;
		r->n += n;
		memcpy(token, next, MAX(m->key_size, 8u));
		first = false;
	} while (err != -ENOENT);
	return 0;
}

static int raw_read_each(int fd, const struct plan_map *m, size_t value, struct raw *r)
{
	_free_ uint8_t *key = xcalloc(1, m->key_size);
	bool first = true;

	r->n = 0;
	// a map that changes under our feet can lead get_next_key back to its start
	while (r->n < (size_t)m->max_entries * 2 + 16) {
		raw_grow(r, m, value, 1);
		uint8_t *next = r->keys + r->n * m->key_size;
		int err = bpf_map_get_next_key(fd, first ? NULL : key, next);

		if (err == -ENOENT)
			return 0;
		if (err)
			return err;
		memcpy(key, next, m->key_size);
		first = false;
		if (bpf_map_lookup_elem(fd, next, r->values + r->n * value) == 0)
			r->n++;
	}
	return 0;
}

// Keeps the elements of one copy.
static void raw_keep(struct raw *r, const struct plan_map *m, size_t value, unsigned copy)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		uint64_t of;

		memcpy(&of, r->keys + i * m->key_size + copy_offset(m), sizeof of);
		if (of != copy)
			continue;
		memmove(r->keys + kept * m->key_size, r->keys + i * m->key_size, m->key_size);
		memmove(r->values + kept * value, r->values + i * value, value);
		kept++;
	}
	r->n = kept;
}

static int raw_read(const struct map_ref *m, unsigned copy, struct raw *r)
{
	size_t value = MAX(shape_of(m->map, m->ncpus).size, 1u);
	int err = raw_read_batch(m->fd, m->map, value, r);

	if (err)
		err = raw_read_each(m->fd, m->map, value, r);
	if (!err && m->map->twin)
		raw_keep(r, m->map, value, copy);
	return err;
}

// Rows ----------------------------------------------------------------------------------------------------------------

static void merge_cpus(const struct plan_map *m, struct shape s, const uint8_t *raw, uint8_t *into)
{
	for (unsigned cpu = 0; cpu < s.cpus; cpu++)
		agg_merge(m->value, into, raw + cpu * s.stride, cpu == 0);
}

static void rows_alloc(struct rows *r, const struct plan_map *m, size_t n)
{
	size_t key = m->key ? m->key->size : 0;

	r->v = xcalloc(n, sizeof *r->v);
	r->keys = xcalloc(n, key);
	r->values = xcalloc(n, m->value->size);
	for (size_t i = 0; i < n; i++)
		r->v[i] = (struct map_entry_view){ .key = m->key ? r->keys + i * key : NULL, .key_type = m->key,
						   .value = r->values + i * m->value->size };
}

// Where a copy lies in what a lookup gives, and under which key.
static size_t scalar_copy(const struct plan_map *m, unsigned copy, uint32_t *key)
{
	*key = is_per_cpu(m) ? copy : 0;
	return m->twin && !is_per_cpu(m) ? copy * (m->value_size / 2) : 0;
}

static uint64_t twin_bit(const struct map_ref *m)
{
	return 1ull << (m->map->twin - 1);
}

// Was a per-CPU map with a twin zeroed? The copy that is read now cannot say so: programs write to it.
static bool is_zeroed(const struct map_ref *m)
{
	return m->map->twin && m->globals && is_per_cpu(m->map) && m->globals->zeroed & twin_bit(m);
}

static void note_zeroed(const struct map_ref *m, bool zeroed)
{
	m->globals->zeroed = zeroed ? m->globals->zeroed | twin_bit(m) : m->globals->zeroed & ~twin_bit(m);
}

static int read_scalar(const struct map_ref *ref, unsigned copy, struct rows *r)
{
	const struct plan_map *m = ref->map;
	struct shape s = shape_of(m, ref->ncpus);
	_free_ uint8_t *raw = xcalloc(1, s.size), *key = xcalloc(1, MAX(m->key_size, 4u));
	size_t head = m->value_size >= m->value->size + sizeof(struct wire_scalar) ? sizeof(struct wire_scalar) : 0;
	uint32_t index;
	size_t at = scalar_copy(m, copy, &index);

	memcpy(key, &index, sizeof index);
	int err = bpf_map_lookup_elem(ref->fd, key, raw);

	if (err && err != -ENOENT)
		return err;
	rows_alloc(r, m, 1);
	r->n = 1;
	for (unsigned cpu = 0; cpu < s.cpus && !err; cpu++) {
		const uint8_t *v = raw + cpu * s.stride + at;
		uint64_t set = 1;

		if (head)
			memcpy(&set, v, sizeof set);
		if (set)
			agg_merge(m->value, r->values, v + head, !r->set);
		r->set |= set != 0;
	}
	r->set |= is_zeroed(ref);
	return 0;
}

static void read_keyed(const struct plan_map *m, struct shape s, const struct raw *raw, struct rows *r)
{
	rows_alloc(r, m, raw->n);
	r->n = raw->n;
	for (size_t i = 0; i < raw->n; i++) {
		memcpy(r->keys + i * m->key->size, raw->keys + i * m->key_size, m->key->size);
		merge_cpus(m, s, raw->values + i * s.size, r->values + i * m->value->size);
	}
}

static uint64_t bucket_count(struct shape s, const uint8_t *raw)
{
	uint64_t sum = 0, n;

	for (unsigned cpu = 0; cpu < s.cpus; cpu++) {
		memcpy(&n, raw + cpu * s.stride, sizeof n);
		sum += n;
	}
	return sum;
}

// One bucket of every CPU into its place in the row's value.
static void merge_bucket(const struct plan_map *m, struct shape s, const uint8_t *raw, uint64_t bucket, uint8_t *value)
{
	if (m->value->kind == TYPE_TSERIES) {
		for (unsigned cpu = 0; cpu < s.cpus && bucket < (uint64_t)m->value->b; cpu++)
			tseries_merge(m->value, (struct wire_epoch *)value + bucket, (const struct wire_epoch *)(raw + cpu * s.stride));
	} else if (bucket < m->value->count) {
		((uint64_t *)value)[bucket] += bucket_count(s, raw);
	}
}

// A scalar time series: the array's index is the bucket.
static int read_series(const struct map_ref *ref, struct rows *r)
{
	_cleanup_(raw_free) struct raw raw = { 0 };
	const struct plan_map *m = ref->map;
	struct shape s = shape_of(m, ref->ncpus);
	int err = raw_read(ref, 0, &raw);

	if (err)
		return err;
	rows_alloc(r, m, 1);
	r->n = 1;
	for (size_t i = 0; i < raw.n; i++) {
		uint32_t bucket;

		memcpy(&bucket, raw.keys + i * m->key_size, sizeof bucket);
		merge_bucket(m, s, raw.values + i * s.size, bucket, r->values);
	}
	for (int64_t i = 0; i < m->value->b; i++)
		r->set |= ((const struct wire_epoch *)r->values)[i].count != 0;
	return 0;
}

// The keys first, then room for each histogram, then the counts.
static void read_buckets(const struct plan_map *m, struct shape s, const struct raw *raw, struct rows *r)
{
	_free_ size_t *row = xcalloc(raw->n, sizeof *row);
	size_t key = m->key->size;
	struct map by_key;

	map_init(&by_key, NULL);
	for (size_t i = 0; i < raw->n; i++) {
		void **at = map_put(&by_key, raw->keys + i * m->key_size, key);

		if (!*at)
			*at = (void *)by_key.n;
		row[i] = (size_t)*at - 1;
	}
	rows_alloc(r, m, by_key.n);
	r->n = by_key.n;
	for (size_t i = 0; i < by_key.n; i++)
		memcpy(r->keys + i * key, by_key.at[i].key, key);
	for (size_t i = 0; i < raw->n; i++) {
		uint64_t bucket;

		memcpy(&bucket, raw->keys + (i + 1) * m->key_size - sizeof bucket, sizeof bucket);
		merge_bucket(m, s, raw->values + i * s.size, bucket, r->values + row[i] * m->value->size);
	}
	map_free(&by_key);
}

static void rows_make(const struct map_ref *m, const struct raw *raw, struct rows *ret)
{
	struct shape s = shape_of(m->map, m->ncpus);
	struct rows r = { 0 };

	if (m->map->bucketed)
		read_buckets(m->map, s, raw, &r);
	else
		read_keyed(m->map, s, raw, &r);
	r.set = r.n > 0;
	*ret = r;
}

static int read_copy(const struct map_ref *m, unsigned copy, struct raw *raw, struct rows *ret)
{
	struct rows r = { 0 };
	int err = m->map->key ? raw_read(m, copy, raw) : m->map->bucketed ? read_series(m, &r) : read_scalar(m, copy, &r);

	if (err)
		return err;
	if (m->map->key)
		rows_make(m, raw, ret);
	else
		*ret = r;
	return 0;
}

int rows_read(const struct map_ref *m, struct rows *ret)
{
	_cleanup_(raw_free) struct raw raw = { 0 };

	return read_copy(m, copy_used(m), &raw, ret);
}

void rows_free(struct rows *r)
{
	free(r->v);
	free(r->keys);
	free(r->values);
	*r = (struct rows){ 0 };
}

// Order ---------------------------------------------------------------------------------------------------------------

static int compare_keys(const struct type *t, const uint8_t *a, const uint8_t *b)
{
	if (t->kind == TYPE_STRING)
		return strncmp((const char *)a, (const char *)b, t->count);
	if (type_is_integer(t) || type_is_scalar(t)) {
		int64_t x = value_integer(t, a), y = value_integer(t, b);

		if (t->is_signed)
			return (x > y) - (x < y);
		return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
	}
	if (t->kind != TYPE_TUPLE && t->kind != TYPE_RECORD)
		return memcmp(a, b, t->size);
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *f = &t->fields[i];
		int c = compare_keys(f->type, a + f->offset, b + f->offset);

		if (c)
			return c;
	}
	return 0;
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct map_entry_view *x = a, *y = b;
	const struct plan_map *m = arg;
	int c = agg_compare(m->value, x->value, y->value);

	return c ? c : compare_keys(m->key, x->key, y->key); // equal values by key, so that two prints look alike
}

void rows_sort(const struct plan_map *m, struct rows *r)
{
	if (m->key)
		qsort_r(r->v, r->n, sizeof *r->v, compare_rows, (void *)m);
}

// Changes -------------------------------------------------------------------------------------------------------------

static int write_zeros(const struct map_ref *ref, uint32_t index, uint64_t set)
{
	const struct plan_map *m = ref->map;
	struct shape s = shape_of(m, ref->ncpus);
	_free_ uint8_t *value = xcalloc(1, s.size), *key = xcalloc(1, MAX(m->key_size, 4u));

	memcpy(key, &index, sizeof index);
	if (m->value_size >= m->value->size + sizeof(struct wire_scalar))
		memcpy(value, &set, sizeof set);
	return bpf_map_update_elem(ref->fd, key, value, BPF_ANY);
}

static int delete_all(const struct map_ref *m, const struct raw *raw)
{
	int err = 0;

	for (size_t i = 0; i < raw->n && !err; i++) {
		err = bpf_map_delete_elem(m->fd, raw->keys + i * m->map->key_size);
		if (err == -ENOENT)
			err = 0; // a program was faster
	}
	return err;
}

// One half of an array's value, which programs write to the other half of: only through memory can it be changed alone.
// Where zero() left it, the one they use is marked as written.
static int empty_half(const struct map_ref *m, unsigned old, bool zero)
{
	size_t half = m->map->value_size / 2, len = ALIGN_UP((size_t)m->map->value_size, (size_t)sysconf(_SC_PAGESIZE));
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	memset(p + old * half, 0, half);
	if (zero)
		__atomic_store_n((uint64_t *)(p + (old ^ 1) * half), 1, __ATOMIC_RELAXED);
	munmap(p, len);
	return 0;
}

static int zero_keys(const struct map_ref *m, struct raw *raw, uint64_t copy, uint64_t flags)
{
	_free_ uint8_t *zero = xcalloc(1, shape_of(m->map, m->ncpus).size);
	int err = 0;

	for (size_t i = 0; i < raw->n && !err; i++) {
		uint8_t *key = raw->keys + i * m->map->key_size;

		if (m->map->twin)
			memcpy(key + copy_offset(m->map), &copy, sizeof copy);
		err = bpf_map_update_elem(m->fd, key, zero, flags);
		if (err == -ENOENT || err == -EEXIST)
			err = 0; // a program was faster
	}
	return err;
}

int rows_take(const struct map_ref *m, bool zero, struct rows *ret)
{
	_cleanup_(raw_free) struct raw raw = { 0 };
	struct rows r = { 0 };
	unsigned old = copy_used(m) ^ 1;
	int err = read_copy(m, old, &raw, &r);

	if (err)
		return err;
	if (!m->map->key) {
		err = is_per_cpu(m->map) ? write_zeros(m, old, 0) : empty_half(m, old, zero && r.set);
		if (!err && is_per_cpu(m->map))
			note_zeroed(m, zero && r.set);
	} else {
		err = delete_all(m, &raw);
		if (!err && zero)
			err = zero_keys(m, &raw, old ^ 1, BPF_NOEXIST);
	}
	if (err) {
		rows_free(&r);
		return err;
	}
	*ret = r;
	return 0;
}

static int take_away(const struct map_ref *m, bool zero)
{
	_cleanup_(rows_free) struct rows r = { 0 };
	int err = maps_turn(m->globals, 1ull << (m->map->twin - 1));

	return err ? err : rows_take(m, zero, &r);
}

int map_clear(const struct map_ref *m)
{
	_cleanup_(raw_free) struct raw raw = { 0 };
	int err;

	if (m->map->twin)
		return take_away(m, false);
	if (!m->map->key && !m->map->bucketed)
		return write_zeros(m, 0, 0);
	err = raw_read(m, 0, &raw);
	if (!err)
		err = m->map->key ? delete_all(m, &raw) : zero_keys(m, &raw, 0, BPF_EXIST);
	return err;
}

int map_zero(const struct map_ref *m)
{
	_cleanup_(raw_free) struct raw raw = { 0 };
	_cleanup_(rows_free) struct rows r = { 0 };
	int err;

	if (m->map->twin)
		return take_away(m, true);
	if (!m->map->key && !m->map->bucketed) {
		err = rows_read(m, &r);
		return err || !r.set ? err : write_zeros(m, 0, 1);
	}
	err = raw_read(m, 0, &raw);
	return err ? err : zero_keys(m, &raw, 0, BPF_EXIST);
}
