// SPDX-License-Identifier: Apache-2.0
// Where an entry probe is placed, and where a USDT note's arguments lie.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/regs.h"
#include "runtime/attach/uprobe_site.h"
#include "runtime/attach/usdt_arg.h"

#if defined(__x86_64__)

// A binary of one function, at address 0x1000 and offset 0, and its cold part at 0x5000.
struct machine {
	const uint8_t *code, *cold;
	size_t n, ncold;
	const uint8_t *lengths; // of the instructions, for the disassembler; NULL: there is none
	unsigned at;
};

enum { START = 0x1000, COLD = 0x5000 };

static int code(struct world *w, const char *path, uint64_t offset, void *buf, size_t n)
{
	const struct machine *m = w->impl;
	const uint8_t *from = offset >= COLD ? m->cold : m->code;
	size_t room = offset >= COLD ? m->ncold : m->n;

	n = MIN(n, room);
	memcpy(buf, from, n);
	return (int)n;
}

static int symbol(struct world *w, const char *path, const char *name, struct binary_symbol *ret)
{
	const struct machine *m = w->impl;

	if (strcmp(name, "f.cold") != 0 || !m->cold)
		return -ENOENT;
	*ret = (struct binary_symbol){ name, COLD, m->ncold, COLD };
	return 0;
}

static size_t disassemble(struct world *w, const void *p, size_t n, uint64_t address, char *text, size_t room)
{
	struct machine *m = w->impl;

	return m->lengths[m->at++];
}

// Where the probe goes, in bytes behind the function's start.
static unsigned placed(struct machine *m, bool strict)
{
	const struct world_ops ops = { .code = code, .symbol = symbol, .disassemble = m->lengths ? disassemble : NULL };
	struct world w = { .ops = &ops, .impl = m };
	struct binary_symbol f = { "f", START, m->n, 0 };
	struct placement p;

	m->at = 0;
	uprobe_place(&w, "x", &f, strict, true, &p);
	return p.skip;
}

#define CODE(...) &(struct machine){ .code = (const uint8_t[]){ __VA_ARGS__ }, .n = sizeof((const uint8_t[]){ __VA_ARGS__ }) }
#define ENDBR 0xf3, 0x0f, 0x1e, 0xfa
#define MOV_RDI_RBX 0x48, 0x89, 0xfb
#define RET 0xc3

static void moves(void **state)
{
	assert_int_equal(placed(CODE(0x55, RET), false), 0);
	assert_int_equal(placed(CODE(ENDBR, 0x55, RET), false), 4);
	assert_int_equal(placed(CODE(ENDBR, 0x55, RET), true), 4);
	assert_int_equal(placed(CODE(ENDBR, 0x41, 0x57, RET), true), 4);
	assert_int_equal(placed(CODE(MOV_RDI_RBX, 0x55, RET), false), 3);
	assert_int_equal(placed(CODE(MOV_RDI_RBX, 0x55, RET), true), 0);
	assert_int_equal(placed(CODE(ENDBR, 0x49, 0x89, 0xf4, 0x31, 0xdb, 0x55, RET), false), 9); // mov %rsi,%r12; xor %ebx,%ebx
	assert_int_equal(placed(CODE(0x48, 0x8d, 0x6e, 0x08, 0x50, RET), false), 4);               // lea 8(%rsi),%rbp
	assert_int_equal(placed(CODE(0x48, 0x8d, 0x1d, 1, 0, 0, 0, 0x53, RET), false), 7);          // lea 1(%rip),%rbx
	assert_int_equal(placed(CODE(0xbb, 1, 0, 0, 0, 0x53, RET), false), 5);                      // mov $1,%ebx
	assert_int_equal(placed(CODE(0x85, 0xff, 0x74, 0x10, RET), false), 2);                      // test %edi,%edi; je
	assert_int_equal(placed(CODE(0x83, 0xff, 0x07, 0x74, 0x10, RET), false), 3);                // cmp $7,%edi; je
	assert_int_equal(placed(CODE(ENDBR, 0x0f, 0x1f, 0x44, 0, 0, 0x55, RET), false), 4);         // stops at the nop
	assert_int_equal(placed(CODE(0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x55, RET), true), 11);
}

