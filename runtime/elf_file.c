// SPDX-License-Identifier: Apache-2.0
#include "runtime/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/util.h"
#include "runtime/elf_private.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_DATA ELFDATA2LSB
#else
#define BYTE_ORDER_DATA ELFDATA2MSB
#endif

#define MAX_SEGMENTS 256 // each address is looked for in all of them; linkers make a dozen
#define MAX_SECTIONS 1000000

#define BLOCK 16384u
#define PARKED -2 // for a descriptor: closed, to be opened again

static struct elf_id id_of(const struct stat *st)
{
	return (struct elf_id){ st->st_dev, st->st_ino, st->st_size, (uint64_t)st->st_mtim.tv_sec * 1000000000ull + (uint64_t)st->st_mtim.tv_nsec };
}

static bool same_id(const struct stat *st, const struct elf_id *id)
{
	struct elf_id now = id_of(st);

	return now.dev == id->dev && now.ino == id->ino && now.size == id->size && now.mtime_ns == id->mtime_ns;
}

static bool is_present(const struct elf_file *f, uint64_t block)
{
	return f->present[block / 64] & 1ull << block % 64;
}

static void read_run(const struct elf_file *f, uint64_t first, uint64_t end)
{
	uint64_t at = first * BLOCK;
	size_t want = (size_t)(MIN(end * BLOCK, f->size) - at), have = 0;
	ssize_t n;

	for (uint64_t b = first; b < end; b++)
		f->present[b / 64] |= 1ull << b % 64;
	while (have < want && (n = pread(f->fd, f->data + at + have, want - have, (off_t)(at + have))) > 0)
		have += (size_t)n;
}

static bool reopen(const struct elf_file *f)
{
	struct elf_file *file = (struct elf_file *)f; // its bytes are the same before and after
	int fd = f->path ? open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && same_id(&st, &f->id)) {
		file->fd = fd;
		return true;
	}
	if (fd >= 0)
		close(fd);
	file->fd = -1;
	return false;
}

static void read_blocks(const struct elf_file *f, uint64_t offset, uint64_t size)
{
	for (uint64_t b = offset / BLOCK, run; b * BLOCK < offset + size; b = run) {
		run = b + 1;
		if (is_present(f, b) || !(f->fd >= 0 || (f->fd == PARKED && reopen(f))))
			continue;
		while (run * BLOCK < offset + size && !is_present(f, run))
			run++;
		read_run(f, b, run);
	}
}

uint64_t elf_file_size(const struct elf_file *f)
{
	return f->size;
}

uint64_t elf_file_within(const struct elf_file *f, uint64_t offset, uint64_t size)
{
	return offset < f->size ? MIN(MIN(size, f->size - offset), ELF_MOST_BYTES) : 0;
}

bool elf_file_spend(uint64_t *left, uint64_t n)
{
	if (n > *left)
		return false;
	*left -= n;
	return true;
}

const void *elf_file_bytes(const struct elf_file *f, uint64_t offset, uint64_t size)
{
	if (offset > f->size || size > f->size - offset || size > ELF_MOST_BYTES)
		return NULL;
	if (f->present)
		read_blocks(f, offset, size);
	return f->data + offset;
}

// Unaligned tables are refused rather than read bytewise: no linker makes them.

const void *elf_table(const struct elf_file *f, uint64_t offset, uint64_t n, size_t item)
{
	if (offset % _Alignof(uint64_t) || n > f->size / item)
		return NULL;
	return elf_file_bytes(f, offset, n * item);
}

static bool header_is_ours(const Elf64_Ehdr *e)
{
	return memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_ident[EI_CLASS] == ELFCLASS64 &&
	       e->e_ident[EI_DATA] == BYTE_ORDER_DATA && e->e_machine == ELF_MACHINE && (e->e_type == ET_EXEC || e->e_type == ET_DYN);
}

static int read_headers(struct elf_file *f)
{
	const Elf64_Ehdr *e = elf_file_bytes(f, 0, sizeof *e);

	if (!e || !header_is_ours(e))
		return -ENOEXEC;
	f->header = e;
	if (e->e_phentsize == sizeof(Elf64_Phdr) && e->e_phnum <= MAX_SEGMENTS)
		f->segments = elf_table(f, e->e_phoff, e->e_phnum, sizeof(Elf64_Phdr));
	f->nsegments = f->segments ? e->e_phnum : 0;
	if (!e->e_shoff || e->e_shentsize != sizeof(Elf64_Shdr))
		return 0;
	const Elf64_Shdr *zero = elf_table(f, e->e_shoff, 1, sizeof *zero); // holds the count when it does not fit the header
	uint64_t n = e->e_shnum ? e->e_shnum : zero ? zero->sh_size : 0;
	if (n <= MAX_SECTIONS)
		f->sections = elf_table(f, e->e_shoff, n, sizeof(Elf64_Shdr));
	f->nsections = f->sections ? n : 0;
	uint32_t names = e->e_shstrndx == SHN_XINDEX && zero ? zero->sh_link : e->e_shstrndx;
	if (names < f->nsections)
		f->section_names = elf_strings(f, &f->sections[names], &f->section_names_size);
	return 0;
}

