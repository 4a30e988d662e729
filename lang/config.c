// SPDX-License-Identifier: Apache-2.0
// config.c - the config block and BPFTRACE_* variables become the rows of plan.config, one for each row of config.def.
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/lang_int.h"

enum config_kind { CONFIG_BOOL, CONFIG_UINT, CONFIG_STR };

#define INIT_BOOL(v) .number = (v)
#define INIT_UINT(v) .number = (v)
#define INIT_STR(v) .text = (v)

static const struct row {
	const char *key;
	enum config_kind kind;
	uint64_t number;
	const char *text, *doc;
} rows[] = {
#define CONFIG(key_, kind_, value_, doc_) { .key = #key_, .kind = CONFIG_##kind_, INIT_##kind_(value_), .doc = doc_ },
#include "base/config.def"
};

static const struct {
	const char *old, *now;
	bool inverted;
} renamed[] = {
#define CONFIG_OLD(old, key, inverted) { #old, #key, inverted },
#include "base/config.def"
};

static const char *const ignored[] = {
	"symbol_source", "max_type_res_iterations", "unstable_addr", "unstable_import", "unstable_macro", "unstable_map_decl",
	"dwarf_unwind",
};

// Features that bpftrace calls unstable. Here they are not: the keys are checked, and taken as set.
static const char *const unstable[] = {
	"unstable_dw_ustack", "unstable_import_statement", "unstable_typeinfo",
};

static const char *const environment_only[] = { "btf", "kernel_build", "kernel_source", "vmlinux" };

static const char *const licenses[] = {
	"Dual MIT/GPL", "Dual BSD/GPL", "Dual MPL/GPL", "GPL and additional rights", "GPL v2", "GPL",
};

static const struct {
	const char *key;
	uint64_t min, max;
} limits[] = {
	{ "max_strlen", 1, 65536 }, { "max_map_keys", 1, 1u << 30 }, { "perf_rb_pages", 0, 1u << 18 },
	{ "on_stack_limit", 0, 512 }, { "log_size", 1024, 1u << 30 }, { "max_probes", 1, 1u << 24 }, { "max_bpf_progs", 1, 1u << 20 },
};

struct value {
	const char *key;   // as written
	const char *text;  // the value as text
	struct span at;
};

