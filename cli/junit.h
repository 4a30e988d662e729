// SPDX-License-Identifier: Apache-2.0
// junit.h - results as the XML that CI systems read: one <testsuite> of <testcase> elements, in the form that JUnit made usual.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct junit {
	struct str cases;
	size_t n, failed;
};

// why: NULL if it passed; ns: how long it took, 0 if that says nothing.
void junit_add(struct junit *j, const char *class, const char *name, const char *why, uint64_t ns);
int junit_write(const struct junit *j, const char *suite, const char *path); // 0, or 1 after an error message
void junit_free(struct junit *j);
