// SPDX-License-Identifier: Apache-2.0
// space.h - what one program has mapped executable, sorted by address; shared by a process and its forks until one changes it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct module;
struct proc_mapping;
struct space;

struct mapping {
	uint64_t start, end, offset;
	struct module *module; // NULL: anonymous
};

struct space *space_new(void);
struct space *space_share(struct space *s); // the same once more
struct space *space_own(struct space *s);   // takes s; to be written to: a copy if others share it; an empty one for NULL
void space_release(struct space *s);        // NULL is allowed
bool space_is_empty(const struct space *s);
void space_add(struct space *s, const struct proc_mapping *m, struct module *module); // in place of what lay there
void space_keep(struct space *s, const struct space *older); // what older has where s has nothing
const struct mapping *space_find(const struct space *s, uint64_t address); // NULL if nothing lies there
const char *space_jitdump(const struct space *s); // path of the mapped jit-PID.dump, NULL if there is none
