// SPDX-License-Identifier: Apache-2.0
// ld_cache.h - where the dynamic linker finds a library: /etc/ld.so.cache, in glibc's present format.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Calls `each` with the path of every library whose soname fits `name` ("libc.so.6" exactly; "libc", "c": libc.so or
// libc.so.*; a glob over sonames), in the cache's order, until it returns false. `path` is the cache's file.
// 0, -ENOENT, -EINVAL when the file is no such cache.
int ld_cache_each(const char *path, const char *name, bool (*each)(void *arg, const char *soname, const char *library), void *arg);
bool ld_cache_name_fits(const char *soname, const char *name);
