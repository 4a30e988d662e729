// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/dw_file.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/dw_die.h"

#define MOST_UNPACKED (4ull << 30) // bytes of all sections
#define MOST_RATIO 100 // to the packed ones: DWARF is made a tenth, zeros a thousandth
#define MOST_UNITS (1u << 22)
#define MOST_PLACES (1u << 23)
#define LONGEST_TEXT 65536u
#define BUDGET_PER_BYTE 64
#define BUDGET_LEAST (1ll << 26)

bool dw_spend(struct dw_file *f, uint64_t work)
{
	f->budget -= (int64_t)MIN(work, (uint64_t)INT64_MAX / 4);
	return f->budget > 0;
}

struct unpacking {
	uint64_t packed, unpacked;
};

// Sections ----------------------------------------------------------------------------------------------------------------

static bool inflate_all(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	z_stream z = { .next_in = (Bytef *)in, .next_out = out };
	bool done = false;

	if (inflateInit(&z) != Z_OK)
		return false;
	while (!done) { // its counters have 32 bits
		size_t from = (size_t)(z.next_in - in), to = (size_t)(z.next_out - out);
		uInt room = (uInt)MIN(size - to, (size_t)1 << 30), had = (uInt)MIN(n - from, (size_t)1 << 30);

		z.avail_in = had;
		z.avail_out = room;
		int rc = inflate(&z, Z_NO_FLUSH);
		done = rc != Z_OK || (z.avail_in == had && z.avail_out == room);
	}
	inflateEnd(&z);
	return (size_t)(z.next_out - out) == size;
}

// libzstd is loaded when the first such section is met.
static bool zstd_all(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	void *library = dlopen("libzstd.so.1", RTLD_LAZY | RTLD_LOCAL);
	size_t (*decompress)(void *, size_t, const void *, size_t) = NULL;
	bool ok;

	if (library)
		*(void **)&decompress = dlsym(library, "ZSTD_decompress");
	ok = decompress && decompress(out, size, in, n) == size;
	if (library)
		dlclose(library);
	return ok;
}

// `left`: what the sections opened before have left of the file's packed bytes, and of MOST_UNPACKED.
static bool unpack(struct dw_section *s, const uint8_t *p, uint64_t n, uint32_t type, uint64_t size, struct unpacking *left)
{
	if (size / MOST_RATIO > n || !elf_file_spend(&left->packed, n) || !elf_file_spend(&left->unpacked, size))
		return false;
	s->unpacked = xmalloc(size + 1);
	s->size = size;
	if (type == ELFCOMPRESS_ZLIB ? inflate_all(p, n, s->unpacked, size) : zstd_all(p, n, s->unpacked, size))
		return true;
	free(s->unpacked);
	*s = (struct dw_section){ 0 };
	return false;
}

static bool open_packed(struct elf_file *f, const struct elf_section *e, struct dw_section *s, struct unpacking *left)
{
	const uint8_t *p = elf_file_bytes(f, e->offset, e->size);
	Elf64_Chdr h;
	bool ok;

	if (!p || e->size < sizeof h)
		return false;
	memcpy(&h, p, sizeof h);
	ok = (h.ch_type == ELFCOMPRESS_ZLIB || h.ch_type == 2) && unpack(s, p + sizeof h, e->size - sizeof h, h.ch_type, h.ch_size, left);
	elf_file_drop(f, e->offset, e->size);
	return ok;
}

// ".zdebug_info": "ZLIB", the size in 8 bytes of big endian, the stream.
static bool open_old(struct elf_file *f, const struct elf_section *e, struct dw_section *s, struct unpacking *left)
{
	const uint8_t *p = elf_file_bytes(f, e->offset, e->size);
	uint64_t size;

	if (!p || e->size < 12 || memcmp(p, "ZLIB", 4) != 0)
		return false;
	memcpy(&size, p + 4, 8);
	return unpack(s, p + 12, e->size - 12, ELFCOMPRESS_ZLIB, __builtin_bswap64(size), left);
}

