// SPDX-License-Identifier: Apache-2.0
// tracefs.h - the kernel's tracepoints: which there are, and what stands in an event's record.
//
// tracefs is looked for where it is usually mounted. Where it is not, a detached mount of it is made that only this
// process holds: nothing appears in the host's mount table, and it goes away with the descriptor.
#pragma once

#include <stddef.h>

struct arena;
struct event_field;
struct str;
struct types;

#define TRACEFS_STRING 1024 // capacity given to __data_loc strings, whose length is known only at run time

struct tracefs {
	int fd; // its root; -1 before the first question
};

void tracefs_init(struct tracefs *t);
void tracefs_close(struct tracefs *t);
// The root's descriptor, owned by t; -EACCES and -EPERM for a user without rights, -ENODEV when the kernel has no tracefs.
int tracefs_open(struct tracefs *t);
// Calls `each` for every event that both globs match, sorted. 0 or -errno.
int tracefs_each(struct tracefs *t, const char *category, const char *event,
		 void (*each)(void *arg, const char *category, const char *event), void *arg);
// An event's fields, without common_*, in the arena. -ENOENT when there is no such event.
int tracefs_fields(struct tracefs *t, struct arena *a, struct types *types, const char *category, const char *event,
		   const struct event_field **f, size_t *n);
int tracefs_format(struct tracefs *t, const char *category, const char *event, struct str *out); // the format file's text
int tracefs_event_id(struct tracefs *t, const char *category, const char *event); // what perf_event_open takes; -errno
// The parser behind tracefs_fields: `text` is a format file's content.
void tracefs_parse(const char *text, struct arena *a, struct types *types, const char *category,
		   const struct event_field **f, size_t *n);