static bool is_in(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

// name, NAME and BPFTRACE_NAME are one key.
static const char *key_plain(struct lang *l, const char *key)
{
	char *low = arena_strdup(l->arena, key);

	for (char *p = low; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return strncmp(low, "bpftrace_", 9) == 0 ? low + 9 : low;
}

static const struct row *row_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

static void unknown_key(struct lang *l, const struct value *v, const char *key)
{
	struct near near = near_to(key);

	if (is_in(key, environment_only, ARRAY_SIZE(environment_only))) {
		diag_error(l->diag, v->at, E_CONFIG, "%s can only be set as an environment variable", key);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		near_offer(&near, rows[i].key);
	diag_error(l->diag, v->at, E_CONFIG, "%s: not a known configuration option%s%s%s", v->key, near.best ? "; did you mean '" : "",
		   near.best ? near.best : "", near.best ? "'?" : "");
}

static bool parse_bool(const char *text, uint64_t *ret)
{
	if (strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0)
		*ret = 1;
	else if (strcmp(text, "0") == 0 || strcasecmp(text, "false") == 0)
		*ret = 0;
	else
		return false;
	return true;
}

static bool parse_uint(const char *text, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return !errno && !*end;
}

// One of the words of "one of A|B|C"; any text when the row has no such list.
static bool is_choice(const struct row *r, const char *text)
{
	const char *p = strncmp(r->doc, "one of ", 7) == 0 ? r->doc + 7 : NULL;

	if (!p)
		return true;
	for (;;) {
		size_t n = strcspn(p, "|");

		if (strlen(text) == n && strncmp(p, text, n) == 0)
			return true;
		if (!p[n])
			return false;
		p += n + 1;
	}
}

static void set_number(struct lang *l, const struct row *r, const struct value *v, struct plan_config *c)
{
	uint64_t n, min = 0, max = UINT32_MAX;

	if (r->kind == CONFIG_BOOL && !parse_bool(v->text, &n)) {
		diag_error(l->diag, v->at, E_CONFIG, "Invalid value for %s: '%s'. It takes true, false, 1 or 0", r->key, v->text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strcmp(limits[i].key, r->key) == 0) {
			min = limits[i].min;
			max = limits[i].max;
		}
	if (r->kind == CONFIG_UINT && (!parse_uint(v->text, &n) || n < min || n > max)) {
		diag_error(l->diag, v->at, E_CONFIG, "Invalid value for %s: '%s'. It takes a number from %llu to %llu", r->key, v->text,
			   (unsigned long long)min, (unsigned long long)max);
		return;
	}
	c->number = n;
}

static void set_text(struct lang *l, const struct row *r, const struct value *v, struct plan_config *c)
{
	const char *text = v->text;

	if (strcmp(r->key, "cache_user_symbols") == 0 && (strcmp(text, "0") == 0 || strcmp(text, "1") == 0))
		text = *text == '0' ? "NONE" : "PER_PID";
	if (strcmp(r->key, "license") == 0 && !is_in(text, licenses, ARRAY_SIZE(licenses)))
		diag_error(l->diag, v->at, E_CONFIG, "Invalid value for license. Found: %s. Valid values: Dual MIT/GPL, Dual BSD/GPL, "
			   "Dual MPL/GPL, GPL and additional rights, GPL v2, GPL.", text);
	else if (!is_choice(r, text))
		diag_error(l->diag, v->at, E_CONFIG, "Invalid value for %s: '%s'. It takes %s", r->key, text, r->doc);
	else
		c->text = arena_strdup(l->arena, text);
}

static void set(struct lang *l, struct value *v)
{
	const char *key = key_plain(l, v->key);
	const struct row *r;

	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (strcmp(key, renamed[i].old) == 0) {
			uint64_t off;

			diag_warn(l->diag, v->at, W_DEPRECATED, "%s has been renamed, please use %s", v->key, renamed[i].now);
			key = renamed[i].now;
			if (renamed[i].inverted && parse_bool(v->text, &off))
				v->text = off ? "false" : "true";
		}
	if (is_in(key, unstable, ARRAY_SIZE(unstable))) {
		static const char *const words[] = { "enable", "warn", "error", "true", "false", "1", "0" };

		if (!is_in(v->text, words, ARRAY_SIZE(words)))
			diag_error(l->diag, v->at, E_CONFIG, "Invalid value for %s: '%s'. It takes enable, warn or error", key, v->text);
		return;
	}
	if (is_in(key, ignored, ARRAY_SIZE(ignored))) {
		diag_warn(l->diag, v->at, W_DEPRECATED, "%s is deprecated and has no effect", v->key);
		return;
	}
	r = row_find(key);
	if (!r)
		unknown_key(l, v, key);
	else if (r->kind == CONFIG_STR)
		set_text(l, r, v, &l->plan->config[r - rows]);
	else
		set_number(l, r, v, &l->plan->config[r - rows]);
}

static void set_entry(struct lang *l, const struct node *e)
{
	const struct node *n = e->config_entry.value;
	struct value v = { .key = e->config_entry.name, .text = "", .at = e->span };

	if (n->kind == NODE_STRING)
		v.text = n->string.text;
	else if (n->kind == NODE_BOOL)
		v.text = n->bool_.value ? "true" : "false";
	else if (n->kind == NODE_INT)
		v.text = arena_printf(l->arena, "%llu", (unsigned long long)n->int_.value);
	else if (n->kind == NODE_IDENT)
		v.text = n->ident.name;
	set(l, &v);
}

// Variables that are no keys (BPFTRACE_VMLINUX …) are for others to read.
static void set_environment(struct lang *l, const char *key, const char *text)
{
	struct value v = { .key = key, .text = text };

	if (is_in(key_plain(l, key), environment_only, ARRAY_SIZE(environment_only)))
		return;
	set(l, &v);
}

#define SHORT_STRLEN 200 // two such strings and a number are a key of less than 512 bytes

// A kernel whose keys are short gets short strings, or no map of strings could be made there.
static uint64_t default_number(const struct lang *l, const struct row *r)
{
	const struct world_ops *ops = l->world->ops;
	bool is_short = strcmp(r->key, "max_strlen") == 0 && ops->feature && !ops->feature(l->world, FEATURE_LONG_KEYS);

	return is_short ? SHORT_STRLEN : r->number;
}

void pass_config(struct lang *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		plan_push(l->arena, &l->plan->config, &l->plan->n_config,
			  (struct plan_config){ .key = rows[i].key, .text = rows[i].text, .number = default_number(l, &rows[i]) });
	for (size_t i = 0; i < l->script->script.items.n; i++) {
		const struct node *item = l->script->script.items.v[i];

		for (size_t k = 0; item->kind == NODE_CONFIG && k < item->config.entries.n; k++)
			set_entry(l, item->config.entries.v[k]);
	}
	for (size_t i = 0; i < l->options->nconfig; i++)
		set_environment(l, l->options->config[2 * i], l->options->config[2 * i + 1]);
	l->max_strlen = config_number(l, "max_strlen");
}

uint64_t config_number(const struct lang *l, const char *key)
{
	return plan_config(l->plan, key)->number;
}

const char *config_text(const struct lang *l, const char *key)
{
	return plan_config(l->plan, key)->text;
}