static bool open_section(struct elf_file *f, const char *name, struct dw_section *s, struct unpacking *left)
{
	struct elf_section e;
	char old[32];

	if (elf_file_section_named(f, name, &e) && e.type != SHT_NOBITS) {
		if (e.flags & SHF_COMPRESSED)
			return open_packed(f, &e, s, left);
		*s = (struct dw_section){ .offset = e.offset, .size = e.size };
		return e.size > 0;
	}
	snprintf(old, sizeof old, ".z%s", name + 1);
	return elf_file_section_named(f, old, &e) && e.type != SHT_NOBITS && open_old(f, &e, s, left);
}

bool dw_section_bytes(const struct dw_file *f, enum dw_section_id id, uint64_t offset, uint64_t size, struct dw_bytes *b)
{
	const struct dw_section *s = &f->section[id];
	const uint8_t *p = NULL;

	if (offset <= s->size && size <= s->size - offset)
		p = s->unpacked ? s->unpacked + offset : elf_file_bytes(f->elf, s->offset + offset, size);
	*b = (struct dw_bytes){ p, p ? p + size : p, !p };
	return p != NULL;
}

bool dw_section_rest(const struct dw_file *f, enum dw_section_id id, uint64_t offset, struct dw_bytes *b)
{
	return dw_section_bytes(f, id, offset, offset < f->section[id].size ? f->section[id].size - offset : 0, b);
}

const char *dw_section_text(const struct dw_file *f, enum dw_section_id id, uint64_t offset)
{
	uint64_t size = f->section[id].size, rest = offset < size ? MIN(size - offset, LONGEST_TEXT) : 0;
	struct dw_bytes b;

	for (uint64_t want = 256; rest; want *= 64) {
		uint64_t have = MIN(want, rest);

		if (!dw_section_bytes(f, id, offset, have, &b))
			return "";
		if (memchr(b.p, '\0', have))
			return (const char *)b.p;
		if (have == rest)
			return "";
	}
	return "";
}

void dw_section_drop(const struct dw_file *f, enum dw_section_id id, uint64_t offset, uint64_t size)
{
	const struct dw_section *s = &f->section[id];

	if (!s->unpacked && offset <= s->size && size <= s->size - offset)
		elf_file_drop(f->elf, s->offset + offset, size);
}

int dw_file_open(struct elf_file *e, struct dw_file **ret)
{
	static const char *const names[] = {
		[DW_INFO] = ".debug_info", [DW_ABBREV] = ".debug_abbrev", [DW_LINE] = ".debug_line", [DW_STR] = ".debug_str",
		[DW_LINE_STR] = ".debug_line_str", [DW_STR_OFFSETS] = ".debug_str_offsets", [DW_ADDR] = ".debug_addr",
		[DW_RANGES] = ".debug_ranges", [DW_RNGLISTS] = ".debug_rnglists", [DW_ARANGES] = ".debug_aranges",
	};
	struct dw_file *f = xcalloc(1, sizeof *f);
	struct unpacking left = { .packed = elf_file_size(e), .unpacked = MOST_UNPACKED };
	uint64_t size = 0;

	f->elf = e;
	for (int i = 0; i < DW_SECTIONS; i++) {
		open_section(e, names[i], &f->section[i], &left);
		size += f->section[i].size;
	}
	f->budget = BUDGET_LEAST + (int64_t)MIN(size, MOST_UNPACKED) * BUDGET_PER_BYTE;
	if (!f->section[DW_INFO].size || !f->section[DW_ABBREV].size) {
		dw_file_close(f);
		return -ENOENT;
	}
	*ret = f;
	return 0;
}

void dw_file_close(struct dw_file *f)
{
	if (!f)
		return;
	dw_file_close(f->alt);
	for (int i = 0; i < DW_SECTIONS; i++)
		free(f->section[i].unpacked);
	for (size_t i = 0; i < ARRAY_SIZE(f->tables); i++)
		dw_abbrevs_free(f->tables[i]);
	vec_free(&f->units);
	vec_free(&f->places);
	elf_file_close(f->elf);
	free(f);
}

