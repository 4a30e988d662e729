// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/image_file.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/unwind/image.h"

#define HEAD 4096u
#define NOTES_MOST 65536u
#define ENTRY_BYTES 16u // what tells whether a program begins there
#define PAGE 4096u
#define HUGE_PAGE (2u << 20)
#define MANY (16 * PAGE) // bytes
#define HUGE (2 * HUGE_PAGE)
#define SIZE_MOST ((uint64_t)1 << 40)
#define READ_MOST (IMAGE_PART_MOST * 2) // of one file

struct reader {
	int fd;
	uint8_t *bytes;
	uint64_t size;
	uint64_t had;  // so many bytes of the start are here
	uint64_t left; // of READ_MOST
};

// A fault for each page that is written takes longer than reading it. Where the kernel knows neither advice, it is so.
static void make_room(uint8_t *at, uint64_t n)
{
	uintptr_t page = n < HUGE ? PAGE : HUGE_PAGE, from = (uintptr_t)at & ~(page - 1), to = (uintptr_t)at + n;

	if (n >= HUGE)
		madvise((void *)(from + HUGE_PAGE), to - from - HUGE_PAGE, MADV_HUGEPAGE);
	else if (n >= MANY)
		madvise((void *)from, to - from, MADV_POPULATE_WRITE);
}

// What cannot be read stays zero, which says nothing.
static void fetch(struct reader *r, uint64_t offset, uint64_t n)
{
	if (offset >= r->size)
		return;
	n = MIN(n, r->size - offset);
	if (offset + n <= r->had || n > r->left)
		return;
	r->left -= n;
	make_room(r->bytes + offset, n);
	for (uint64_t at = 0; at < n;) {
		ssize_t got = pread(r->fd, r->bytes + offset + at, n - at, (off_t)(offset + at));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		at += (uint64_t)got;
	}
}

static void fetch_segments(struct reader *r, const Elf64_Ehdr *e)
{
	uint64_t n = (uint64_t)e->e_phnum * sizeof(Elf64_Phdr);
	Elf64_Phdr p;

	if (e->e_phentsize != sizeof p || e->e_phoff > r->size || n > r->size - e->e_phoff)
		return;
	fetch(r, e->e_phoff, n);
	for (unsigned i = 0; i < e->e_phnum; i++) {
		memcpy(&p, r->bytes + e->e_phoff + i * sizeof p, sizeof p);
		if (p.p_type == PT_NOTE)
			fetch(r, p.p_offset, MIN(p.p_filesz, (uint64_t)NOTES_MOST));
	}
}

static void fetch_sections(struct reader *r, const Elf64_Ehdr *e)
{
	uint64_t n = (uint64_t)e->e_shnum * sizeof(Elf64_Shdr);
	Elf64_Shdr s;

	if (e->e_shentsize != sizeof s || e->e_shoff > r->size || n > r->size - e->e_shoff || e->e_shstrndx >= e->e_shnum)
		return;
	fetch(r, e->e_shoff, n);
	memcpy(&s, r->bytes + e->e_shoff + e->e_shstrndx * sizeof s, sizeof s);
	fetch(r, s.sh_offset, s.sh_size);
	for (unsigned i = 0; i < e->e_shnum; i++) {
		memcpy(&s, r->bytes + e->e_shoff + i * sizeof s, sizeof s);
		if (s.sh_type == SHT_NOTE)
			fetch(r, s.sh_offset, MIN(s.sh_size, (uint64_t)NOTES_MOST));
	}
}

static void fetch_part(struct reader *r, const struct image_part *p)
{
	if (p->bytes)
		fetch(r, (uint64_t)(p->bytes - r->bytes), p->size);
}

// Without sections .eh_frame is somewhere in the segment that its index is in.
static void fetch_around(struct reader *r, const struct image *m)
{
	for (size_t i = 0; i < m->nsegments && m->eh_frame_hdr.bytes && !m->eh_frame.bytes; i++) {
		const struct image_segment *s = &m->segment[i];

		if (m->eh_frame_hdr.address >= s->address && m->eh_frame_hdr.address - s->address < s->size)
			fetch(r, s->offset, s->size);
	}
}

static void fetch_go(struct reader *r, const struct image *m)
{
	if (!m->is_go && !m->go_table.bytes)
		return;
	fetch_part(r, &m->go_table);
	fetch_part(r, &m->go_module);
	fetch_part(r, &m->rela);
	for (size_t i = 0; i < ARRAY_SIZE(m->data) && !m->go_table.bytes; i++)
		fetch_part(r, &m->data[i]);
}

int image_file_read(int fd, uint64_t size, void **ret)
{
	struct reader r = { .fd = fd, .size = size, .left = READ_MOST };
	struct image m;
	Elf64_Ehdr e;

	if (size < sizeof e || size > SIZE_MOST)
		return -ENOEXEC;
	r.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r.bytes == MAP_FAILED)
		return -errno;
	fetch(&r, 0, HEAD);
	r.had = HEAD;
	memcpy(&e, r.bytes, sizeof e);
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) == 0)
		fetch_segments(&r, &e);
	int err = image_open(r.bytes, size, &m);
	if (err) {
		image_file_free(r.bytes, size);
		return err;
	}
	*ret = r.bytes;
	return 0;
}

int image_file_read_frames(int fd, uint64_t size, void *bytes)
{
	struct reader r = { .fd = fd, .bytes = bytes, .size = size, .had = HEAD, .left = READ_MOST };
	struct image m;
	uint64_t entry;
	Elf64_Ehdr e;

	memcpy(&e, bytes, sizeof e);
	fetch_sections(&r, &e);
	int err = image_open(bytes, size, &m);
	if (err)
		return err;
	fetch_part(&r, &m.eh_frame_hdr);
	fetch_part(&r, &m.eh_frame);
	fetch_part(&r, &m.debug_frame);
	fetch_around(&r, &m);
	fetch_go(&r, &m);
	if (image_offset(&m, m.entry, &entry))
		fetch(&r, entry, ENTRY_BYTES);
	return 0;
}

void image_file_free(void *bytes, uint64_t size)
{
	munmap(bytes, size);
}
