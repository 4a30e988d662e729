// SPDX-License-Identifier: Apache-2.0
// The serialised plan: what is written is read back; bytes that are no plan are refused, however they are damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"

// Two structs that point to each other, one of them inside a tuple.
static const struct type *linked_structs(struct types *t)
{
	struct type *a = type_struct(t, TYPE_STRUCT, "a"), *b = type_struct(t, TYPE_STRUCT, "b");
	struct field fa[] = { { .name = "b", .type = type_pointer(t, b, SPACE_KERNEL) }, { .name = "n", .type = type_int(t, 4, true), .offset = 8 } };
	struct field fb[] = { { .name = "a", .type = type_pointer(t, a, SPACE_KERNEL) },
			      { .name = "bits", .type = type_int(t, 4, false), .offset = 8, .bit_offset = 3, .bit_size = 5 } };

	type_set_fields(t, a, 16, fa, 2);
	type_set_fields(t, b, 16, fb, 2);
	return type_tuple(t, (const struct type *[]){ a, type_string(t, 16), type_array(t, type_int(t, 2, false), 3) }, 3);
}

static struct plan *make(struct arena *a, struct types *t)
{
	struct plan *p = arena_new_(a, struct plan);
	struct enumerator colours[] = { { "RED", -1 }, { "BLUE", 7 } };
	const struct type *key = linked_structs(t), *colour = type_enum(t, "colour", 4, true, colours, 2);

	p->key = "key";
	p->ring_bytes = 65536;
	p->only_special = true;
	plan_push(a, &p->sources, &p->n_sources, (struct plan_source){ .name = "stdin", .text = "begin { }", .text_len = 9 });
	plan_push(a, &p->names, &p->n_names, (struct plan_name){ "begin" });
	plan_push(a, &p->formats, &p->n_formats, (struct plan_name){ "%H" });
	plan_push(a, &p->config, &p->n_config, (struct plan_config){ .key = "max_strlen", .number = 64 });
	plan_push(a, &p->maps, &p->n_maps, (struct plan_map){ .name = "@x", .bpf_type = 1, .key_size = key->size, .value_size = 8,
		.max_entries = 10, .key = key, .value = type_agg(t, TYPE_SUM, true), .key_is_tuple = true });
	plan_push(a, &p->maps, &p->n_maps, (struct plan_map){ .name = "@h", .bpf_type = 5, .key_size = 16, .value_size = 8,
		.max_entries = 10, .key = type_int(t, 8, true), .value = type_hist(t, 2), .bucketed = true });
	struct plan_prog g = { .name = "begin_1", .section = "prog/1" };
	plan_push(a, &g.sites, &g.n_sites, (struct plan_site){ .name = "begin", .provider = "begin", .period = UINT64_MAX });
	plan_push(a, &p->progs, &p->n_progs, g);
	struct plan_event e = { .text = "%d %s\n", .fixed_size = 24 };
	plan_push(a, &e.args, &e.n_args, (struct plan_arg){ .type = colour, .offset = 8 });
	plan_push(a, &e.args, &e.n_args, (struct plan_arg){ .type = type_timestamp(t, 0), .offset = 16 });
	plan_push(a, &e.span, &e.n_span, (struct plan_span){ 1, 2, 5 });
	plan_push(a, &p->events, &p->n_events, e);
	plan_push(a, &p->losses, &p->n_losses, (struct plan_loss){ .kind = LOSS_EVENT });
	return p;
}

static int reread(const struct str *bytes, struct arena *a, struct plan **ret)
{
	const char *why = NULL;
	int err = plan_read(bytes->p, bytes->n, a, types_new(a), ret, &why);

	assert_true(err == 0 || why != NULL);
	return err;
}

static void read_back(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	struct plan *p = make(a, t), *q;
	_str_ struct str bytes = { 0 }, again = { 0 }, before = { 0 }, after = { 0 };
	const char *why;

	plan_write(p, t, &bytes);
	assert_int_equal(reread(&bytes, a, &q), 0);
	assert_int_equal(plan_check(q, &why), 0);
	plan_dump(p, &before);
	plan_dump(q, &after);
	assert_string_equal(before.p, after.p);
	assert_string_equal(q->key, "key");
	assert_int_equal(q->progs[0].sites[0].period, UINT64_MAX);
	assert_null(q->progs[0].sites[0].target);
	assert_int_equal(q->config[0].number, 64);
	assert_memory_equal(q->sources[0].text, "begin { }", 9);

	const struct type *s = q->maps[0].key->fields[0].type;
	assert_int_equal(s->kind, TYPE_STRUCT);
	assert_true(s->complete);
	assert_string_equal(s->fields[1].name, "n");
	assert_false(s->fields[0].type->elem->complete); // struct b is only pointed to
	assert_int_equal(q->events[0].args[0].type->enums[0].value, -1);

	struct types *t2 = types_new(a);
	assert_int_equal(plan_read(bytes.p, bytes.n, a, t2, &q, &why), 0);
	plan_write(q, t2, &again);
	assert_int_equal(bytes.n, again.n);
	assert_memory_equal(bytes.p, again.p, bytes.n);
	arena_free(a);
}