// .gnu_debugaltlink: a path, a NUL, the build ID of the file that dwz put there what several debug files share.
static struct elf_file *open_alt(struct elf_file *f)
{
	struct elf_section s;
	const char *p = elf_file_section_named(f, ".gnu_debugaltlink", &s) ? elf_file_bytes(f, s.offset, s.size) : NULL;
	size_t n = p ? strnlen(p, s.size) : 0, id = s.size - n - 1;
	const char *own = elf_file_path(f), *slash = own ? strrchr(own, '/') : NULL;
	struct elf_file *alt = NULL;
	const uint8_t *other;
	char path[4200];

	if (!p || n == 0 || n + 1 >= s.size)
		return NULL;
	if (*p == '/')
		snprintf(path, sizeof path, "%s", p);
	else
		snprintf(path, sizeof path, "%.*s/%s", slash ? (int)(slash - own) : 0, own ? own : "", p);
	if (elf_file_open(path, &alt) < 0)
		return NULL;
	if (elf_file_build_id(alt, &other) == id && memcmp(other, p + n + 1, id) == 0)
		return alt;
	elf_file_close(alt);
	return NULL;
}

struct dw_file *dw_alt(struct dw_file *f)
{
	struct elf_file *alt;

	if (f->alt_tried)
		return f->alt;
	f->alt_tried = true;
	alt = open_alt(f->elf);
	if (alt && dw_file_open(alt, &f->alt) == 0)
		f->alt->alt_tried = true; // there is no third
	return f->alt;
}

// Units -------------------------------------------------------------------------------------------------------------------

uint64_t dw_initial_length(struct dw_bytes *b, uint8_t *offset_size)
{
	uint64_t n = dw_fixed(b, 4);

	*offset_size = 4;
	if (n == 0xffffffff) {
		*offset_size = 8;
		n = dw_fixed(b, 8);
	}
	if (n > dw_left(b)) {
		b->failed = true;
		n = dw_left(b);
	}
	b->end = b->p + n;
	return n;
}

#define HEADER_MOST 40u

static bool read_unit(struct dw_file *f, uint64_t offset, struct dw_unit *u)
{
	uint64_t size = f->section[DW_INFO].size, head, n;
	struct dw_bytes b;

	*u = (struct dw_unit){ .offset = offset, .folder = "" };
	if (offset >= size || !dw_section_bytes(f, DW_INFO, offset, MIN(size - offset, HEADER_MOST), &b))
		return false;
	n = dw_fixed(&b, 4);
	u->offset_size = n == 0xffffffff ? 8 : 4;
	if (u->offset_size == 8)
		n = dw_fixed(&b, 8);
	head = u->offset_size == 8 ? 12 : 4;
	if (n > size - offset - MIN(head, size - offset) || n == 0)
		return false;
	u->end = offset + head + n;
	u->version = (uint8_t)dw_fixed(&b, 2);
	if (u->version < 2 || u->version > 5)
		return !b.failed; // to be passed over
	u->type = u->version >= 5 ? (uint8_t)dw_fixed(&b, 1) : DW_UT_compile;
	if (u->version >= 5)
		u->address_size = (uint8_t)dw_fixed(&b, 1);
	u->abbrevs = dw_fixed(&b, u->offset_size);
	if (u->version < 5)
		u->address_size = (uint8_t)dw_fixed(&b, 1);
	if (u->type == DW_UT_skeleton || u->type == DW_UT_split_compile)
		dw_fixed(&b, 8);
	if (u->type == DW_UT_type || u->type == DW_UT_split_type)
		dw_skip(&b, 8u + u->offset_size);
	u->die = offset + (HEADER_MOST < size - offset ? HEADER_MOST : size - offset) - dw_left(&b);
	if (u->address_size != 4 && u->address_size != 8)
		u->version = 0;
	return !b.failed && u->die <= u->end;
}

