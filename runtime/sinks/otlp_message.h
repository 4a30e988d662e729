// SPDX-License-Identifier: Apache-2.0
// otlp_message.h - records and measures as OpenTelemetry's messages, packed: a span for a call, a log record for what is none,
// a metric for a measure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/sinks/export.h"

enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_LOGS, OTLP_SIGNALS };

struct otlp_item {
	enum otlp_signal signal;
	uint32_t rows;  // records or rows it stands for
	uint64_t pid;   // of the process it is about; 0: none
	char comm[16];  // its name, "" when it is not known
	size_t n;
	uint8_t *bytes; // a packed Span, Metric or LogRecord
};

struct otlp_ids { // random numbers for trace and span IDs
	uint64_t state[2];
};
void otlp_ids_init(struct otlp_ids *ids);

struct otlp_item *otlp_record(const struct export_context *c, struct otlp_ids *ids, const struct export_record *r);
struct otlp_item *otlp_measure(const struct export_context *c, const struct export_measures *ms, uint32_t i); // NULL: it has no rows, or no form
void otlp_item_free(struct otlp_item *i);

struct otlp_sender { // for the resource and the scope
	const char *service; // service.name, or NULL: that of each process
	const char *version; // of Spile
};
// Items of one signal as a request's bytes: the caller's to free.
uint8_t *otlp_request(struct otlp_item *const *items, size_t n, const struct otlp_sender *s, size_t *size);
// What the receiver refused of it; the reason is copied to `why` (of `room` bytes).
uint64_t otlp_rejected(const void *answer, size_t n, char *why, size_t room);
