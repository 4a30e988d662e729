// SPDX-License-Identifier: Apache-2.0
// ring.h - the reader of a BPF ring buffer: its pages mapped, records walked in place.
//
// Our own and not libbpf's: producers do not wake us (70 ns a record instead of 390), so we look on a timer; and the
// consumer's position is stored once per batch, not per record. Data pages are mapped twice in a row by the kernel, so
// a record that wraps is contiguous all the same.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/channel.h"

struct ring;

// `fd` is a BPF_MAP_TYPE_RINGBUF of `bytes` data bytes and stays the caller's. 0 or -errno.
int ring_open(int fd, size_t bytes, struct ring **ret);
void ring_close(struct ring *r); // NULL is allowed
// Over memory that the caller laid out like the kernel does (consumer page, producer page, data twice): for tests.
struct ring *ring_over(void *consumer, void *producer, size_t bytes);

// Hands every finished record to `fn`, up to about an eighth of the buffer, then gives their room back to the producers.
// How many there were; 0 when there is none, or when the oldest is still being written.
size_t ring_drain(struct ring *r, record_fn *fn, void *arg);
// The same of two rings: `control`'s records (either may be NULL) each when `data` is handled up to the position they carry
// (struct wire_control, which `fn` does not see). Those written meanwhile are left for the next time.
size_t ring_drain_both(struct ring *data, struct ring *control, record_fn *fn, void *arg);
// The finished record `i` behind the one that `fn` of ring_drain_both is given now (0: that one); NULL if there is none yet.
const void *ring_peek(const struct ring *control, size_t i, size_t *n);
size_t ring_pending(const struct ring *r); // bytes written and not yet drained
