// SPDX-License-Identifier: Apache-2.0
// What a traced process says of its names: a mangled name of Rust's, the arguments of a USDT note, a map of code made at run time as
// text and as jitdump. The first byte chooses.
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/usdt_arg.h"
#include "runtime/symbols/jitdump.h"
#include "runtime/symbols/perf_map.h"
#include "runtime/symbols/rust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool no_symbol(void *arg, const char *name, uint64_t *address)
{
	*address = strlen(name);
	return *name == 'a';
}

static void try_name(const char *text)
{
	_str_ struct str out = { 0 };

	rust_demangle(text, &out);
	if (out.n > 1 << 20)
		BUG("a name of %zu bytes", out.n);
}

static void try_args(const char *text)
{
	struct arg_loc loc;

	usdt_args_are_local(text);
	for (unsigned i = 0; i < 13; i++)
		usdt_arg_parse(text, i, 0x1000, no_symbol, NULL, &loc);
}

static void try_map(const uint8_t *data, size_t n, bool dump)
{
	struct perf_map m = { 0 };
	uint64_t offset;
	char path[64];

	snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && write_all(fd, data, n) == 0) {
		if (dump)
			jitdump_update(&m, "", path);
		else
			perf_map_update(&m, "", (uint32_t)getpid());
		for (uint64_t at = 0; at < 0x4000; at += 61)
			perf_map_find(&m, at, &offset);
		perf_map_find(&m, UINT64_MAX, &offset);
	}
	if (fd >= 0)
		close(fd);
	unlink(path);
	perf_map_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_free_ char *text = n ? xstrndup((const char *)data + 1, n - 1) : NULL;

	switch (n ? *data : 0) {
	case '_': try_name(text); break;
	case '@': try_args(text); break;
	case 'p': try_map(data + 1, n - 1, false); break;
	case 'j': try_map(data + 1, n - 1, true); break;
	default: break;
	}
	return 0;
}
