// SPDX-License-Identifier: Apache-2.0
// iter.h - running an iterator: the kernel calls the program for each object while a descriptor is read.
//
// The program writes records like any other probe, not into the file that is read, unless it is pinned: then the file is all that is left of it. So that a long table does not overflow
// the ring, a thread reads while the caller drains.
#pragma once

struct plan_prog;
struct plan_site;
struct run;

// Reads the iterator through once, calling `meanwhile` again and again. 0 or -errno after a diagnostic.
int iter_run(struct run *run, const struct plan_prog *prog, int prog_fd, void (*meanwhile)(void *arg), void *arg);
// Makes the file site->pin, which runs the iterator anew whenever it is read, until it is removed. 0 or -errno after a diagnostic.
int iter_pin(struct run *run, const struct plan_site *site, int prog_fd);
