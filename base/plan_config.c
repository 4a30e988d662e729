// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/plan.h"
#include "base/util.h"

#define DEFAULT_BOOL(v) .number = (v)
#define DEFAULT_UINT(v) .number = (v)
#define DEFAULT_ENUM(v) .text = (v)
#define DEFAULT_STR(v) .text = (v)

static const struct plan_config defaults[] = {
#define CONFIG(name, kind, value, doc) { .key = #name, DEFAULT_##kind(value) },
#include "base/config.def"
};

const struct plan_config *plan_config(const struct plan *p, const char *key)
{
	for (uint32_t i = 0; i < p->n_config; i++)
		if (p->config[i].key && strcmp(p->config[i].key, key) == 0)
			return &p->config[i];
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (strcmp(defaults[i].key, key) == 0)
			return &defaults[i];
	return NULL;
}
