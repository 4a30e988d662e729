// SPDX-License-Identifier: Apache-2.0
#include "runtime/gfp.h"

#include "base/str.h"
#include "base/util.h"
#include "runtime/value.h"

enum {
	DMA = 1 << 0, HIGHMEM = 1 << 1, DMA32 = 1 << 2, MOVABLE = 1 << 3, RECLAIMABLE = 1 << 4, HIGH = 1 << 5, IO = 1 << 6, FS = 1 << 7,
	ZERO = 1 << 8, DIRECT_RECLAIM = 1 << 10, KSWAPD_RECLAIM = 1 << 11, WRITE = 1 << 12, NOWARN = 1 << 13, RETRY_MAYFAIL = 1 << 14,
	NOFAIL = 1 << 15, NORETRY = 1 << 16, MEMALLOC = 1 << 17, COMP = 1 << 18, NOMEMALLOC = 1 << 19, HARDWALL = 1 << 20,
	THISNODE = 1 << 21, ACCOUNT = 1 << 22, ZEROTAGS = 1 << 23,
	RECLAIM = DIRECT_RECLAIM | KSWAPD_RECLAIM,
	KERNEL = RECLAIM | IO | FS,
	USER = KERNEL | HARDWALL,
	HIGHUSER = USER | HIGHMEM,
	TRANSHUGE_LIGHT = ((HIGHUSER | MOVABLE) | COMP | NOMEMALLOC | NOWARN) & ~RECLAIM,
};

// Combinations before their parts: the first that fits is taken.
static const struct {
	const char *name;
	uint64_t bits;
} flags[] = {
	{ "GFP_TRANSHUGE", TRANSHUGE_LIGHT | DIRECT_RECLAIM }, { "GFP_TRANSHUGE_LIGHT", TRANSHUGE_LIGHT },
	{ "GFP_HIGHUSER_MOVABLE", HIGHUSER | MOVABLE }, { "GFP_HIGHUSER", HIGHUSER }, { "GFP_USER", USER },
	{ "GFP_KERNEL_ACCOUNT", KERNEL | ACCOUNT }, { "GFP_KERNEL", KERNEL }, { "GFP_NOFS", RECLAIM | IO },
	{ "GFP_ATOMIC", HIGH | KSWAPD_RECLAIM }, { "GFP_NOIO", RECLAIM }, { "GFP_NOWAIT", KSWAPD_RECLAIM },
	{ "GFP_DMA", DMA }, { "__GFP_HIGHMEM", HIGHMEM }, { "GFP_DMA32", DMA32 }, { "__GFP_MOVABLE", MOVABLE },
	{ "__GFP_RECLAIMABLE", RECLAIMABLE }, { "__GFP_HIGH", HIGH }, { "__GFP_IO", IO }, { "__GFP_FS", FS }, { "__GFP_ZERO", ZERO },
	{ "__GFP_DIRECT_RECLAIM", DIRECT_RECLAIM }, { "__GFP_WRITE", WRITE }, { "__GFP_NOWARN", NOWARN },
	{ "__GFP_RETRY_MAYFAIL", RETRY_MAYFAIL }, { "__GFP_NOFAIL", NOFAIL }, { "__GFP_NORETRY", NORETRY },
	{ "__GFP_MEMALLOC", MEMALLOC }, { "__GFP_COMP", COMP }, { "__GFP_NOMEMALLOC", NOMEMALLOC }, { "__GFP_HARDWALL", HARDWALL },
	{ "__GFP_THISNODE", THISNODE }, { "__GFP_ACCOUNT", ACCOUNT }, { "__GFP_ZEROTAGS", ZEROTAGS },
};

void gfp_text(uint64_t v, struct str *out)
{
	bool any = false;

	if (v == 0)
		str_addc(out, '0');
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if ((v & flags[i].bits) != flags[i].bits)
			continue;
		str_printf(out, "%s%s", any ? "|" : "", flags[i].name);
		v &= ~flags[i].bits;
		any = true;
	}
	if (v) {
		str_adds(out, any ? "|" : "");
		hex_text(v, out);
	}
}
