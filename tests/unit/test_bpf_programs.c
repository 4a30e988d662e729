// SPDX-License-Identifier: Apache-2.0
// Words that name functions of BPF programs, and what is kept of a question about them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/plan.h"
#include "base/reloc.h"
#include "runtime/bpf_programs.h"

static void words(void **state)
{
	struct bpf_words w = bpf_words_of("17:parse");

	assert_int_equal(w.id, 17);
	assert_true(w.has_id);
	assert_string_equal(w.name, "parse");
	w = bpf_words_of("*:parse");
	assert_int_equal(w.id, BPF_PROGRAM_ALL);
	assert_true(w.has_id);
	w = bpf_words_of("17");
	assert_int_equal(w.id, BPF_PROGRAM_ALL);
	assert_false(w.has_id);
	assert_string_equal(w.name, "17");
	assert_int_equal(bpf_words_of("99999999999999999999:x").id, UINT32_MAX);
}

static void questions(void **state)
{
	assert_true(bpf_lookup_is(BPF_LOOKUP "*:parse"));
	assert_false(bpf_lookup_is("libc"));
	assert_false(bpf_lookup_is("/usr/bin/fentry:bpf:"));
	uint64_t answer = bpf_programs_answer("no_program_has_this");
	assert_true(bpf_lookup_holds(BPF_LOOKUP "no_program_has_this", answer));
	assert_false(bpf_lookup_holds(BPF_LOOKUP "no_program_has_this", answer + 1));
}

static void numbers_do_not_last(void **state)
{
	const struct plan_reloc kernel = { .kind = RELOC_SLOT, .type = "function vmlinux:vfs_read", .path = "return" };
	const struct plan_reloc program = { .kind = RELOC_SLOT, .type = "function bpf:17:parse", .path = "return" };

	assert_true(reloc_is_lasting(&kernel));
	assert_false(reloc_is_lasting(&program));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words), cmocka_unit_test(questions), cmocka_unit_test(numbers_do_not_last) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
