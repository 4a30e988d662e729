// SPDX-License-Identifier: Apache-2.0
#include "runtime/syscalls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"

// A macro that is not defined cannot be tested for inside another, but its spelling tells: SYS_x of a call this architecture
// has expands to digits, of any other it stays "SYS_x".
#define SPELL(x) #x
#define SPELL_OUT(x) SPELL(x)

static const struct row {
	const char *name, *number;
} rows[] = {
#define SYSCALL(name) { #name, SPELL_OUT(SYS_##name) },
#define SYSCALL_NEW(name, number) { #name, #number },
#define SYSCALL_ALIAS(alias, name) { #alias, SPELL_OUT(SYS_##name) },
#include "base/syscalls.def"
#undef SYSCALL
#undef SYSCALL_NEW
#undef SYSCALL_ALIAS
};

int syscall_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].name, name) == 0 && rows[i].number[0] >= '0' && rows[i].number[0] <= '9')
			return atoi(rows[i].number);
	return -ENOENT;
}
