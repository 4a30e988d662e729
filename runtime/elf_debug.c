// SPDX-License-Identifier: Apache-2.0
// elf_debug.c - where the symbols of a stripped binary are: a separate file found by build ID or by .gnu_debuglink (GDB's
// manual, "Debugging Information in Separate Files"), or an xz stream in the section .gnu_debugdata. A file counts only if it
// is of the same build: the same build ID, or the checksum that the link gives.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/util.h"
#include "runtime/elf_private.h"

#define MOST_MINI (256u << 20)    // bytes of unpacked symbols
#define MINI_RATIO 64u            // to the packed ones: tables of symbols are made an eighth, zeros a seven-thousandth
#define MINI_MEMORY (128ull << 20) // what the unpacking may take

static bool build_id_is(const struct elf_file *f, const uint8_t *id, size_t n)
{
	const uint8_t *other;

	return n && elf_file_build_id(f, &other) == n && memcmp(id, other, n) == 0;
}

// Opens a debug file if it is one of that build. `crc` NULL: the build ID must tell.
static struct elf_file *open_same(const struct elf_file *f, const char *path, const uint32_t *crc)
{
	const uint8_t *id, *other;
	size_t n = elf_file_build_id(f, &id);
	struct elf_file *d = NULL;

	if (elf_file_open(path, &d) < 0)
		return NULL;
	d->debug_looked_for = true;
	if (d->id.dev == f->id.dev && d->id.ino == f->id.ino) { // itself, by its own name
		elf_file_close(d);
		return NULL;
	}
	bool same = n && elf_file_build_id(d, &other) ? build_id_is(d, id, n) : crc && elf_file_checksum(d) == *crc;
	if (same)
		return d;
	elf_file_close(d);
	return NULL;
}

uint32_t elf_file_checksum(const struct elf_file *f)
{
	_free_ uint8_t *buf = xmalloc(1 << 16);
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while (f->fd >= 0 && (n = pread(f->fd, buf, 1 << 16, at)) > 0) {
		crc = crc32(crc, buf, (uInt)n);
		at += n;
	}
	return (uint32_t)crc;
}

typedef bool accept_fn(struct elf_file *d, const void *arg);

static struct elf_file *take_if(struct elf_file *d, accept_fn *accept, const void *arg)
{
	if (!d || accept(d, arg))
		return d;
	elf_file_close(d);
	return NULL;
}

// `dir` is where debug files are kept, "/usr/lib/debug" for one.
static struct elf_file *by_build_id(const struct elf_file *f, const char *root, const char *dir, accept_fn *accept, const void *arg)
{
	const uint8_t *id;
	size_t n = elf_file_build_id(f, &id);
	char name[160], *p = name;

	if (n < 2 || n > 64)
		return NULL;
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, i == 0 ? "%02x/" : "%02x", id[i]);
	_free_ char *path = xasprintf("%s%s/.build-id/%s.debug", root, dir, name);
	return take_if(open_same(f, path, NULL), accept, arg);
}

// The section holds a name, a NUL, padding to four bytes, and the checksum of the file meant.
static const char *debuglink(const struct elf_file *f, uint32_t *crc)
{
	struct elf_section s;
	const char *p = elf_file_section_named(f, ".gnu_debuglink", &s) ? elf_file_bytes(f, s.offset, s.size) : NULL;
	size_t n = p ? strnlen(p, s.size) : 0, at = ALIGN_UP(n + 1, 4);

	if (!n || at + 4 > s.size || memchr(p, '/', n))
		return NULL;
	memcpy(crc, p + at, 4);
	return p;
}

static struct elf_file *by_link(const struct elf_file *f, const char *root, accept_fn *accept, const void *arg)
{
	static const char *const forms[] = { "%s%.*s/%s", "%s%.*s/.debug/%s", "%s/usr/lib/debug%.*s/%s" };
	uint32_t crc;
	const char *name = debuglink(f, &crc), *slash = f->name ? strrchr(f->name, '/') : NULL;
	struct elf_file *d = NULL;

	for (size_t i = 0; name && slash && i < ARRAY_SIZE(forms) && !d; i++) {
		_free_ char *path = xasprintf(forms[i], root, (int)(slash - f->name), f->name, name);

		d = take_if(open_same(f, path, &crc), accept, arg);
	}
	return d;
}

// In a folder of the user's: below the binary's own path there, or as it is.
static struct elf_file *by_link_in(const struct elf_file *f, const char *dir, accept_fn *accept, const void *arg)
{
	uint32_t crc;
	const char *name = debuglink(f, &crc), *slash = f->name ? strrchr(f->name, '/') : NULL;
	struct elf_file *d = NULL;

	if (name && slash) {
		_free_ char *below = xasprintf("%s%s%.*s/%s", dir, *f->name == '/' ? "" : "/", (int)(slash - f->name), f->name, name);
		d = take_if(open_same(f, below, &crc), accept, arg);
	}
	if (name && !d) {
		_free_ char *plain = xasprintf("%s/%s", dir, name);
		d = take_if(open_same(f, plain, &crc), accept, arg);
	}
	return d;
}

