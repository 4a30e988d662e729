// SPDX-License-Identifier: Apache-2.0
// literal.h - what the bytes of a number, a string or a $N mean. No diagnostics: an error is a sentence.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

// A number as the script spells it (decimal, octal, hex, NeM, C suffixes, durations in nanoseconds). NULL, or what is wrong.
const char *literal_number(const char *p, size_t n, uint64_t *value, bool *is_duration);

// The bytes of a string token, quotes included. NULL, or what is wrong at byte *bad of the token, *bad_len bytes long.
const char *literal_string(const char *p, size_t n, struct str *out, size_t *bad, size_t *bad_len);

// The number of $N, or 0 for $#. NULL, or what is wrong.
const char *literal_positional(const char *p, size_t n, uint64_t *number);
