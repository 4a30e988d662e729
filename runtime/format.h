// SPDX-License-Identifier: Apache-2.0
// format.h - printf formats: read once, run for every record.
//
// The language has checked format against arguments; this engine serves plans from anywhere, so that a conversion
// without an argument, or with one of the wrong type, prints "!{reason}" in its place instead of failing.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arg_view;
struct format;
struct printer;
struct str;

struct format *format_new(const char *text); // the text must outlive it
void format_free(struct format *f);          // NULL is allowed
void format_run(const struct format *f, struct printer *p, const struct arg_view *args, size_t nargs, struct str *out);
