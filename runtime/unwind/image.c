// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

static bool within(const struct image *m, uint64_t offset, uint64_t size)
{
	return offset <= m->size && size <= m->size - offset;
}

const uint8_t *image_window_bytes(const struct image_window *window, size_t nwindows, uint64_t offset, uint64_t size)
{
	for (size_t i = 0; i < nwindows; i++) {
		const struct image_window *w = &window[i];

		if (offset >= w->offset && offset - w->offset <= w->size && size <= w->size - (offset - w->offset))
			return w->bytes + (offset - w->offset);
	}
	return NULL;
}

static const uint8_t *at(const struct image *m, uint64_t offset, uint64_t size)
{
	return image_window_bytes(m->window, m->nwindows, offset, size);
}

static bool is_ours(const Elf64_Ehdr *e)
{
	return memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_ident[EI_CLASS] == ELFCLASS64 && e->e_ident[EI_DATA] == ELFDATA2LSB &&
	       (e->e_machine == EM_X86_64 || e->e_machine == EM_AARCH64) && (e->e_type == ET_EXEC || e->e_type == ET_DYN);
}

static void read_notes(struct image *m, uint64_t offset, uint64_t size)
{
	const uint8_t *notes = at(m, offset, size);
	Elf64_Nhdr n;

	if (m->build_id || !notes || size > m->notes_left)
		return;
	m->notes_left -= size;
	for (uint64_t here = 0; size - here >= sizeof n;) {
		memcpy(&n, notes + here, sizeof n);
		uint64_t name = here + sizeof n, desc = name + ALIGN_UP((uint64_t)n.n_namesz, 4), end = desc + ALIGN_UP((uint64_t)n.n_descsz, 4);

		if (desc > size || n.n_descsz > size - desc)
			return;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0 && n.n_descsz) {
			m->build_id = notes + desc;
			m->build_id_len = n.n_descsz;
			return;
		}
		if (end > size)
			return;
		here = end;
	}
}

static struct image_part part_at(const struct image *m, uint64_t offset, uint64_t size, uint64_t address)
{
	return (struct image_part){ .bytes = size ? at(m, offset, size) : NULL, .size = size, .address = address, .offset = offset };
}

static void add_segment(struct image *m, const Elf64_Phdr *p)
{
	if (m->nsegments == IMAGE_SEGMENTS || !within(m, p->p_offset, p->p_filesz) || p->p_filesz > UINT64_MAX - p->p_vaddr)
		return;
	m->segment[m->nsegments++] =
		(struct image_segment){ .address = p->p_vaddr, .offset = p->p_offset, .size = p->p_filesz, .executable = p->p_flags & PF_X };
}

static void read_segments(struct image *m, const Elf64_Ehdr *e)
{
	const uint8_t *headers = at(m, e->e_phoff, (uint64_t)e->e_phnum * sizeof(Elf64_Phdr));
	Elf64_Phdr p;

	if (e->e_phentsize != sizeof p || !headers)
		return;
	for (unsigned i = 0; i < e->e_phnum; i++) {
		memcpy(&p, headers + i * sizeof p, sizeof p);
		if (p.p_type == PT_LOAD)
			add_segment(m, &p);
		else if (p.p_type == PT_NOTE)
			read_notes(m, p.p_offset, p.p_filesz);
		else if (p.p_type == PT_GNU_EH_FRAME && within(m, p.p_offset, p.p_filesz) && p.p_filesz <= IMAGE_PART_MOST)
			m->eh_frame_hdr = part_at(m, p.p_offset, p.p_filesz, p.p_vaddr);
	}
}

struct names { // of sections
	const char *bytes;
	uint64_t size;
};

// Inlined, a comparison is one of words: of the sections of all files there are a million.
static inline __attribute__((always_inline)) bool is_named(const struct names *names, const Elf64_Shdr *s, const char *name)
{
	size_t n = strlen(name) + 1;

	return s->sh_name <= names->size && n <= names->size - s->sh_name && memcmp(names->bytes + s->sh_name, name, n) == 0;
}

