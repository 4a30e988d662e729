// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/dw_calls.h"
#include "runtime/symbols/dw_die.h"
#include "runtime/symbols/dw_file.h"
#include "runtime/symbols/dw_rows.h"

#define KEPT 8 // units read lately

struct unit_data {
	struct dw_unit *unit; // NULL: free
	struct dw_rows rows;
	struct dw_calls calls;
	const char **paths; // by file number, made when first asked for
};

struct lines {
	struct dw_file *file;
	struct arena *arena; // frames, paths
	struct map texts;    // paths, interned
	struct unit_data kept[KEPT];
	unsigned next;
};

static int open_dwarf(struct elf_file *f, struct lines **ret)
{
	struct dw_file *file = NULL;
	int err = dw_file_open(f, &file);

	if (err)
		return err;
	struct lines *l = xcalloc(1, sizeof *l);
	l->file = file;
	l->arena = arena_new();
	map_init(&l->texts, l->arena);
	*ret = l;
	return 0;
}

int lines_open_file(const char *path, struct lines **ret)
{
	struct elf_file *f = NULL;
	int err = elf_file_open(path, &f);

	return err ? err : open_dwarf(f, ret);
}

int lines_open(struct elf_file *binary, struct lines **ret)
{
	enum elf_source source;
	_free_ char *path = elf_file_with_section(binary, ".debug_info", &source);

	return path ? lines_open_file(path, ret) : -ENOENT;
}

static void forget(struct unit_data *d)
{
	dw_rows_free(&d->rows);
	dw_calls_free(&d->calls);
	free(d->paths);
	*d = (struct unit_data){ 0 };
}

void lines_free(struct lines *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < KEPT; i++)
		forget(&l->kept[i]);
	dw_file_close(l->file);
	map_free(&l->texts);
	arena_free(l->arena);
	free(l);
}

static struct unit_data *data_of(struct lines *l, struct dw_unit *u)
{
	struct unit_data *d;

	for (size_t i = 0; i < KEPT; i++)
		if (l->kept[i].unit == u)
			return &l->kept[i];
	d = &l->kept[l->next++ % KEPT];
	forget(d);
	d->unit = u;
	dw_unit_root(l->file, u, NULL, NULL);
	dw_rows_read(l->file, u, &d->rows);
	dw_calls_read(l->file, u, &d->calls);
	d->paths = xcalloc(d->rows.files.n + 1, sizeof *d->paths);
	return d;
}

static const char *path_of(struct lines *l, struct unit_data *d, uint64_t file)
{
	if (file >= d->rows.files.n)
		return NULL;
	if (!d->paths[file]) {
		_str_ struct str s = { 0 };

		dw_rows_path(d->unit, &d->rows, file, &s);
		d->paths[file] = map_intern(&l->texts, str_z(&s), s.n);
	}
	return *d->paths[file] ? d->paths[file] : NULL;
}

// A name is in the file's bytes, which may be given back: it is copied, once.
static const char *function_of(struct lines *l, const struct dw_call *call)
{
	const char *name = dw_function_name(l->file, call->die);

	return name && *name ? map_intern(&l->texts, name, strlen(name)) : NULL;
}

// The row says where the innermost function is; each inlined call, where the next outer one is.
static struct line_frames frames_at(struct lines *l, struct unit_data *d, uint64_t address)
{
	const struct dw_call *calls[DW_DEEPEST];
	const struct dw_row *row = dw_rows_find(&d->rows, address);
	size_t n = dw_calls_find(&d->calls, address, calls);
	struct line_frame *f;

	if (!n && !row)
		return (struct line_frames){ 0 };
	f = arena_array(l->arena, struct line_frame, MAX(n, (size_t)1));
	if (row) {
		f[0].file = path_of(l, d, row->file);
		f[0].line = row->line;
		f[0].column = row->column;
	}
	for (size_t i = 0; i < n; i++) {
		const struct dw_call *call = calls[n - 1 - i];

		f[i].function = function_of(l, call);
		f[i].inlined = call->inlined;
		if (i + 1 == n)
			break;
		f[i + 1].file = path_of(l, d, call->file);
		f[i + 1].line = call->line;
		f[i + 1].column = call->column;
	}
	return (struct line_frames){ f, (uint32_t)MAX(n, (size_t)1) };
}

struct asked {
	struct dw_unit *unit;
	uint64_t address;
	size_t index;
};

static int by_unit(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

void lines_find(struct lines *l, const uint64_t *address, size_t n, struct line_frames *ret)
{
	_free_ struct asked *q = xcalloc(n, sizeof *q);
	struct unit_data *d = NULL;

	for (size_t i = 0; i < n; i++)
		q[i] = (struct asked){ dw_unit_at(l->file, address[i]), address[i], i };
	if (n)
		qsort(q, n, sizeof *q, by_unit);
	for (size_t i = 0; i < n; i++) {
		ret[q[i].index] = (struct line_frames){ 0 };
		if (!q[i].unit)
			continue;
		if (!d || d->unit != q[i].unit) {
			if (d && n > 1000) // a large batch comes by a unit once
				dw_section_drop(l->file, DW_INFO, d->unit->offset, d->unit->end - d->unit->offset);
			d = data_of(l, q[i].unit);
		}
		ret[q[i].index] = i && q[i - 1].unit == q[i].unit && q[i - 1].address == q[i].address ? ret[q[i - 1].index] : frames_at(l, d, q[i].address);
	}
}
