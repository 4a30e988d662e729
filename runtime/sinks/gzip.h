// SPDX-License-Identifier: Apache-2.0
// gzip.h - bytes compressed as one gzip member (RFC 1952).
#pragma once

#include <stddef.h>

struct str;

void gzip_bytes(const void *p, size_t n, struct str *out); // appends
