// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

#define SECTIONS_MOST 65536u

static bool within(const struct image *m, uint64_t offset, uint64_t size)
{
	return offset <= m->size && size <= m->size - offset;
}

static bool is_ours(const Elf64_Ehdr *e)
{
	return memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_ident[EI_CLASS] == ELFCLASS64 && e->e_ident[EI_DATA] == ELFDATA2LSB &&
	       (e->e_machine == EM_X86_64 || e->e_machine == EM_AARCH64) && (e->e_type == ET_EXEC || e->e_type == ET_DYN);
}

static void read_notes(struct image *m, uint64_t offset, uint64_t size)
{
	Elf64_Nhdr n;

	if (m->build_id || !within(m, offset, size) || size > m->notes_left)
		return;
	m->notes_left -= size;
	for (uint64_t at = 0; size - at >= sizeof n;) {
		memcpy(&n, m->bytes + offset + at, sizeof n);
		uint64_t name = at + sizeof n, desc = name + ALIGN_UP((uint64_t)n.n_namesz, 4), end = desc + ALIGN_UP((uint64_t)n.n_descsz, 4);

		if (desc > size || n.n_descsz > size - desc)
			return;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && memcmp(m->bytes + offset + name, "GNU", 4) == 0 && n.n_descsz) {
			m->build_id = m->bytes + offset + desc;
			m->build_id_len = n.n_descsz;
			return;
		}
		if (end > size)
			return;
		at = end;
	}
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
	Elf64_Phdr p;

	if (e->e_phentsize != sizeof p || !within(m, e->e_phoff, (uint64_t)e->e_phnum * sizeof p))
		return;
	for (unsigned i = 0; i < e->e_phnum; i++) {
		memcpy(&p, m->bytes + e->e_phoff + i * sizeof p, sizeof p);
		if (p.p_type == PT_LOAD)
			add_segment(m, &p);
		else if (p.p_type == PT_NOTE)
			read_notes(m, p.p_offset, p.p_filesz);
		else if (p.p_type == PT_GNU_EH_FRAME && within(m, p.p_offset, p.p_filesz) && p.p_filesz <= IMAGE_PART_MOST)
			m->eh_frame_hdr = (struct image_part){ m->bytes + p.p_offset, p.p_filesz, p.p_vaddr };
	}
}

static bool section_at(const struct image *m, const Elf64_Ehdr *e, uint64_t i, Elf64_Shdr *ret)
{
	uint64_t at = e->e_shoff + i * sizeof *ret;

	if (e->e_shentsize != sizeof *ret || e->e_shoff > m->size || !within(m, at, sizeof *ret))
		return false;
	memcpy(ret, m->bytes + at, sizeof *ret);
	return true;
}

static bool is_named(const struct image *m, const Elf64_Shdr *names, const Elf64_Shdr *s, const char *name)
{
	size_t n = strlen(name) + 1;

	return s->sh_name <= names->sh_size && n <= names->sh_size - s->sh_name && memcmp(m->bytes + names->sh_offset + s->sh_name, name, n) == 0;
}

static void read_sections(struct image *m, const Elf64_Ehdr *e)
{
	Elf64_Shdr names, s;

	if (!section_at(m, e, e->e_shstrndx, &names) || !within(m, names.sh_offset, names.sh_size))
		return;
	for (unsigned i = 1; i < e->e_shnum && section_at(m, e, i, &s); i++) {
		if (s.sh_type == SHT_NOBITS || (s.sh_flags & SHF_COMPRESSED) || !within(m, s.sh_offset, s.sh_size) || s.sh_size > IMAGE_PART_MOST)
			continue;
		struct image_part part = { m->bytes + s.sh_offset, s.sh_size, s.sh_addr };

		if (is_named(m, &names, &s, ".eh_frame"))
			m->eh_frame = part;
		else if (is_named(m, &names, &s, ".debug_frame"))
			m->debug_frame = part;
		else if (is_named(m, &names, &s, ".gopclntab") || is_named(m, &names, &s, ".data.rel.ro.gopclntab"))
			m->go_table = part;
		else if (is_named(m, &names, &s, ".go.module"))
			m->go_module = part;
		else if (is_named(m, &names, &s, ".data.rel.ro"))
			m->data[0] = part;
		else if (is_named(m, &names, &s, ".rodata"))
			m->data[1] = part;
		else if (is_named(m, &names, &s, ".go.buildinfo"))
			m->is_go = true;
		else if (s.sh_type == SHT_RELA && s.sh_size && !m->rela.bytes)
			m->rela = part;
		else if (is_named(m, &names, &s, ".eh_frame_hdr") && !m->eh_frame_hdr.bytes)
			m->eh_frame_hdr = part;
		else if (s.sh_type == SHT_NOTE)
			read_notes(m, s.sh_offset, s.sh_size);
	}
}

int image_open(const void *bytes, size_t n, struct image *ret)
{
	Elf64_Ehdr e;

	if (n < sizeof e)
		return -ENOEXEC;
	memcpy(&e, bytes, sizeof e);
	if (!is_ours(&e))
		return -ENOEXEC;
	*ret = (struct image){ .bytes = bytes, .size = n, .machine = e.e_machine, .entry = e.e_entry, .notes_left = IMAGE_NOTES_MOST };
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

bool image_offset(const struct image *m, uint64_t address, uint64_t *ret)
{
	const struct image_segment *s = segment_of(m, address, true);

	if (s)
		*ret = s->offset + (address - s->address);
	return s != NULL;
}

const uint8_t *image_bytes(const struct image *m, uint64_t address, uint64_t *room)
{
	const struct image_segment *s = segment_of(m, address, false);

	if (!s)
		return NULL;
	*room = MIN(s->size - (address - s->address), IMAGE_PART_MOST);
	return m->bytes + s->offset + (address - s->address);
}
