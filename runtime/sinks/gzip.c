// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/gzip.h"

#include <zlib.h>

#include "base/str.h"
#include "base/util.h"

void gzip_bytes(const void *p, size_t n, struct str *out)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)n };

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		BUG("zlib cannot begin");
	size_t most = deflateBound(&z, n);
	str_reserve(out, most);
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)most;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		BUG("deflate did not end");
	out->n += z.total_out;
	deflateEnd(&z);
}
