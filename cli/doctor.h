// SPDX-License-Identifier: Apache-2.0
// doctor.h - spile doctor: a line for each thing this machine can or cannot do, and what would let it.
#pragma once

struct options;

int cmd_doctor(const struct options *o); // the process's exit status: 1 when no script could run here