static void add_units(struct dw_file *f)
{
	struct dw_unit u;

	f->all_units = true;
	f->units.n = 0;
	for (uint64_t at = 0; f->units.n < MOST_UNITS && read_unit(f, at, &u); at = u.end) {
		if (u.version >= 2 && u.version <= 5)
			vec_push(NULL, &f->units, u);
	}
}

static size_t unit_index(const struct dw_file *f, uint64_t die) // how many begin at or before it
{
	size_t lo = 0, hi = f->units.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->units.v[mid].offset <= die)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

// Which unit an address is in ---------------------------------------------------------------------------------------------

struct adding {
	struct dw_file *file;
	uint32_t unit;
};

static void add_place(void *arg, uint64_t low, uint64_t high)
{
	struct adding *a = arg;

	if (low < high && low && a->file->places.n < MOST_PLACES)
		vec_push(NULL, &a->file->places, (struct dw_place){ low, high, a->unit });
}

// One set of .debug_aranges: the unit's offset, then pairs of address and length, aligned to their size, up to (0, 0).
static void read_set(struct dw_file *f, struct dw_bytes *all, uint64_t *unit)
{
	struct dw_bytes b = *all;
	const uint8_t *start = b.p;
	uint8_t offset_size;

	dw_initial_length(&b, &offset_size);
	all->p = b.end;
	dw_fixed(&b, 2);
	*unit = dw_fixed(&b, offset_size);
	unsigned size = (unsigned)dw_fixed(&b, 1), segment = (unsigned)dw_fixed(&b, 1);
	if (b.failed || size != 8 || segment)
		return;
	dw_skip(&b, (16 - (uint64_t)(b.p - start) % 16) % 16);
	size_t n = unit_index(f, *unit);
	if (!n || f->units.v[n - 1].offset != *unit)
		return;
	struct adding a = { f, (uint32_t)(n - 1) };
	while (dw_left(&b) >= 16) {
		uint64_t low = dw_fixed(&b, 8), length = dw_fixed(&b, 8);

		if (low || length)
			add_place(&a, low, low + length);
	}
	f->units.v[n - 1].type |= 0x80; // told of
}

static void read_aranges(struct dw_file *f)
{
	struct dw_bytes b;
	uint64_t unit;

	if (!dw_section_rest(f, DW_ARANGES, 0, &b))
		return;
	while (dw_left(&b) && !b.failed)
		read_set(f, &b, &unit);
	dw_section_drop(f, DW_ARANGES, 0, f->section[DW_ARANGES].size);
}

// Compilers may leave that table out; then a unit's first entry tells.
static void read_roots(struct dw_file *f)
{
	for (uint32_t i = 0; i < f->units.n && dw_spend(f, 100); i++) {
		struct dw_unit *u = &f->units.v[i];
		bool told = u->type & 0x80;

		u->type &= 0x7f;
		if (told || u->type == DW_UT_type || u->type == DW_UT_partial)
			continue;
		dw_unit_root(f, u, add_place, &(struct adding){ f, i });
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct dw_place *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return (x->high > y->high) - (x->high < y->high);
}

static void build_index(struct dw_file *f)
{
	f->indexed = true;
	add_units(f);
	read_aranges(f);
	read_roots(f);
	dw_section_drop(f, DW_INFO, 0, f->section[DW_INFO].size);
	if (f->places.n)
		qsort(f->places.v, f->places.n, sizeof *f->places.v, compare_places);
}

struct dw_unit *dw_unit_at(struct dw_file *f, uint64_t address)
{
	size_t lo = 0, hi;

	if (!f->indexed)
		build_index(f);
	hi = f->places.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->places.v[mid].low <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 1; back <= 8 && back <= lo; back++) // they may overlap a little
		if (address < f->places.v[lo - back].high)
			return &f->units.v[f->places.v[lo - back].unit];
	return NULL;
}

struct dw_unit *dw_unit_of(struct dw_file *f, uint64_t die)
{
	size_t n;

	if (!f->all_units)
		add_units(f);
	n = unit_index(f, die);
	return n && die < f->units.v[n - 1].end && die >= f->units.v[n - 1].die ? &f->units.v[n - 1] : NULL;
}
