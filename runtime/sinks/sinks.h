// SPDX-License-Identifier: Apache-2.0
// sinks.h - the table of sinks.
#pragma once

#include "base/sink.h"

extern const struct sink *const sinks[]; // NULL-terminated
extern const struct sink sink_text, sink_json;

const struct sink *sink_find(const char *name); // NULL if unknown
