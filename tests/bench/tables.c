// SPDX-License-Identifier: Apache-2.0
// tables FOLDER... - unwind tables of every ELF file below the folders. Prints: files that have one, their rows in millions, MB of
// tables, and seconds of processor time, in the kernel too, from opening a file to its table. The files are read once before: what a disk
// takes is not measured.
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/unwind/image_file.h"
#include "runtime/unwind/table.h"

static char **paths; // nftw() passes nothing to what it calls
static size_t npaths;

static void warm(int fd)
{
	static char bytes[1 << 20];

	while (read(fd, bytes, sizeof bytes) > 0)
		;
}

static int collect(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	_close_ int fd = kind == FTW_F && S_ISREG(st->st_mode) ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	char magic[4] = "";

	(void)at;
	if (fd < 0 || read(fd, magic, sizeof magic) != sizeof magic || memcmp(magic, "\177ELF", 4) != 0)
		return 0;
	paths = xrealloc(paths, (npaths + 1) * sizeof *paths);
	paths[npaths++] = xstrdup(path);
	warm(fd);
	return 0;
}

static bool build(const char *path, struct image_file *f, struct unwind_table *t)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image image;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && image_file_open(f, fd, (uint64_t)st.st_size, &image) == 0 && image_file_read_frames(f, &image) == 0 &&
	       unwind_table_of(&image, t) == 0 && t->nrows;
}

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double files = 0, rows = 0, words = 0;

	for (int i = 1; i < argc; i++)
		nftw(argv[i], collect, 64, FTW_PHYS);
	double begun = used();
	struct image_file *f = image_file_new();
	struct unwind_table t = { 0 };
	for (size_t i = 0; i < npaths; i++) {
		if (!build(paths[i], f, &t))
			continue;
		files++;
		rows += t.nrows;
		words += t.nwords;
	}
	unwind_table_free(&t);
	image_file_free(f);
	printf("%.0f %.3g %.0f %.3g\n", files, rows / 1e6, words * 4 / 1e6, used() - begun);
	return files ? 0 : 1;
}
