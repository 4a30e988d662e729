// SPDX-License-Identifier: Apache-2.0
#include "runtime/dwarf.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <libelf.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/dwarf_private.h"
#include "runtime/elf_file.h"

static int load_library(struct dwarf *d)
{
	d->library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!d->library)
		return -ELIBACC;
#define LIBDW(fn)                                                                                                            \
	if (!(d->fn = (__typeof__(d->fn))dlsym(d->library, #fn)))                                                            \
		return -ELIBACC;
	LIBDW_FUNCTIONS
#undef LIBDW
	return 0;
}

// The file ------------------------------------------------------------------------------------------------------------

// From memory: libdw would map the file, and end us when somebody cuts it short.
static int begin(struct dwarf *d)
{
	size_t size = (size_t)elf_file_id(d->file).size;
	const void *bytes = elf_file_bytes(d->file, 0, size);

	if (elf_version(EV_CURRENT) == EV_NONE || !bytes)
		return -ENOENT;
	elf_file_settle(d->file);
	d->elf = elf_memory((char *)bytes, size);
	d->dw = d->elf ? d->dwarf_begin_elf(d->elf, DWARF_C_READ, NULL) : NULL;
	return d->dw ? 0 : -ENOENT;
}

int dwarf_open(struct world *w, struct elf_file *f, const char *path, unsigned number, struct dwarf **ret)
{
	enum elf_source source;
	_free_ char *file = elf_file_with_section(f, ".debug_info", &source);

	if (!file)
		return -ENOENT;
	struct dwarf *d = xcalloc(1, sizeof *d);
	*d = (struct dwarf){ .world = w, .number = number, .path = arena_strdup(w->arena, file) };
	map_init(&d->ids, NULL);
	int err = load_library(d);
	if (!err)
		err = elf_file_open(file, &d->file);
	if (!err)
		err = begin(d);
	if (err)
		dwarf_close(d);
	else
		*ret = d;
	return err;
}

void dwarf_close(struct dwarf *d)
{
	if (!d)
		return;
	if (d->dw)
		d->dwarf_end(d->dw);
	if (d->elf)
		elf_end(d->elf);
	elf_file_close(d->file);
	if (d->library)
		dlclose(d->library);
	map_free(&d->ids);
	free(d);
}

const char *dwarf_path(const struct dwarf *d)
{
	return d->path;
}

// Functions -----------------------------------------------------------------------------------------------------------

static bool is_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_module;
}

static bool find_function(struct dwarf *d, Dwarf_Die *parent, uint64_t address, Dwarf_Die *ret, int depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || d->dwarf_child(parent, &die) != 0)
		return false;
	do {
		Dwarf_Addr low;
		int tag = d->dwarf_tag(&die);

		if (tag == DW_TAG_subprogram && d->dwarf_lowpc(&die, &low) == 0 && low == address) {
			*ret = die;
			return true;
		}
		if (is_scope(tag) && find_function(d, &die, address, ret, depth + 1))
			return true;
	} while (dwarf_next(d, &die));
	return false;
}

// By the table of addresses; compilers may leave it out, then by asking every unit.
static bool find_unit(struct dwarf *d, uint64_t address, Dwarf_Die *ret)
{
	Dwarf_Off at = 0, next;
	size_t header;

	if (d->dwarf_addrdie(d->dw, address, ret))
		return true;
	for (; d->dwarf_nextcu(d->dw, at, &next, &header, NULL, NULL, NULL) == 0; at = next)
		if (d->dwarf_offdie(d->dw, at + header, ret) && d->dwarf_haspc(ret, address) > 0)
			return true;
	return false;
}

// The x86-64 calling convention, as far as it tells where arguments lie.
struct places {
	uint32_t general, words; // general registers used, 8-byte words on the stack
};

enum { GENERAL = 6 };

