// SPDX-License-Identifier: Apache-2.0
// declared.h - the declarative layer after the parse: what its items become in the plan, what its core functions ask.
//
// pass_sugar.c rewrites `probe NAME { … }` to core: probes, `stream NAME { export … }`, and calls of the functions below. The other
// items (target, export, stream, budget) are core items as they stand; pass_items.c makes rows of the plan of them.
#pragma once

#include "lang/lang_int.h"

#define SINK_TAKES_RECORDS 1u
#define SINK_TAKES_MEASURES 2u
#define SINK_TAKES_STACKS 4u

// pass_items.c
uint32_t target_index(struct lang *l, const char *name, struct span at); // in plan.targets; NO_EVENT after a diagnostic
bool target_known(struct lang *l, const char *name);                     // declared, or "it"

// sinks.c
struct stream_item;
uint32_t sink_declare(struct lang *l, const struct node *sink, const char *name);         // index in plan.sinks; NO_EVENT after a diagnostic
uint32_t sink_named(struct lang *l, const struct node *sink);                             // of a stream's clause: an export's name, or a sink of its own
unsigned sink_takes(const struct plan_sink *s);                                           // SINK_TAKES_*
void streams_declare(struct lang *l, const struct node *item);                            // `stream NAME { export … }`
void stream_sinks(struct lang *l, struct plan_stream *s, bool has_stack);                 // fills s->sinks; `table` where none is named
void streams_finish(struct lang *l);                                                      // a sink that nothing reaches is an error

// check_declared.c: resolve, check and layout of emit(), publish(), weighted()
void resolve_emit(struct lang *l, struct node *n);
void resolve_publish(struct lang *l, struct node *n);
void resolve_weighted(struct lang *l, struct node **slot);
void resolve_at_most(struct lang *l, struct node *n);
const struct type *check_at_most(struct lang *l, struct node *n);
const struct type *check_one_in(struct lang *l, struct node *n);
const struct type *check_cpu_gate(struct lang *l, struct node *n);
const struct type *check_emit(struct lang *l, struct node *n);
const struct type *check_publish(struct lang *l, struct node *n);
uint32_t layout_stream(struct lang *l, struct node *n);  // of emit(): flattens the arguments; index in plan.streams
uint32_t layout_measures(struct lang *l, struct node *n); // of publish(), the same
void layout_gate(struct lang *l, struct node *n); // of cpu_gate(): call.first becomes its place in plan.gates
enum value_unit unit_of(const struct node *n);           // of a checked expression