// A string table's bytes, NULL unless it ends with a NUL: then every offset inside begins a string that ends inside.
const char *elf_strings(const struct elf_file *f, const Elf64_Shdr *s, uint64_t *size)
{
	const char *p = s->sh_type == SHT_NOBITS ? NULL : elf_file_bytes(f, s->sh_offset, s->sh_size);

	if (!p || s->sh_size == 0)
		return NULL;
	*size = s->sh_size;
	while (*size && p[*size - 1] != '\0') // a table whose tail is cut loses its last name
		(*size)--;
	return *size ? p : NULL;
}

static int open_file(const char *path, struct elf_file **ret)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a fifo must not hold us
	struct elf_file *f;
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return -ENOEXEC;
	void *p = mmap(NULL, (size_t)st.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	f = xcalloc(1, sizeof *f);
	f->data = p;
	f->size = (size_t)st.st_size;
	f->fd = TAKE_FD(fd);
	f->present = xcalloc(f->size / BLOCK / 64 + 1, sizeof *f->present);
	f->id = id_of(&st);
	err = read_headers(f);
	if (err) {
		elf_file_close(f);
		return err;
	}
	*ret = f;
	return 0;
}

int elf_file_open_at(const char *path, const char *root, const char *name, struct elf_file **ret)
{
	int err = open_file(path, ret);

	if (err)
		return err;
	(*ret)->path = xstrdup(path);
	(*ret)->root = xstrdup(root);
	(*ret)->name = xstrdup(name);
	return 0;
}

int elf_file_open(const char *path, struct elf_file **ret)
{
	return elf_file_open_at(path, "", path, ret);
}

int elf_file_from_memory(void *bytes, size_t size, struct elf_file **ret)
{
	struct elf_file *f = xcalloc(1, sizeof *f);

	f->data = bytes;
	f->size = size;
	f->fd = -1;
	f->debug_looked_for = true;
	if (read_headers(f) < 0) {
		elf_file_close(f);
		return -ENOEXEC;
	}
	*ret = f;
	return 0;
}

void elf_file_settle(struct elf_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void elf_file_park(struct elf_file *f)
{
	bool was_open = f->fd >= 0;

	elf_file_settle(f);
	f->fd = was_open ? PARKED : -1;
}

void elf_file_drop(const struct elf_file *f, uint64_t offset, uint64_t size)
{
	uint64_t first = (offset + BLOCK - 1) / BLOCK, end = (offset + size) / BLOCK;

	if (f->fd == -1 || !f->present || offset > f->size || size > f->size - offset || first >= end)
		return;
	for (uint64_t b = first; b < end; b++)
		f->present[b / 64] &= ~(1ull << b % 64);
	madvise(f->data + first * BLOCK, (end - first) * BLOCK, MADV_DONTNEED);
}

void elf_file_close(struct elf_file *f)
{
	if (!f)
		return;
	elf_file_close(f->debug);
	elf_file_close(f->mini);
	elf_file_settle(f);
	if (f->present)
		munmap(f->data, f->size + 1);
	else
		free(f->data);
	free(f->present);
	free(f->path);
	free(f->root);
	free(f->name);
	free(f);
}

struct elf_id elf_file_id(const struct elf_file *f)
{
	return f->id;
}

int elf_file_descriptor(const struct elf_file *f)
{
	if (f->fd == PARKED)
		reopen(f);
	return f->fd >= 0 ? fcntl(f->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

const char *elf_file_path(const struct elf_file *f)
{
	return f->path;
}

uint64_t elf_file_entry(const struct elf_file *f)
{
	return f->header->e_entry;
}

static bool segment_is_code(const Elf64_Phdr *p)
{
	return p->p_type == PT_LOAD && (p->p_flags & PF_X);
}

uint64_t elf_file_code_start(const struct elf_file *f)
{
	uint64_t low = UINT64_MAX;

	for (size_t i = 0; i < f->nsegments; i++)
		if (segment_is_code(&f->segments[i]))
			low = MIN(low, f->segments[i].p_vaddr);
	return low;
}

bool elf_file_offset(const struct elf_file *f, uint64_t address, bool executable, uint64_t *offset)
{
	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];

		if (p->p_type != PT_LOAD || (executable && !segment_is_code(p)))
			continue;
		if (address < p->p_vaddr || address - p->p_vaddr >= p->p_filesz)
			continue;
		*offset = p->p_offset + (address - p->p_vaddr);
		return true;
	}
	return false;
}

// Mappings are whole pages, so an offset just before a segment may belong to it: exact ones are preferred.
bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *address)
{
	const Elf64_Phdr *near = NULL;

	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];

		if (!segment_is_code(p))
			continue;
		if (offset >= p->p_offset && offset - p->p_offset < p->p_filesz) {
			*address = p->p_vaddr + (offset - p->p_offset);
			return true;
		}
		if (offset >= (p->p_offset & ~0xfffull) && offset < p->p_offset + p->p_filesz + 0x1000)
			near = p;
	}
	if (near)
		*address = near->p_vaddr + (offset - near->p_offset);
	return near != NULL;
}

