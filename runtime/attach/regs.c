// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/regs.h"

#include <asm/ptrace.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#if defined(__x86_64__)

#define AT(reg) ((int)offsetof(struct pt_regs, reg))

static const struct family {
	const char *name[4]; // 8, 4, 2 and 1 bytes
	int offset;
} families[] = {
	{ { "rax", "eax", "ax", "al" }, AT(rax) },     { { "rbx", "ebx", "bx", "bl" }, AT(rbx) },
	{ { "rcx", "ecx", "cx", "cl" }, AT(rcx) },     { { "rdx", "edx", "dx", "dl" }, AT(rdx) },
	{ { "rsi", "esi", "si", "sil" }, AT(rsi) },    { { "rdi", "edi", "di", "dil" }, AT(rdi) },
	{ { "rbp", "ebp", "bp", "bpl" }, AT(rbp) },    { { "rsp", "esp", "sp", "spl" }, AT(rsp) },
	{ { "r8", "r8d", "r8w", "r8b" }, AT(r8) },     { { "r9", "r9d", "r9w", "r9b" }, AT(r9) },
	{ { "r10", "r10d", "r10w", "r10b" }, AT(r10) }, { { "r11", "r11d", "r11w", "r11b" }, AT(r11) },
	{ { "r12", "r12d", "r12w", "r12b" }, AT(r12) }, { { "r13", "r13d", "r13w", "r13b" }, AT(r13) },
	{ { "r14", "r14d", "r14w", "r14b" }, AT(r14) }, { { "r15", "r15d", "r15w", "r15b" }, AT(r15) },
	{ { "rip", "eip", "ip", "ip" }, AT(rip) },
};

static const struct {
	const char *name;
	int offset;
} high[] = { { "ah", AT(rax) }, { "bh", AT(rbx) }, { "ch", AT(rcx) }, { "dh", AT(rdx) } };

static bool is_name(const char *want, const char *name, size_t len)
{
	return strlen(want) == len && memcmp(want, name, len) == 0;
}

bool reg_find(const char *name, size_t len, struct reg_place *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(high); i++)
		if (is_name(high[i].name, name, len)) {
			*ret = (struct reg_place){ high[i].offset, 1, 8 };
			return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (unsigned k = 0; k < 4; k++)
			if (is_name(families[i].name[k], name, len)) {
				*ret = (struct reg_place){ families[i].offset, 8u >> k, 0 };
				return true;
			}
	return false;
}

int reg_go_argument(unsigned n)
{
	static const int order[] = { AT(rax), AT(rbx), AT(rcx), AT(rdi), AT(rsi), AT(r8), AT(r9), AT(r10), AT(r11) };

	return n < ARRAY_SIZE(order) ? order[n] : -1;
}

int reg_argument(unsigned n)
{
	static const int order[] = { AT(rdi), AT(rsi), AT(rdx), AT(rcx), AT(r8), AT(r9) };

	return n < ARRAY_SIZE(order) ? order[n] : -1;
}

int stack_argument(unsigned n)
{
	return 8 * ((int)n - 6) + 8; // above the return address
}

int stack_go_argument(unsigned n)
{
	return 8 * ((int)n - 9) + 8;
}

int reg_return(void)
{
	return AT(rax);
}

int reg_program(void)
{
	return AT(rip);
}

#elif defined(__aarch64__)

// struct user_pt_regs: x0-x30, sp, pc, pstate
bool reg_find(const char *name, size_t len, struct reg_place *ret)
{
	char *end;
	unsigned long n;

	if (len == 2 && memcmp(name, "sp", 2) == 0) {
		*ret = (struct reg_place){ 31 * 8, 8, 0 };
		return true;
	}
	if (len < 2 || len > 3 || (name[0] != 'x' && name[0] != 'w'))
		return false;
	n = strtoul(name + 1, &end, 10);
	if (end != name + len || n > 30)
		return false;
	*ret = (struct reg_place){ (int)n * 8, name[0] == 'x' ? 8 : 4, 0 };
	return true;
}

int reg_argument(unsigned n)
{
	return n < 8 ? (int)n * 8 : -1;
}

int stack_argument(unsigned n)
{
	return 8 * ((int)n - 8);
}

int reg_go_argument(unsigned n)
{
	return n < 16 ? (int)n * 8 : -1;
}

int stack_go_argument(unsigned n)
{
	return 8 * ((int)n - 16);
}

int reg_return(void)
{
	return 0;
}

int reg_program(void)
{
	return 32 * 8;
}

#else
#error "no table of registers for this architecture"
#endif
