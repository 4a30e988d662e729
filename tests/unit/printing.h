// SPDX-License-Identifier: Apache-2.0
// printing.h - what a test of printing needs: an empty plan, its printer, and the text that is printed.
#pragma once

#include <stdlib.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "runtime/value.h"

struct fixture {
	struct arena *arena;
	struct types *types;
	struct plan plan;
	struct printer printer;
	struct str text;
};

static inline struct fixture *fixture_new(void)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->arena = arena_new();
	f->types = types_new(f->arena);
	printer_init(&f->printer, &f->plan, NULL);
	return f;
}

static inline int fixture_free(void **state)
{
	struct fixture *f = *state;

	printer_free(&f->printer);
	str_free(&f->text);
	arena_free(f->arena);
	free(f);
	return 0;
}
