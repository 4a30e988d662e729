// SPDX-License-Identifier: Apache-2.0
// joined.h - a stream's measures as one table: a row per key, a value per measure.
#pragma once

#include <stddef.h>

#include "runtime/sinks/export.h"

struct joined_row {
	const void *key;    // NULL: measures without `by`
	const void **value; // one per measure; NULL: that measure has no such key
};

struct joined {
	struct joined_row *v; // in the order of the first measure, the largest last; others' keys behind
	size_t n;
	const void **values;
};

void joined_make(const struct export_measures *ms, struct joined *ret); // points into ms; ended by joined_free
void joined_free(struct joined *j);
