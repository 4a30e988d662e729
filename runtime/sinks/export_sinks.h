// SPDX-License-Identifier: Apache-2.0
// export_sinks.h - the sinks of this build.
#pragma once

struct export_sink;

extern const struct export_sink export_sink_text, export_sink_json, export_sink_jsonl, export_sink_folded, export_sink_flamegraph, export_sink_pprof, export_sink_csv,
	export_sink_sqlite, export_sink_table, export_sink_perfetto, export_sink_prometheus;
