// SPDX-License-Identifier: Apache-2.0
// tseries.h - time series: the last `num` intervals of a value, each with one number, in a ring.
//
// A value is type->b wire_epochs; interval number e stands at e % num, if its row still says e. Rows without samples are of no
// time. Moments are of the TAI clock; they are shown as local time.
#pragma once

#include <stdint.h>

#include "base/wire.h"

struct str;
struct type;

void tseries_merge(const struct type *t, struct wire_epoch *into, const struct wire_epoch *from); // one row, of one more CPU
void tseries_text(const struct type *t, const struct wire_epoch *rows, struct str *out);
void tseries_json(const struct type *t, const struct wire_epoch *rows, struct str *out);
