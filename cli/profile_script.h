// SPDX-License-Identifier: Apache-2.0
// profile_script.h - the script that spile profile runs: one of the library with three of its lines written anew - whose time, how often,
// to which sink. File, title and duration are no part of it, so that the next profile finds it compiled.
#pragma once

#include <stdbool.h>

struct options;
struct str;

enum profile_kind {
#define PROFILE(KIND, symbol, file, title, doc) PROFILE_##KIND,
#include "cli/profile.def"
#undef PROFILE
	PROFILES
};

struct profile_request {
	enum profile_kind kind;
	const char *target;    // TARGET, NULL: none
	unsigned long seconds; // 0: until it is ended
	char *file, *title;    // of what is written; heap
	bool tells;            // whose processes there are, how many stacks are whole
};

// What the command line asks for. False: why not is appended to `why`. `q` is to be freed in any case.
bool profile_request_make(const struct options *o, struct profile_request *q, struct str *why);
void profile_request_free(struct profile_request *q);
// Appends the script's text to `out`.
void profile_script(const struct options *o, const struct profile_request *q, struct str *out);
// Whose time is measured, for people: "all processes".
void profile_whose(const struct options *o, const struct profile_request *q, struct str *out);