uint64_t elf_file_code_size(const struct elf_file *f, uint64_t offset)
{
	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];

		if (!segment_is_code(p) || offset < p->p_offset || offset - p->p_offset >= p->p_filesz || offset >= f->size)
			continue;
		return MIN(p->p_filesz - (offset - p->p_offset), f->size - offset);
	}
	return 0;
}

size_t elf_file_sections(const struct elf_file *f)
{
	return f->nsections;
}

bool elf_file_section(const struct elf_file *f, size_t i, struct elf_section *ret)
{
	if (i >= f->nsections)
		return false;
	const Elf64_Shdr *s = &f->sections[i];
	*ret = (struct elf_section){ .name = f->section_names && s->sh_name < f->section_names_size ? f->section_names + s->sh_name : "",
				     .type = s->sh_type, .link = s->sh_link, .flags = s->sh_flags, .address = s->sh_addr, .offset = s->sh_offset,
				     .size = s->sh_size, .entsize = s->sh_entsize };
	return true;
}

bool elf_file_section_named(const struct elf_file *f, const char *name, struct elf_section *ret)
{
	struct elf_section s;

	for (size_t i = 0; elf_file_section(f, i, &s); i++) {
		if (strcmp(s.name, name) != 0)
			continue;
		*ret = s;
		return true;
	}
	return false;
}

static size_t find_build_id(const uint8_t *p, uint64_t size, const uint8_t **id)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		uint64_t name, desc;

		memcpy(&h, p, sizeof h);
		name = sizeof h;
		desc = name + ALIGN_UP((uint64_t)h.n_namesz, 4);
		if (desc + h.n_descsz > size)
			return 0;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && memcmp(p + name, "GNU", 4) == 0) {
			*id = p + desc;
			return h.n_descsz;
		}
		desc += ALIGN_UP((uint64_t)h.n_descsz, 4);
		if (desc > size)
			return 0;
		p += desc;
		size -= desc;
	}
	return 0;
}

size_t elf_file_build_id(const struct elf_file *f, const uint8_t **id)
{
	uint64_t left = f->size;
	size_t n = 0;

	for (size_t i = 0; i < f->nsegments && !n; i++) {
		const Elf64_Phdr *p = &f->segments[i];
		const void *notes = p->p_type == PT_NOTE ? elf_file_bytes(f, p->p_offset, p->p_filesz) : NULL;

		if (notes && elf_file_spend(&left, p->p_filesz))
			n = find_build_id(notes, p->p_filesz, id);
	}
	left = f->size;
	for (size_t i = 0; i < f->nsections && !n; i++) { // a debug file's segments may not be in it
		const Elf64_Shdr *s = &f->sections[i];
		const void *notes = s->sh_type == SHT_NOTE ? elf_file_bytes(f, s->sh_offset, s->sh_size) : NULL;

		if (notes && elf_file_spend(&left, s->sh_size))
			n = find_build_id(notes, s->sh_size, id);
	}
	return n;
}

uint64_t elf_file_content(const struct elf_file *f)
{
	const uint8_t *id;
	size_t n = elf_file_build_id(f, &id), size = (size_t)elf_file_within(f, 0, f->size);
	const void *all = n ? NULL : elf_file_bytes(f, 0, size);
	uint64_t h = n ? hash_bytes(id, n, 1) : all ? hash_bytes(all, size, 2) : 0;

	return h ? h : 1;
}