static void cut_short(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	_str_ struct str bytes = { 0 };
	struct plan *q;

	plan_write(make(a, t), t, &bytes);
	for (size_t n = 0; n < bytes.n; n++) {
		struct arena *b = arena_new();
		uint8_t *exact = xmalloc(n); // so that a sanitizer sees one byte too far

		memcpy(exact, bytes.p, n);
		assert_int_not_equal(reread(&(struct str){ (char *)exact, n, n }, b, &q), 0);
		free(exact);
		arena_free(b);
	}
	arena_free(a);
}

// One byte changed, each in several ways: refused, or a plan that can be checked and dumped.
static void damaged(void **state)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0x40 };
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	_str_ struct str bytes = { 0 };

	plan_write(make(a, t), t, &bytes);
	for (size_t i = 0; i < bytes.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(with); k++) {
			struct arena *b = arena_new();
			_str_ struct str copy = { 0 }, text = { 0 };
			struct plan *q;
			const char *why;

			str_add(&copy, bytes.p, bytes.n);
			copy.p[i] = (char)(copy.p[i] ^ with[k]);
			if (reread(&copy, b, &q) == 0 && plan_check(q, &why) == 0)
				plan_dump(q, &text);
			arena_free(b);
		}
	arena_free(a);
}

static void checked(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	struct plan *p = make(a, t);
	const char *why;

	assert_int_equal(plan_check(p, &why), 0);
	p->events[0].args[1].offset = 20;
	assert_int_not_equal(plan_check(p, &why), 0);
	assert_non_null(strstr(why, "outside its record"));
	p->events[0].args[1].offset = 16;
	p->events[0].prog = 1;
	assert_int_not_equal(plan_check(p, &why), 0);
	p->events[0].prog = 0;
	p->progs[0].session = 2; // of one program
	assert_int_not_equal(plan_check(p, &why), 0);
	assert_non_null(strstr(why, "half of none"));
	p->progs[0].session = 0;
	p->progs[0].sites[0].pin = "/sys/fs/bpf/x"; // of what is no iterator
	assert_int_not_equal(plan_check(p, &why), 0);
	assert_non_null(strstr(why, "pinned"));
	p->progs[0].kind = PROG_ITER;
	p->progs[0].attach_to = "task";
	assert_int_equal(plan_check(p, &why), 0);
	p->progs[0].sites[0].pin = "x";
	assert_int_not_equal(plan_check(p, &why), 0);
	p->progs[0].sites[0].pin = NULL;
	p->progs[0].kind = PROG_RUN;
	p->maps[0].key_size--;
	assert_int_not_equal(plan_check(p, &why), 0);
	p->maps[0].key_size++;
	struct plan_lookup unnamed = { .answer = 1 };

	p->lookups = &unnamed;
	p->n_lookups = 1;
	assert_int_not_equal(plan_check(p, &why), 0);
	p->n_lookups = 0;
	p->n_formats = 0;
	assert_int_not_equal(plan_check(p, &why), 0);
	arena_free(a);
}

static void configuration(void **state)
{
	struct plan p = { 0 };

	assert_int_equal(plan_config(&p, "max_strlen")->number, 1024);
	assert_string_equal(plan_config(&p, "str_trunc_trailer")->text, "..");
	assert_null(plan_config(&p, "nonsense"));
}

static void many_items(void **state)
{
	struct arena *a = arena_new();
	struct plan p = { 0 };

	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(plan_push(a, &p.names, &p.n_names, (struct plan_name){ arena_printf(a, "%u", i) }), i);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(atoi(p.names[i].name), i);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_back), cmocka_unit_test(cut_short), cmocka_unit_test(damaged),
		cmocka_unit_test(checked), cmocka_unit_test(configuration), cmocka_unit_test(many_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
