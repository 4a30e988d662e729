// SPDX-License-Identifier: Apache-2.0
#include "runtime/ld_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/util.h"
#include "base/world.h"

#define MAGIC "glibc-ld.so.cache1.1"
#define OLD_MAGIC "ld.so-1.7.0"

#if defined(__x86_64__)
#define OUR_FLAGS 0x0303 // ELF of glibc 2, 64-bit x86
#else
#define OUR_FLAGS 0x0a03 // ELF of glibc 2, 64-bit ARM
#endif

struct header {
	char magic[20];
	uint32_t n, strings_len;
	uint32_t flags, extensions, unused[3];
};

struct entry {
	int32_t flags;
	uint32_t soname, path; // offsets from the header
	uint32_t os_version;
	uint64_t hwcap; // not 0: for processors with more than the base instruction set
};

bool ld_cache_name_fits(const char *soname, const char *name)
{
	size_t n = strlen(name);

	if (glob_is(name))
		return glob_match(name, soname);
	if (strcmp(soname, name) == 0)
		return true;
	if (strstr(name, ".so"))
		return strncmp(soname, name, n) == 0 && soname[n] == '.';
	if (strncmp(name, "lib", 3) != 0 && strncmp(soname, "lib", 3) == 0)
		soname += 3;
	return strncmp(soname, name, n) == 0 && strncmp(soname + n, ".so", 3) == 0 && (soname[n + 3] == '\0' || soname[n + 3] == '.');
}

// The new format may stand behind a table of the old one.
static size_t find_header(const char *p, size_t size)
{
	uint32_t n;
	size_t at;

	if (size < 16 || memcmp(p, OLD_MAGIC, sizeof OLD_MAGIC - 1) != 0)
		return 0;
	memcpy(&n, p + 12, sizeof n);
	at = 16 + (size_t)n * 12;
	return ALIGN_UP(at, _Alignof(uint64_t));
}

static const char *string_at(const char *base, size_t size, uint32_t offset)
{
	return offset < size && memchr(base + offset, '\0', size - offset) ? base + offset : NULL;
}

static int search(const char *p, size_t size, const char *name, bool (*each)(void *arg, const char *soname, const char *library), void *arg)
{
	size_t at = find_header(p, size);
	struct header h;
	struct entry e;

	if (at > size || size - at < sizeof h)
		return -EINVAL;
	p += at;
	size -= at;
	memcpy(&h, p, sizeof h);
	if (memcmp(h.magic, MAGIC, sizeof h.magic) != 0 || (size - sizeof h) / sizeof e < h.n)
		return -EINVAL;
	for (uint32_t i = 0; i < h.n; i++) {
		const char *soname, *path;

		memcpy(&e, p + sizeof h + i * sizeof e, sizeof e);
		soname = string_at(p, size, e.soname);
		path = string_at(p, size, e.path);
		if (e.flags == OUR_FLAGS && !e.hwcap && soname && path && ld_cache_name_fits(soname, name) && !each(arg, soname, path))
			return 0;
	}
	return 0;
}

int ld_cache_each(const char *path, const char *name, bool (*each)(void *arg, const char *soname, const char *library), void *arg)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return -EINVAL;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	err = search(p, (size_t)st.st_size, name, each, arg);
	munmap(p, (size_t)st.st_size);
	return err;
}
