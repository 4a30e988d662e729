// SPDX-License-Identifier: Apache-2.0
// attach.h - what the providers of this folder share: reading attach points on the compile side, opening perf events and
// links on the run side.
//
// Compile side: errors of users go to q->diag at ap->span; machine's failures of the world are turned into such errors by
// attach_world_error(). Run side: functions return 0 or -errno after exactly one diagnostic in run_diag(run), which names
// the probe, what the kernel said, and the capability that is missing when that is the reason.
#pragma once

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe_type.h"

// Parsing ---------------------------------------------------------------------------------------------------------
// An unsigned integer in decimal, hex (0x) or octal (0), '_' between digits; the whole text. False if it is none or too large.
bool parse_u64(const char *text, uint64_t *ret);
// "5s", "10ms", "1_000" (nanoseconds): false if it is no duration or above 2^63.
bool parse_duration(const char *text, uint64_t *ns);
// "PROVIDER probe type requires FORMS, found K" at ap->span; always false.
bool attach_wrong_parts(const struct probe_type *t, const struct expand *q, const struct attach_point *ap);
// What the world said (-errno) when it was asked for `what` (a path, an event): always false.
bool attach_world_error(const struct expand *q, const struct attach_point *ap, const char *what, int error);
// The parts [from ..) with ':' between them, in q's arena.
const char *attach_rest(const struct expand *q, const struct attach_point *ap, size_t from);
// The name of a site: the one the user gave, or the concrete one. An owned copy in q's arena when made up.
const char *attach_name(const struct attach_point *ap, const char *concrete);
// "" or, when the body asks which site fired and the kernel has no cookies to tell it, the site's own name.
const char *attach_variant(const struct expand *q, const char *name);
// The same for a return probe, where the function is asked for as well.
const char *attach_return_variant(const struct expand *q, const char *name);
// list() by means of expand(): the names of all sites of `pattern`, sorted, each once. 0, -ENOENT, -EPERM.
int attach_list_sites(const struct probe_type *t, struct world *w, const char *pattern, uint32_t pid, bool verbose,
		      void (*each)(void *arg, const char *line), void *arg);

// Running ---------------------------------------------------------------------------------------------------------
// Explains a failed attach of `site`; returns `error` (negative).
int attach_failed(struct run *run, const struct plan_site *site, int error);
// attach() of probes the runtime itself runs: nothing to do.
int attach_nothing(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);
// attach() of MECH_RAW_TP, MECH_RAW_SYSCALL and MECH_PERF_TRACEPOINT sites.
int attach_tracepoints(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);
// attach() of MECH_U(RET)PROBE_MULTI and MECH_PERF_U(RET)PROBE sites.
int attach_uprobes(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);

// attach() of MECH_K(RET)PROBE_MULTI and MECH_PERF_K(RET)PROBE sites.
int attach_kprobes(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);

// Opens an event, disabled; a descriptor the caller owns, or -errno.
int perf_open(struct perf_event_attr *attr, int pid, int cpu);
// Attaches a program to a perf event and enables it; `links` owns the event's descriptor, on failure too. 0 or -errno.
int perf_attach(int prog_fd, int event_fd, uint64_t cookie, bool slow, unsigned sites, struct link_set *links);
// Opens `attr` on each online CPU (pid 0), or for each thread of pid and those it will start, and attaches. 0 or -errno.
int perf_attach_everywhere(int prog_fd, struct perf_event_attr *attr, uint32_t pid, uint64_t cookie, struct link_set *links);
// Online CPUs, ascending, *n of them, freed by the caller; NULL when they cannot be read.
int *cpus_online(size_t *n);
