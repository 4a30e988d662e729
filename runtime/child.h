// SPDX-License-Identifier: Apache-2.0
// child.h - the program of -c: started stopped, so that its first instruction is traced, and let go once all is attached.
//
// The command is split at spaces, without a shell or quotes. The child gets SIGTERM when we die.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct child;

// Looks the program up and forks. 0 or -errno (-ENOENT, -EACCES: the program cannot be run, *what names it).
int child_start(const char *command, struct child **ret, const char **what);
// To be called before child_release: fn will run once, from child_ended, when the child is about to end and its memory is
// still mapped, so that its addresses can be named afterwards. The child's first thread is traced for that (ptrace), which
// delays signals sent to it by the time until child_ended is called. Where tracing is refused nothing happens.
void child_at_exit(struct child *c, void (*fn)(void *arg), void *arg);
int child_release(struct child *c); // 0, or -errno of the failed execve
pid_t child_pid(const struct child *c);
const char *child_path(const struct child *c); // of the program
int child_pidfd(const struct child *c); // readable when it has ended; -1 on kernels without
int child_wake_fd(const struct child *c); // readable when child_ended has work to do; -1 without child_at_exit
bool child_ended(struct child *c);
void child_free(struct child *c); // NULL is allowed; ends it with SIGTERM if it runs, and collects it
