// SPDX-License-Identifier: Apache-2.0
#include "runtime/usdt_note.h"

#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/elf_file.h"

#define NOTE_TYPE 3

struct list {
	VEC(struct binary_usdt) notes;
};

static const char *take_string(const char **p, const char *end)
{
	const char *s = *p, *nul = memchr(s, '\0', (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

// The note: address, base, semaphore (8 bytes each), then provider, name and arguments.
static void add_note(struct elf_file *f, const struct elf_section *base, const char *p, size_t n, struct arena *a, struct list *out)
{
	const char *end = p + n;
	uint64_t at[3];
	struct binary_usdt u = { 0 };

	if (n < sizeof at)
		return;
	memcpy(at, p, sizeof at);
	p += sizeof at;
	u.provider = take_string(&p, end);
	u.name = u.provider ? take_string(&p, end) : NULL;
	u.args = u.name ? take_string(&p, end) : NULL;
	if (!u.args)
		return;
	uint64_t moved = base ? base->address - at[1] : 0;
	u.address = at[0] + moved;
	if (!elf_file_offset(f, u.address, true, &u.offset))
		return;
	if (at[2] && !elf_file_offset(f, at[2] + moved, false, &u.semaphore_offset))
		return;
	vec_push(a, &out->notes, u);
}

static void read_section(struct elf_file *f, const struct elf_section *s, const struct elf_section *base, struct arena *a, struct list *out)
{
	const char *p = elf_file_bytes(f, s->offset, s->size);
	uint64_t left = p ? s->size : 0;

	while (left >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		uint64_t desc, next;

		memcpy(&h, p, sizeof h);
		desc = sizeof h + ALIGN_UP((uint64_t)h.n_namesz, 4);
		next = desc + ALIGN_UP((uint64_t)h.n_descsz, 4);
		if (desc + h.n_descsz > left)
			return;
		if (h.n_type == NOTE_TYPE && h.n_namesz == 8 && memcmp(p + sizeof h, "stapsdt", 8) == 0)
			add_note(f, base, p + desc, h.n_descsz, a, out);
		if (next > left)
			return;
		p += next;
		left -= next;
	}
}

void usdt_notes(struct elf_file *f, struct arena *a, const struct binary_usdt **ret, size_t *n)
{
	struct elf_section s, base;
	bool has_base = elf_file_section_named(f, ".stapsdt.base", &base);
	uint64_t left = elf_file_size(f);
	struct list out = { 0 };

	for (size_t i = 0; elf_file_section(f, i, &s); i++)
		if (s.type == SHT_NOTE && strcmp(s.name, ".note.stapsdt") == 0 && elf_file_spend(&left, s.size))
			read_section(f, &s, has_base ? &base : NULL, a, &out);
	*ret = out.notes.v;
	*n = out.notes.n;
}
