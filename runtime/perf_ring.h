// SPDX-License-Identifier: Apache-2.0
// perf_ring.h - the reader of perf events that stand in for the BPF ring buffer: on each CPU one for data and one for control,
// merged by the time that the kernel stamps on each record.
//
// A record may be stamped on one CPU, and readable only after a younger one of another: what is younger than HOLD_NS is left for
// the next time. A program's own records lie on one CPU, in its order; a tie of data and control goes to data. What finds no room
// is told to the program, which counts it in its place, and by the kernel as PERF_RECORD_LOST. A CPU that is switched on during
// the run has no buffers: its records are lost, and counted.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/channel.h"

struct perf_rings;

// Maps of type BPF_MAP_TYPE_PERF_EVENT_ARRAY, the caller's (-1: none); bytes of each CPU's buffer, powers of two. 0 or -errno.
int perf_rings_open(int data, size_t data_bytes, int control, size_t control_bytes, struct perf_rings **ret);
void perf_rings_close(struct perf_rings *p); // NULL is allowed
// Over memory laid out as the kernel does (a perf_event_mmap_page, then `bytes` of data, for each), the caller's: for tests.
struct perf_rings *perf_rings_over(void *const *page, const bool *is_control, size_t n, size_t bytes);

size_t perf_rings_drain(struct perf_rings *p, bool all, record_fn *fn, void *arg); // channel_drain
const void *perf_rings_peek(struct perf_rings *p, size_t i, size_t *n);          // channel_peek: of the CPU whose record is handled
bool perf_rings_is_behind(const struct perf_rings *p);
size_t perf_rings_pending(const struct perf_rings *p, bool control); // bytes in the fullest buffer of that kind
void perf_rings_watch(const struct perf_rings *p, int epoll_fd);
uint64_t perf_rings_lost(const struct perf_rings *p); // data records, by what the kernel says of them
