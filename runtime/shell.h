// SPDX-License-Identifier: Apache-2.0
// shell.h - system(): a command run by sh, what it says collected.
#pragma once

#include <signal.h>

struct str;

// Runs `sh -c command` and appends its standard output and error to `out`. Its exit status, 128 + the signal that ended
// it, or -errno. When *stop becomes true (NULL: never) the command gets SIGTERM.
int shell_run(const char *command, const volatile sig_atomic_t *stop, struct str *out);
