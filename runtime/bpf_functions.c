// SPDX-License-Identifier: Apache-2.0
#include "runtime/bpf_functions.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/bpf_programs.h"
#include "runtime/btf_types.h"

struct known {
	uint32_t id;
	struct btf_file *file;
	struct btf_types *types;
};

struct prototype {
	const char *text;
	const struct event_field *f;
	size_t n;
	const struct type *ret;
};

struct bpf_functions {
	struct world *world;
	VEC(struct prototype) asked;
	VEC(struct known) known; // programs whose functions were asked for
};

struct bpf_functions *bpf_functions_new(struct world *w)
{
	struct bpf_functions *b = xcalloc(1, sizeof *b);

	b->world = w;
	return b;
}

void bpf_functions_free(struct bpf_functions *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->known.n; i++) {
		btf_types_free(b->known.v[i].types);
		btf_file_close(b->known.v[i].file);
	}
	vec_free(&b->known);
	vec_free(&b->asked);
	free(b);
}

// Which there are -----------------------------------------------------------------------------------------------------

struct listing {
	const char *name;
	void (*each)(void *arg, uint32_t id, const char *name, bool has_types);
	void *arg;
};

#define NAME_KEPT 15 // characters of a program's name: BPF_OBJ_NAME_LEN - 1

// Without types a program is known by its short name alone.
static bool is_named(const struct bpf_program *p, const char *glob)
{
	return glob_match(glob, p->name) || (strlen(p->name) == NAME_KEPT && strncmp(glob, p->name, NAME_KEPT) == 0);
}

static bool list_one(void *arg, struct bpf_program *p)
{
	struct listing *l = arg;

	for (size_t i = 0; i < p->nfunc; i++)
		if (glob_match(l->name, bpf_program_function(p, i)))
			l->each(l->arg, p->id, bpf_program_function(p, i), true);
	if (!p->nfunc && is_named(p, l->name))
		l->each(l->arg, p->id, p->name, false);
	return true;
}

int bpf_functions_each(const char *text, void (*each)(void *arg, uint32_t id, const char *name, bool has_types), void *arg)
{
	struct bpf_words words = bpf_words_of(text);

	return bpf_programs_each(words.id, BPF_PROGRAM_NEWEST, list_one, &(struct listing){ words.name, each, arg });
}

// Arguments -----------------------------------------------------------------------------------------------------------

// include/linux/bpf_types.h: what programs see as their context, and what the kernel hands over.
static const struct {
	const char *seen, *real;
} contexts[] = {
	{ "__sk_buff", "sk_buff" }, { "xdp_md", "xdp_buff" }, { "bpf_sock", "sock" }, { "bpf_sock_addr", "bpf_sock_addr_kern" },
	{ "bpf_sock_ops", "bpf_sock_ops_kern" }, { "sk_msg_md", "sk_msg" }, { "bpf_perf_event_data", "bpf_perf_event_data_kern" },
	{ "bpf_sysctl", "bpf_sysctl_kern" }, { "bpf_sockopt", "bpf_sockopt_kern" }, { "sk_reuseport_md", "sk_reuseport_kern" },
	{ "bpf_sk_lookup", "bpf_sk_lookup_kern" },
};

static const struct type *as_handed_over(struct world *w, const struct type *t)
{
	const char *name = t->kind == TYPE_POINTER && t->elem->kind == TYPE_STRUCT ? t->elem->name : NULL;

	for (size_t i = 0; name && i < ARRAY_SIZE(contexts); i++) {
		if (strcmp(contexts[i].seen, name) != 0)
			continue;
		const struct type *real = w->ops->type_named(w, TYPE_STRUCT, contexts[i].real);
		return type_pointer(w->types, real ? real : type_basic(w->types, TYPE_NONE), SPACE_KERNEL);
	}
	return t;
}

static bool keep(void *arg, struct bpf_program *p)
{
	struct bpf_functions *b = arg;

	if (!p->btf)
		return false;
	vec_push(NULL, &b->known, (struct known){ p->id, p->btf, btf_types_new(b->world->arena, b->world->types, p->btf) });
	p->btf = NULL;
	return false;
}

static struct btf_types *types_of(struct bpf_functions *b, uint32_t id)
{
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < b->known.n; i++)
			if (b->known.v[i].id == id)
				return b->known.v[i].types;
		if (!round)
			bpf_programs_each(id, BPF_PROGRAM_NEWEST, keep, b);
	}
	return NULL;
}

// The returned value lies behind the arguments, wherever that is: the last one takes all that is before it.
static void stretch(struct world *w, struct event_field *f, size_t *n)
{
	if (!*n)
		f[(*n)++] = (struct event_field){ .name = "arg0", .type = type_int(w->types, 8, false), .size = 8 };
	f[*n - 1].size = MAX(8 * BPF_TARGET_SLOTS - MIN(f[*n - 1].offset, 8u * (BPF_TARGET_SLOTS - 1)), 8u);
}

static int read_prototype(struct bpf_functions *b, const char *text, struct prototype *ret)
{
	struct world *w = b->world;
	const struct event_field *found;
	struct bpf_target target;
	size_t n;
	int err = bpf_target_find(text, BPF_PROGRAM_NEWEST, &target);

	if (err)
		return err;
	_close_ int fd = target.fd;
	struct btf_types *types = types_of(b, target.id);
	err = types ? btf_types_function(types, bpf_words_of(text).name, &found, &n, &ret->ret) : -ENOENT;
	if (err)
		return err;
	struct event_field *f = arena_array(w->arena, struct event_field, n + 1);
	for (size_t i = 0; i < n; i++) {
		f[i] = found[i];
		f[i].type = as_handed_over(w, f[i].type);
	}
	if (bpf_target_is_unreliable(&target))
		stretch(w, f, &n);
	ret->text = arena_strdup(w->arena, text);
	ret->f = f;
	ret->n = n;
	return 0;
}

int bpf_function_args(struct bpf_functions *b, const char *text, const struct event_field **ret, size_t *n, const struct type **returns)
{
	const struct prototype *p = NULL;
	struct prototype fresh;

	for (size_t i = 0; !p && i < b->asked.n; i++)
		if (strcmp(b->asked.v[i].text, text) == 0)
			p = &b->asked.v[i];
	if (!p) {
		int err = read_prototype(b, text, &fresh);

		if (err)
			return err;
		vec_push(NULL, &b->asked, fresh);
		p = &fresh;
	}
	*ret = p->f;
	*n = p->n;
	*returns = p->ret;
	return 0;
}

int bpf_functions_complete(struct bpf_functions *b, const struct type *s)
{
	for (size_t i = 0; i < b->known.n; i++)
		if (btf_types_complete(b->known.v[i].types, s) == 0)
			return 0;
	return -ENOENT;
}
