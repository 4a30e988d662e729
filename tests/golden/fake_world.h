// SPDX-License-Identifier: Apache-2.0
// fake_world.h - a small machine that never changes: a few structs, events, a binary with symbols and USDT probes. The
// providers of runtime/attach are the real ones, so attach points expand as they do on a live machine.
#pragma once

struct arena;
struct types;
struct world;

struct world *fake_world(struct arena *a, struct types *types); // lives in the arena
