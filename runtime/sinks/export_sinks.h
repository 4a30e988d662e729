// SPDX-License-Identifier: Apache-2.0
// export_sinks.h - one per row of base/sink.def.
#pragma once

struct export_sink;

#define SINK(name, doc) extern const struct export_sink export_sink_##name;
#define SINK_OPTION(sink, key, kind, default, doc)
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
