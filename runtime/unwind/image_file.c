// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/image_file.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"

#define HEAD 4096u
#define NOTES_MOST 65536u
#define ENTRY_BYTES 16u // what tells whether a program begins there
#define PAGE 4096u
#define SIZE_MOST ((uint64_t)1 << 40)
#define READ_MOST (IMAGE_PART_MOST * 2) // of one file
#define WINDOWS 64
#define WINDOWS_NOTES 48 // the most with notes: room for the rest
#define MANY (16 * PAGE) // bytes
#define LEAST 65536u

struct image_file {
	int fd;
	uint64_t size;
	uint8_t *memory;
	uint64_t cap, used; // by the file at hand
	uint64_t faulted;   // so much of it has been written, by some file
	struct image_window window[WINDOWS];
	size_t nwindows;
};

struct image_file *image_file_new(void)
{
	return xcalloc(1, sizeof(struct image_file));
}

void image_file_free(struct image_file *f)
{
	if (f)
		free(f->memory);
	free(f);
}

void image_file_forget(struct image_file *f)
{
	free(f->memory);
	*f = (struct image_file){ .fd = -1 };
}

static bool grow(struct image_file *f, uint64_t n)
{
	uint64_t cap = MAX(f->cap * 2, MAX(n, (uint64_t)LEAST)), at[WINDOWS];

	for (size_t i = 0; i < f->nwindows; i++)
		at[i] = (uint64_t)(f->window[i].bytes - f->memory);
	uint8_t *memory = realloc(f->memory, cap);
	if (!memory)
		return false;
	for (size_t i = 0; i < f->nwindows; i++)
		f->window[i].bytes = memory + at[i];
	f->memory = memory;
	f->cap = cap;
	return true;
}

// A fault for each page that is written takes longer than reading it. Where the kernel does not know the advice, it is so.
static bool make_room(struct image_file *f, uint64_t n)
{
	if (f->cap - f->used < n && !grow(f, f->used + n))
		return false;
	uintptr_t from = ((uintptr_t)f->memory + f->faulted + PAGE - 1) & ~(uintptr_t)(PAGE - 1), to = (uintptr_t)f->memory + f->used + n;
	if (to > from && to - from >= MANY)
		madvise((void *)from, to - from, MADV_POPULATE_WRITE);
	f->faulted = MAX(f->faulted, f->used + n);
	return true;
}

static const uint8_t *here(const struct image_file *f, uint64_t offset, uint64_t n)
{
	return image_window_bytes(f->window, f->nwindows, offset, n);
}

// What cannot be read is not there.
static void fetch(struct image_file *f, uint64_t offset, uint64_t n)
{
	if (offset >= f->size || f->nwindows == WINDOWS)
		return;
	n = MIN(n, f->size - offset);
	if (n > READ_MOST - f->used || here(f, offset, n) || !make_room(f, n))
		return;
	uint8_t *to = f->memory + f->used;
	uint64_t had = 0;
	while (had < n) {
		ssize_t got = pread(f->fd, to + had, n - had, (off_t)(offset + had));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		had += (uint64_t)got;
	}
	f->window[f->nwindows++] = (struct image_window){ to, offset, had };
	f->used += had;
}

static void fetch_notes(struct image_file *f, uint64_t offset, uint64_t n)
{
	if (f->nwindows < WINDOWS_NOTES)
		fetch(f, offset, MIN(n, (uint64_t)NOTES_MOST));
}

static void fetch_segments(struct image_file *f, const Elf64_Ehdr *e)
{
	uint64_t n = (uint64_t)e->e_phnum * sizeof(Elf64_Phdr);
	Elf64_Phdr p;

	fetch(f, e->e_phoff, n);
	const uint8_t *headers = here(f, e->e_phoff, n);
	for (unsigned i = 0; headers && e->e_phentsize == sizeof p && i < e->e_phnum; i++) {
		memcpy(&p, headers + i * sizeof p, sizeof p);
		if (p.p_type == PT_NOTE)
			fetch_notes(f, p.p_offset, p.p_filesz);
	}
}

static void fetch_sections(struct image_file *f, const Elf64_Ehdr *e)
{
	uint64_t n = (uint64_t)e->e_shnum * sizeof(Elf64_Shdr);
	Elf64_Shdr s;

	fetch(f, e->e_shoff, n);
	const uint8_t *headers = here(f, e->e_shoff, n);
	if (!headers || e->e_shentsize != sizeof s || e->e_shstrndx >= e->e_shnum)
		return;
	memcpy(&s, headers + e->e_shstrndx * sizeof s, sizeof s);
	fetch(f, s.sh_offset, s.sh_size);
	for (unsigned i = 0; i < e->e_shnum; i++) {
		memcpy(&s, headers + i * sizeof s, sizeof s);
		if (s.sh_type == SHT_NOTE)
			fetch_notes(f, s.sh_offset, s.sh_size);
	}
}

static void fetch_part(struct image_file *f, const struct image_part *p)
{
	fetch(f, p->offset, p->size);
}

// Without sections .eh_frame is somewhere in the segment that its index is in.
static void fetch_around(struct image_file *f, const struct image *m)
{
	for (size_t i = 0; i < m->nsegments && m->eh_frame_hdr.size && !m->eh_frame.size; i++) {
		const struct image_segment *s = &m->segment[i];

		if (m->eh_frame_hdr.address >= s->address && m->eh_frame_hdr.address - s->address < s->size)
			fetch(f, s->offset, s->size);
	}
}

static void fetch_go(struct image_file *f, const struct image *m)
{
	if (!m->is_go && !m->go_table.size)
		return;
	fetch_part(f, &m->go_table);
	fetch_part(f, &m->go_module);
	fetch_part(f, &m->rela);
	for (size_t i = 0; i < ARRAY_SIZE(m->data) && !m->go_table.size; i++)
		fetch_part(f, &m->data[i]);
}

int image_file_open(struct image_file *f, int fd, uint64_t size, struct image *ret)
{
	Elf64_Ehdr e;

	if (size < sizeof e || size > SIZE_MOST)
		return -ENOEXEC;
	f->fd = fd;
	f->size = size;
	f->nwindows = 0;
	f->used = 0;
	fetch(f, 0, HEAD);
	const uint8_t *header = here(f, 0, sizeof e);
	if (!header || memcmp(header, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	memcpy(&e, header, sizeof e);
	fetch_segments(f, &e);
	return image_open(f->window, f->nwindows, size, ret);
}

int image_file_read_frames(struct image_file *f, struct image *ret)
{
	const uint8_t *header = here(f, 0, sizeof(Elf64_Ehdr));
	struct image m;
	uint64_t entry;
	Elf64_Ehdr e;

	if (!header)
		return -ENOEXEC;
	memcpy(&e, header, sizeof e);
	fetch_sections(f, &e);
	int err = image_open(f->window, f->nwindows, f->size, &m);
	if (err)
		return err;
	fetch_part(f, &m.eh_frame_hdr);
	fetch_part(f, &m.eh_frame);
	fetch_part(f, &m.debug_frame);
	fetch_around(f, &m);
	fetch_go(f, &m);
	if (image_offset(&m, m.entry, &entry))
		fetch(f, entry, ENTRY_BYTES);
	return image_open(f->window, f->nwindows, f->size, ret);
}
