// SPDX-License-Identifier: Apache-2.0
// world.h - `spile world save FILE`: the running kernel as a file that `spile check --world` reads. Returns the exit status.
#pragma once

struct options;

int cmd_world(const struct options *o);