static uint32_t take(struct places *p, const struct dwarf_class *c)
{
	uint32_t place = DWARF_NOWHERE;

	if (c->in_memory || p->general + c->general > GENERAL) {
		if (c->is_scalar && c->general)
			place = GENERAL + p->words;
		if (c->in_memory || c->general)
			p->words += (uint32_t)((c->size + 7) / 8);
		return place;
	}
	if (c->is_scalar && c->general)
		place = p->general;
	p->general += c->general;
	return place;
}

static void add_argument(struct dwarf *d, Dwarf_Die *die, struct places *p, struct dwarf_fields *out)
{
	Dwarf_Die type;
	const char *name = d->dwarf_diename(die);
	bool known = dwarf_type_of(d, die, &type);
	const struct type *t = known ? dwarf_get(d, &type, 0) : type_basic(d->world->types, TYPE_NONE);
	struct dwarf_class c = known ? dwarf_classify(d, &type) : (struct dwarf_class){ 0 };
	uint32_t place = take(p, &c);

	if (c.by_reference)
		t = type_pointer(d->world->types, t, SPACE_USER);
	vec_push(d->world->arena, out, (struct event_field){
		.name = name ? name : arena_printf(d->world->arena, "arg%zu", out->n), .type = t, .size = t->size, .is_signed = t->is_signed,
		.offset = place == DWARF_NOWHERE || !type_is_scalar(t) ? DWARF_NOWHERE : place * 8 });
}

static bool is_go(struct dwarf *d, Dwarf_Die *unit)
{
	uint64_t language = 0;

	return dwarf_number(d, unit, DW_AT_language, &language) && language == DW_LANG_Go;
}

int dwarf_function(struct dwarf *d, uint64_t address, const struct event_field **f, size_t *n, const struct type **ret)
{
	struct dwarf_fields fields = { 0 };
	struct places p = { 0 };
	Dwarf_Die unit, fn, type, child;

	if (!find_unit(d, address, &unit) || !find_function(d, &unit, address, &fn, 0))
		return -ENOENT;
	*ret = type_basic(d->world->types, TYPE_NONE);
	if (dwarf_type_of(d, &fn, &type)) {
		struct dwarf_class c = dwarf_classify(d, &type);

		*ret = dwarf_get(d, &type, 0);
		p.general = c.in_memory || c.by_reference; // the address of its result comes first
	}
	if (is_go(d, &unit))
		dwarf_go_arguments(d, &fn, address, &fields);
	else if (d->dwarf_child(&fn, &child) == 0)
		do {
			if (d->dwarf_tag(&child) == DW_TAG_formal_parameter)
				add_argument(d, &child, &p, &fields);
		} while (dwarf_next(d, &child));
	*f = fields.v;
	*n = fields.n;
	return 0;
}

// Lines ---------------------------------------------------------------------------------------------------------------

static bool is_file(const char *path, const char *end)
{
	size_t n = path ? strlen(path) : 0, m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0 && (n == m || path[n - m - 1] == '/' || *end == '/');
}

void dwarf_line(struct dwarf *d, const char *file, unsigned line, unsigned column, void (*each)(void *arg, uint64_t address), void *arg)
{
	Dwarf_Off at = 0, next;
	size_t header, n;
	Dwarf_Lines *lines;
	Dwarf_Die unit;

	for (; d->dwarf_nextcu(d->dw, at, &next, &header, NULL, NULL, NULL) == 0; at = next) {
		if (!d->dwarf_offdie(d->dw, at + header, &unit) || d->dwarf_getsrclines(&unit, &lines, &n) != 0)
			continue;
		for (size_t i = 0; i < n; i++) {
			Dwarf_Line *l = d->dwarf_onesrcline(lines, i);
			int number = 0, col = 0;
			bool statement = false;
			Dwarf_Addr address;

			if (!l || d->dwarf_lineno(l, &number) != 0 || number != (int)line || d->dwarf_linebeginstatement(l, &statement) != 0 || !statement)
				continue;
			if ((column && (d->dwarf_linecol(l, &col) != 0 || col != (int)column)) || !is_file(d->dwarf_linesrc(l, NULL, NULL), file))
				continue;
			if (d->dwarf_lineaddr(l, &address) == 0)
				each(arg, address);
		}
	}
}