// As many section headers as are in the file.
static uint64_t count_sections(const struct image *m, const Elf64_Ehdr *e)
{
	uint64_t room = e->e_shoff <= m->size ? m->size - e->e_shoff : 0;

	return e->e_shentsize == sizeof(Elf64_Shdr) ? MIN((uint64_t)e->e_shnum, room / sizeof(Elf64_Shdr)) : 0;
}

static void read_sections(struct image *m, const Elf64_Ehdr *e)
{
	uint64_t n = count_sections(m, e);
	const uint8_t *headers = at(m, e->e_shoff, n * sizeof(Elf64_Shdr));
	Elf64_Shdr s;

	if (!headers || e->e_shstrndx >= n)
		return;
	memcpy(&s, headers + e->e_shstrndx * sizeof s, sizeof s);
	struct names names = { (const char *)at(m, s.sh_offset, s.sh_size), s.sh_size };
	if (!names.bytes)
		return;
	for (unsigned i = 1; i < n; i++) {
		memcpy(&s, headers + i * sizeof s, sizeof s);
		if (s.sh_type == SHT_NOBITS || (s.sh_flags & SHF_COMPRESSED) || !within(m, s.sh_offset, s.sh_size) || s.sh_size > IMAGE_PART_MOST)
			continue;
		struct image_part part = part_at(m, s.sh_offset, s.sh_size, s.sh_addr);

		if (is_named(&names, &s, ".eh_frame"))
			m->eh_frame = part;
		else if (is_named(&names, &s, ".debug_frame"))
			m->debug_frame = part;
		else if (is_named(&names, &s, ".gopclntab") || is_named(&names, &s, ".data.rel.ro.gopclntab"))
			m->go_table = part;
		else if (is_named(&names, &s, ".go.module"))
			m->go_module = part;
		else if (is_named(&names, &s, ".data.rel.ro"))
			m->data[0] = part;
		else if (is_named(&names, &s, ".rodata"))
			m->data[1] = part;
		else if (is_named(&names, &s, ".go.buildinfo"))
			m->is_go = true;
		else if (s.sh_type == SHT_RELA && !m->rela.size)
			m->rela = part;
		else if (is_named(&names, &s, ".eh_frame_hdr") && !m->eh_frame_hdr.size)
			m->eh_frame_hdr = part;
		else if (s.sh_type == SHT_NOTE)
			read_notes(m, s.sh_offset, s.sh_size);
	}
}

int image_open(const struct image_window *window, size_t nwindows, uint64_t size, struct image *ret)
{
	Elf64_Ehdr e;

	*ret = (struct image){ .window = window, .nwindows = nwindows, .size = size, .notes_left = IMAGE_NOTES_MOST };
	const uint8_t *header = at(ret, 0, sizeof e);
	if (!header)
		return -ENOEXEC;
	memcpy(&e, header, sizeof e);
	if (!is_ours(&e))
		return -ENOEXEC;
	ret->machine = e.e_machine;
	ret->entry = e.e_entry;
	read_segments(ret, &e);
	read_sections(ret, &e);
	return 0;
}

static const struct image_segment *segment_of(const struct image *m, uint64_t address, bool executable)
{
	for (size_t i = 0; i < m->nsegments; i++) {
		const struct image_segment *s = &m->segment[i];

		if ((s->executable || !executable) && address >= s->address && address - s->address < s->size)
			return s;
	}
	return NULL;
}

const struct image_segment *image_code(const struct image *m, uint64_t address)
{
	return segment_of(m, address, true);
}

bool image_offset(const struct image *m, uint64_t address, uint64_t *ret)
{
	const struct image_segment *s = image_code(m, address);

	if (s)
		*ret = s->offset + (address - s->address);
	return s != NULL;
}

const uint8_t *image_bytes(const struct image *m, uint64_t address, uint64_t *room)
{
	const struct image_segment *s = segment_of(m, address, false);

	for (size_t i = 0; s && i < m->nwindows; i++) {
		const struct image_window *w = &m->window[i];
		uint64_t offset = s->offset + (address - s->address);

		if (offset < w->offset || offset - w->offset >= w->size)
			continue;
		*room = MIN(MIN(s->size - (address - s->address), w->size - (offset - w->offset)), IMAGE_PART_MOST);
		return w->bytes + (offset - w->offset);
	}
	return NULL;
}