static void stays(void **state)
{
	assert_int_equal(placed(CODE(ENDBR, RET), false), 0);
	assert_int_equal(placed(CODE(0x89, 0xf7, 0x55, RET), false), 0);                   // mov %esi,%edi: an argument
	assert_int_equal(placed(CODE(0x31, 0xc0, 0x55, RET), false), 0);                   // xor %eax,%eax
	assert_int_equal(placed(CODE(0x41, 0x89, 0xfa, 0x55, RET), false), 0);             // mov %edi,%r10d
	assert_int_equal(placed(CODE(0x48, 0x83, 0xec, 0x08, 0x55, RET), false), 0);       // sub $8,%rsp
	assert_int_equal(placed(CODE(0x48, 0x89, 0x1c, 0x24, 0x55, RET), false), 0);       // mov %rbx,(%rsp)
	assert_int_equal(placed(CODE(0x48, 0x8b, 0x1f, 0x55, RET), false), 0);             // mov (%rdi),%rbx: may fault
	assert_int_equal(placed(CODE(0x48, 0x8d, 0x7f, 0x08, 0x55, RET), false), 0);       // lea 8(%rdi),%rdi
	assert_int_equal(placed(CODE(ENDBR, 0x85, 0xff, 0x74, 0x10, 0xff, 0xe0), true), 0); // strict
	assert_int_equal(placed(CODE(0x85, 0xff, 0x74, 0x10, 0xff, 0xe0), false), 0);      // jmp *%rax and no push
	assert_int_equal(placed(CODE(0x48, 0x8d), false), 0);                              // cut off
	assert_int_equal(placed(CODE(ENDBR), false), 0);
	assert_int_equal(placed(CODE(0xf3, 0x0f), false), 0);
}

static void sees_branches(void **state)
{
	struct machine inside = *CODE(ENDBR, 0x55, 0xb8, 0xeb, 0xfc, 0, 0, RET); // the constant holds "jmp start+4", mid-instruction
	struct machine cold = *CODE(ENDBR, 0x55, RET);
	static const uint8_t jump[] = { 0xe9, 0xff, 0xbf, 0xff, 0xff }; // COLD + 5 - 0x4001 = START + 4
	static const uint8_t lengths[] = { 4, 1, 5, 1 };

	assert_int_equal(placed(CODE(ENDBR, 0x55, 0xeb, 0xfd, RET), false), 0);                   // jmp to the push
	assert_int_equal(placed(CODE(ENDBR, 0x55, 0x0f, 0x84, 0xf9, 0xff, 0xff, 0xff), false), 0); // je
	assert_int_equal(placed(CODE(ENDBR, 0x55, 0xe8, 0xfa, 0xff, 0xff, 0xff), false), 0);       // call
	assert_int_equal(placed(CODE(ENDBR, 0x55, 0xe2, 0xfd, RET), false), 0);                   // loop
	assert_int_equal(placed(CODE(ENDBR, 0x55, 0xeb, 0xf9, RET), false), 4);                   // jmp to the start: another call
	assert_int_equal(placed(&inside, false), 0);
	inside.lengths = lengths;
	assert_int_equal(placed(&inside, false), 4); // the sweep knows better
	cold.cold = jump;
	cold.ncold = sizeof jump;
	assert_int_equal(placed(&cold, false), 0);
}

// Arguments --------------------------------------------------------------------------------------------------------

static bool find(void *arg, const char *name, uint64_t *address)
{
	*address = 0x4000;
	return strcmp(name, "counter") == 0;
}

