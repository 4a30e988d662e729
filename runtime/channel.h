// SPDX-License-Identifier: Apache-2.0
// channel.h - how records come from the programs: data (what is printed), and control (exit(), print of a map …) in its own
// buffers, so that data cannot crowd it out. Handed out in one order, which is each program's own.
//
// Two transports, chosen when the script was compiled: the BPF ring buffer (ring.h), and, for kernels that have none, perf
// events (perf_ring.h). Given up: libbpf's readers, which know no second buffer and wake us for each record.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel;

typedef void record_fn(void *arg, const void *record, size_t n);

struct channel_request {
	int data, control;                  // maps, the caller's; -1: the script has none
	size_t data_bytes, control_bytes;   // of the buffer; of perf events: of each CPU's
	bool perf;
};

// 0 or -errno.
int channel_open(const struct channel_request *q, struct channel **ret);
void channel_close(struct channel *c); // NULL is allowed

// Hands what has come to `fn`, as much as fits a part of the buffers; how many records. `all`: no record waits for an older one
// that may still be written on another CPU.
size_t channel_drain(struct channel *c, bool all, record_fn *fn, void *arg);
// The control record `i` behind the one that `fn` is given now (0: that one); NULL if there is none yet. Valid until the next call.
const void *channel_peek(struct channel *c, size_t i, size_t *n);
bool channel_is_behind(const struct channel *c);         // more than a little data waits
size_t channel_control_pending(const struct channel *c); // bytes, of the fullest buffer
void channel_watch(const struct channel *c, int epoll_fd); // control wakes it up, edge-triggered
uint64_t channel_lost(const struct channel *c); // data records the kernel itself says were lost; programs have counted them too
