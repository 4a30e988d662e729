// SPDX-License-Identifier: Apache-2.0
// thread.h - threads beside the main one. Signals are the main thread's: a handler that runs in another one would not wake it.
#pragma once

#include <pthread.h>
#include <stddef.h>

// `stack`: bytes, or 0 for what is usual. 0 or -errno; who starts it joins it.
int thread_start(pthread_t *ret, size_t stack, void *(*work)(void *arg), void *arg);