static int reg(const char *name)
{
	struct reg_place r;

	assert_true(reg_find(name, strlen(name), &r));
	return r.offset;
}

static struct arg_loc parse(const char *args, unsigned n)
{
	struct arg_loc loc = { 0 };

	assert_true(usdt_arg_parse(args, n, 0x1010, find, NULL, &loc));
	return loc;
}

static void in_memory(const char *args, const char *base, const char *index, unsigned scale, int64_t disp)
{
	struct arg_loc loc = parse(args, 0);

	assert_int_equal(loc.where, ARG_MEMORY);
	assert_int_equal(loc.offset, reg(base));
	assert_int_equal(loc.index, index ? reg(index) : -1);
	assert_int_equal(loc.scale, scale);
	assert_int_equal(loc.value, disp);
}

static void note_arguments(void **state)
{
	struct arg_loc loc = parse("-4@%edi 8@$5 1@%ah 8@%r12 2@%r8w -1@$200 %eax", 0);

	assert_int_equal(loc.where, ARG_REG);
	assert_int_equal(loc.offset, reg("rdi"));
	assert_int_equal(loc.size, 4);
	assert_true(loc.is_signed);
	loc = parse("-4@%edi 8@$5 1@%ah", 1);
	assert_int_equal(loc.where, ARG_CONST);
	assert_int_equal(loc.value, 5);
	loc = parse("-4@%edi 8@$5 1@%ah", 2);
	assert_int_equal(loc.offset, reg("rax"));
	assert_int_equal(loc.value, 8);
	assert_int_equal(parse("-1@$200", 0).value, -56);
	assert_int_equal(parse("8@$-3", 0).value, -3);
	assert_int_equal(parse("1@%r9b", 0).size, 1);
	assert_int_equal(parse("%eax", 0).size, 4);
	in_memory("4@-20(%rbp)", "rbp", NULL, 1, -20);
	in_memory("8@(%rax)", "rax", NULL, 1, 0);
	in_memory("8@(%rax,%rbx,8)", "rax", "rbx", 8, 0);
	in_memory("8@0x10(%rax,%r9)", "rax", "r9", 1, 16);
	in_memory("8@16(,%r9)", "r9", NULL, 1, 16);
	in_memory("8@counter(%rip)", "rip", NULL, 1, 0x4000 - 0x1010);
	in_memory("8@counter+8(%rip)", "rip", NULL, 1, 0x4008 - 0x1010);
	in_memory("8@counter-8(%rip)", "rip", NULL, 1, 0x3ff8 - 0x1010);
	in_memory("8@counter", "rip", NULL, 1, 0x4000 - 0x1010);
	in_memory("8@24(%rip)", "rip", NULL, 1, 24);
	assert_true(usdt_args_are_local("8@%rax 8@counter(%rip)"));
	assert_false(usdt_args_are_local("8@%rax 8@-8(%rbp)"));
}

static void bad_arguments(void **state)
{
	static const char *const bad[] = { "", "8f@%xmm0", "3@%rax", "8@%xmm0", "8@", "8@$", "8@$x", "8@5", "8@(%rax", "8@(%rax,%rbx,3)",
					   "8@(,%rax,8)", "8@()", "8@unknown(%rip)", "8@counter(%rax)", "8@(%eax)", "8@4(", "8@(%rax,)",
					   "8@$99999999999999999999", "8@%", "@", "-@%rax", "8@counter+(%rip)" };
	struct arg_loc loc;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (usdt_arg_parse(bad[i], 0, 0, find, NULL, &loc))
			fail_msg("'%s' was understood", bad[i]);
	assert_false(usdt_arg_parse("8@%rax", 1, 0, find, NULL, &loc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves), cmocka_unit_test(stays), cmocka_unit_test(sees_branches), cmocka_unit_test(note_arguments),
		cmocka_unit_test(bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0; // placement and these operands are x86-64's
}

#endif
