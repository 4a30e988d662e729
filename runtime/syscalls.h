// SPDX-License-Identifier: Apache-2.0
// syscalls.h - system call numbers of this architecture.
#pragma once

// By name as in section 2 of the manual ("openat"), or as the tracepoint sys_enter_NAME has it ("newstat"). -ENOENT if unknown.
int syscall_number(const char *name);
