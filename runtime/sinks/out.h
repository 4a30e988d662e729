// SPDX-License-Identifier: Apache-2.0
// out.h - the buffer sinks write to (struct out in base/sink.h).
//
// Nothing is written per record: the run flushes once per batch of records (-B line), when the buffer is full (-B full),
// or after each piece of output (-B none). A receiver that has gone away is noted in `failed`; what is written then is
// dropped, and the run ends.
#pragma once

#include "base/sink.h"
#include "base/str.h"

void out_open(struct out *o, int fd, int err_fd, int buffering);
void out_close(struct out *o); // flushes; the descriptors stay the caller's
void out_add(struct out *o, const void *p, size_t n);
void out_str(struct out *o, const struct str *s);
void out_flush(struct out *o);
void out_batch(struct out *o); // a batch of records was handled
void out_error(struct out *o, const struct str *s); // to err_fd, behind all that was written before
void out_progress(struct out *o, const struct str *s); // to err_fd, now: what was written before may wait