// SPILE_DEBUGINFO, which --debuginfo sets: folders with colons between. bpftrace's `+DIR` asks for what is always done here:
// a file of another build is not taken.
static struct elf_file *find_given(const struct elf_file *f, accept_fn *accept, const void *arg, enum elf_source *source)
{
	struct elf_file *d = NULL;

	for (const char *at = getenv("SPILE_DEBUGINFO"); at && *at && !d; at += strspn(at, ":")) {
		size_t n = strcspn(at, ":"), plus = *at == '+';
		_free_ char *dir = xasprintf("%.*s", (int)(n - plus), at + plus);

		at += n;
		if (!*dir)
			continue;
		*source = ELF_BUILD_ID;
		if ((d = by_build_id(f, "", dir, accept, arg)))
			break;
		*source = ELF_DEBUGLINK;
		d = by_link_in(f, dir, accept, arg);
	}
	return d;
}

// In the file system of the process first, in ours then: containers seldom carry debug files.
static struct elf_file *find(const struct elf_file *f, accept_fn *accept, const void *arg, enum elf_source *source)
{
	const char *const roots[] = { f->root, "" };
	struct elf_file *d = find_given(f, accept, arg, source);

	for (size_t i = f->root && *f->root ? 0 : 1; i < 2 && !d; i++) {
		*source = ELF_BUILD_ID;
		if ((d = by_build_id(f, roots[i], "/usr/lib/debug", accept, arg)))
			break;
		*source = ELF_DEBUGLINK;
		d = by_link(f, roots[i], accept, arg);
	}
	return d;
}

static bool has_symtab(struct elf_file *d, const void *arg)
{
	return elf_section_typed(d, SHT_SYMTAB) != NULL;
}

struct elf_file *elf_file_debug(struct elf_file *f)
{
	if (!f->debug_looked_for) {
		f->debug_looked_for = true;
		if (!elf_section_typed(f, SHT_SYMTAB))
			f->debug = find(f, has_symtab, NULL, &f->debug_source);
	}
	return f->debug;
}

bool elf_file_use_debug(struct elf_file *f, const char *path, enum elf_source source)
{
	struct elf_file *d = f->debug ? NULL : open_same(f, path, NULL);

	if (!d)
		return false;
	f->debug_looked_for = true;
	f->debug = d;
	f->debug_source = source;
	return true;
}

static bool has_section(struct elf_file *d, const void *name)
{
	struct elf_section s;
	char old[64]; // as binutils compressed it before ELF could say so

	snprintf(old, sizeof old, ".z%s", (const char *)name + 1);
	return (elf_file_section_named(d, name, &s) && s.type != SHT_NOBITS) || elf_file_section_named(d, old, &s);
}

char *elf_file_with_section(struct elf_file *f, const char *section, enum elf_source *source)
{
	struct elf_file *d;
	char *path;

	*source = ELF_SYMTAB;
	if (!f->path || has_section(f, section))
		return f->path ? xstrdup(f->path) : NULL;
	d = find(f, has_section, section, source);
	path = d ? xstrdup(d->path) : NULL;
	elf_file_close(d);
	return path;
}

// liblzma is loaded when the first such section is met: few distributions make them.
static uint8_t *unpack(const uint8_t *in, size_t n, size_t *ret)
{
	__typeof__(lzma_stream_buffer_decode) *decode;
	void *library = dlopen("liblzma.so.5", RTLD_LAZY | RTLD_LOCAL);
	uint8_t *out = NULL;
	lzma_ret rc = LZMA_BUF_ERROR;
	size_t most = MIN((size_t)MOST_MINI, n * MINI_RATIO + (1 << 20));

	decode = library ? (__typeof__(decode))dlsym(library, "lzma_stream_buffer_decode") : NULL;
	for (size_t room = ALIGN_UP(n * 4 + 4096, 4096); decode && rc == LZMA_BUF_ERROR && room <= most; room *= 2) {
		uint64_t memory = MINI_MEMORY;
		size_t from = 0;

		free(out);
		out = xmalloc(room);
		*ret = 0;
		rc = decode(&memory, 0, NULL, in, &from, n, out, ret, room);
	}
	if (library)
		dlclose(library);
	if (rc == LZMA_OK)
		return out;
	free(out);
	return NULL;
}

struct elf_file *elf_file_mini(struct elf_file *f)
{
	struct elf_section s;
	const uint8_t *packed;
	uint8_t *bytes;
	size_t n;

	if (f->mini_looked_for)
		return f->mini;
	f->mini_looked_for = true;
	packed = elf_file_section_named(f, ".gnu_debugdata", &s) ? elf_file_bytes(f, s.offset, s.size) : NULL;
	bytes = packed && s.size && s.size < MOST_MINI / 4 ? unpack(packed, s.size, &n) : NULL;
	if (bytes && elf_file_from_memory(bytes, n, &f->mini) < 0) // it has freed them
		f->mini = NULL;
	return f->mini;
}
