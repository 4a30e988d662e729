// SPDX-License-Identifier: Apache-2.0
#include "runtime/bpf_programs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/plan.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/btf.h"

#define BTF_MOST (64u << 20)
#define FUNCTIONS_MOST 65536u

static struct btf_file *read_btf(uint32_t id)
{
	_close_ int fd = id ? bpf_btf_get_fd_by_id(id) : -1;
	struct bpf_btf_info info = { 0 };
	uint32_t len = sizeof info;
	struct btf_file *b = NULL;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) || !info.btf_size || info.btf_size > BTF_MOST)
		return NULL;
	uint32_t size = info.btf_size;
	void *bytes = xmalloc(size);
	info = (struct bpf_btf_info){ .btf = (uintptr_t)bytes, .btf_size = size };
	len = sizeof info;
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		free(bytes);
		return NULL;
	}
	return btf_file_from(bytes, size, NULL, &b) ? NULL : b;
}

static void read_functions(struct bpf_program *p, uint32_t n)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof info;
	_free_ struct bpf_func_info *f = xcalloc(MAX(n, 1u), sizeof *f);

	info.nr_func_info = n;
	info.func_info_rec_size = sizeof *f;
	info.func_info = (uintptr_t)f;
	if (!n || n > FUNCTIONS_MOST || bpf_obj_get_info_by_fd(p->fd, &info, &len) || info.func_info_rec_size > sizeof *f)
		return;
	p->nfunc = MIN(n, info.nr_func_info);
	p->func = xcalloc(p->nfunc, sizeof *p->func);
	for (size_t i = 0; i < p->nfunc; i++)
		p->func[i] = f[i].type_id;
}

static bool show(uint32_t id, int fd, bool (*each)(void *arg, struct bpf_program *p), void *arg)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof info;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return true; // it ended meanwhile
	struct bpf_program p = { .id = id, .type = info.type, .name = info.name, .fd = fd, .btf = read_btf(info.btf_id) };
	if (p.btf)
		read_functions(&p, info.nr_func_info);
	bool on = each(arg, &p);
	btf_file_close(p.btf);
	free(p.func);
	return on;
}

int bpf_programs_each(uint32_t id, uint32_t newest, bool (*each)(void *arg, struct bpf_program *p), void *arg)
{
	uint32_t next = id ? id - 1 : 0;
	int err;

	while (!(err = bpf_prog_get_next_id(next, &next)) && next <= newest && (!id || next == id)) {
		_close_ int fd = bpf_prog_get_fd_by_id(next);

		if (fd == -EPERM)
			return fd;
		if (fd >= 0 && (!show(next, fd, each, arg) || id))
			return 0;
	}
	return err == -EPERM ? err : id ? -ENOENT : 0;
}

const char *bpf_program_function(const struct bpf_program *p, size_t i)
{
	const struct btf_type *t = btf_file_type(p->btf, p->func[i]);

	return t ? btf_file_string(p->btf, t->name_off) : "";
}

uint32_t bpf_program_newest(void)
{
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0)
		;
	return id;
}

// One function --------------------------------------------------------------------------------------------------------

struct bpf_words bpf_words_of(const char *text)
{
	const char *colon = strchr(text, ':');

	return (struct bpf_words){ .name = colon ? colon + 1 : text, .has_id = colon,
				   .id = colon ? (uint32_t)MIN(strtoul(text, NULL, 10), (unsigned long)UINT32_MAX) : BPF_PROGRAM_ALL };
}

struct search {
	const char *name;
	struct bpf_target found;
	bool several;
};

static bool look_into(void *arg, struct bpf_program *p)
{
	struct search *s = arg;

	for (size_t i = 0; i < p->nfunc; i++) {
		if (strcmp(bpf_program_function(p, i), s->name) != 0)
			continue;
		if (s->found.fd >= 0) {
			s->several = true;
			return false;
		}
		s->found = (struct bpf_target){ .fd = dup(p->fd), .id = p->id, .type_id = p->func[i] };
		break; // of two in one program the first is the one that trampolines find
	}
	return true;
}

int bpf_target_find(const char *text, uint32_t newest, struct bpf_target *ret)
{
	struct bpf_words words = bpf_words_of(text);
	struct search s = { .name = words.name, .found = { .fd = -1 } };
	int err = bpf_programs_each(words.id, newest, look_into, &s);
	_close_ int fd = s.found.fd;
	if (err)
		return err;
	if (s.several)
		return -EEXIST;
	if (fd < 0)
		return -ENOENT;
	*ret = s.found;
	ret->fd = TAKE_FD(fd);
	return 0;
}

// Only behind five arguments there is something in the sixth slot.
bool bpf_target_is_unreliable(const struct bpf_target *t)
{
	const struct bpf_insn in[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1, .off = 8 * BPF_TARGET_SLOTS },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_TRACE_FEXIT, .attach_prog_fd = (uint32_t)t->fd, .attach_btf_id = t->type_id);
	_close_ int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "spile_try", "GPL", in, ARRAY_SIZE(in), &o);

	return fd >= 0;
}

const char *bpf_function_of(const struct plan_prog *p)
{
	bool is_bpf = prog_is(p->kind, PROG_OF_FUNCTION) && strncmp(p->attach_to, WORLD_BPF ":", strlen(WORLD_BPF ":")) == 0;

	return is_bpf ? p->attach_to + strlen(WORLD_BPF ":") : NULL;
}

// What was asked ------------------------------------------------------------------------------------------------------

struct answer {
	const char *name;
	bool by_id;
	uint64_t sum;
};

static bool add_program(void *arg, struct bpf_program *p)
{
	struct answer *a = arg;

	for (size_t i = 0; i < p->nfunc; i++) {
		const char *name = bpf_program_function(p, i);
		uint64_t h = btf_file_hash(p->btf);

		if (!glob_match(a->name, name))
			continue;
		h = hash_bytes(name, strlen(name), h + p->func[i]);
		a->sum += hash_bytes(&p->id, a->by_id ? sizeof p->id : 0, h + p->type);
	}
	return true;
}

uint64_t bpf_programs_answer(const char *text)
{
	struct bpf_words words = bpf_words_of(text);
	struct answer a = { .name = words.name, .by_id = words.has_id || glob_is(words.name) };
	int err = bpf_programs_each(words.id, BPF_PROGRAM_NEWEST, add_program, &a);

	return a.sum + (uint64_t)err;
}

bool bpf_lookup_is(const char *lookup)
{
	return strncmp(lookup, BPF_LOOKUP, strlen(BPF_LOOKUP)) == 0;
}

bool bpf_lookup_holds(const char *lookup, uint64_t answer)
{
	return bpf_programs_answer(lookup + strlen(BPF_LOOKUP)) == answer;
}
