// SPDX-License-Identifier: Apache-2.0
// profile.h - stacks and their weights as a tree, root first: what folded, flamegraph and pprof are written from.
//
// Records add up. Measures are totals: each publication of one takes the place of the one before.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"

struct export_context;
struct export_measures;
struct export_record;
struct profile;
struct str;

struct profile_node {
	uint32_t name;   // profile_name()
	uint32_t parent; // 0: the root, which is node 0 itself
	uint64_t self;   // what ends here
};

struct profile *profile_new(void);
void profile_free(struct profile *p);

void profile_record(struct profile *p, const struct export_context *c, const struct export_record *r);
void profile_measures(struct profile *p, const struct export_context *c, const struct export_measures *m);

// All layers together. Nodes stand behind their parents; the array is the profile's until it changes.
const struct profile_node *profile_nodes(struct profile *p, size_t *n);
const char *profile_name(const struct profile *p, uint32_t name);
size_t profile_names(const struct profile *p);
enum value_unit profile_unit(const struct profile *p); // of the weights
uint64_t profile_without(const struct profile *p);     // records and rows that have no stack
uint64_t profile_added(const struct profile *p);       // those that have one

// The frames from the root to node `at`, joined by ';' (which becomes ':' within a name).
void profile_path(const struct profile *p, const struct profile_node *nodes, uint32_t at, struct str *out);
