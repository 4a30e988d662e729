// SPDX-License-Identifier: Apache-2.0
// table.c - strerror, signal_name and syscall_name: texts by number, in the program's read-only data. A table is there once for
// the object, and only when something asks for it.
//
//   row 0 is what an unknown number gives; row n + 1 the text of n:  at = n < rows ? n + 1 : 0;  copy(dst, table + at * width)
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "codegen/cg.h"

#define ERRORS 134 // errno values: 0 to EHWPOISON
#define SIGNALS 32
#define SYSCALLS 512

// A macro that is not defined cannot be tested for inside another, but its spelling tells: SYS_x of a call this architecture
// has expands to digits, of any other it stays "SYS_x".
#define SPELL(x) #x
#define SPELL_OUT(x) SPELL(x)

static const struct {
	const char *name, *number;
} syscalls[] = {
#define SYSCALL(name) { #name, SPELL_OUT(SYS_##name) },
#define SYSCALL_NEW(name, number) { #name, #number },
#define SYSCALL_ALIAS(alias, name)
#include "base/syscalls.def"
#undef SYSCALL
#undef SYSCALL_NEW
#undef SYSCALL_ALIAS
};

static const char *const signals[SIGNALS] = {
	[1] = "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
	"SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
	"SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
};

static void put(char *table, uint32_t width, uint32_t row, const char *text)
{
	if (text)
		memcpy(table + (size_t)row * width, text, MIN(strlen(text), (size_t)width - 1));
}

static void fill_errors(char *table, uint32_t width)
{
	put(table, width, 0, "Unknown error");
	for (int i = 0; i < ERRORS; i++) {
		const char *text = strerrordesc_np(i); // no locale

		put(table, width, (uint32_t)i + 1, text ? text : "Unknown error");
	}
}

static void fill_signals(char *table, uint32_t width)
{
	put(table, width, 0, "unknown");
	for (uint32_t i = 0; i < SIGNALS; i++)
		put(table, width, i + 1, signals[i] ? signals[i] : "unknown");
}

static void fill_syscalls(char *table, uint32_t width)
{
	for (uint32_t i = 0; i <= SYSCALLS; i++)
		put(table, width, i, "unknown");
	for (size_t i = 0; i < ARRAY_SIZE(syscalls); i++) {
		const char *digits = syscalls[i].number;
		unsigned long n = digits[0] >= '0' && digits[0] <= '9' ? strtoul(digits, NULL, 10) : SYSCALLS;

		if (n >= SYSCALLS)
			continue;
		memset(table + (n + 1) * width, 0, width);
		put(table, width, (uint32_t)n + 1, syscalls[i].name);
	}
}

static LLVMValueRef table(struct cg *cg, const char *name, uint32_t rows, uint32_t width, void (*fill)(char *, uint32_t))
{
	LLVMValueRef g = LLVMGetNamedGlobal(cg->l.mod, name);
	_free_ char *bytes = NULL;

	if (g)
		return g;
	bytes = xcalloc(rows + 1, width);
	fill(bytes, width);
	LLVMValueRef init = LLVMConstStringInContext2(cg->l.ctx, bytes, (size_t)(rows + 1) * width, 1);
	g = LLVMAddGlobal(cg->l.mod, LLVMTypeOf(init), name);
	LLVMSetInitializer(g, init);
	LLVMSetSection(g, ".rodata");
	LLVMSetLinkage(g, LLVMInternalLinkage);
	LLVMSetGlobalConstant(g, 1);
	LLVMSetAlignment(g, 8);
	return g;
}

static LLVMValueRef look_up(struct cg *cg, LLVMValueRef g, LLVMValueRef n, uint32_t rows, uint32_t width)
{
	struct ll *l = &cg->l;
	LLVMValueRef dst = cg_temp(cg, width, "text");
	LLVMValueRef next = l_opaque(l, LLVMBuildAdd(l->b, n, l_k(l, 1), "next")); // what is compared must be what is used
	LLVMValueRef known = LLVMBuildICmp(l->b, LLVMIntULE, next, l_k(l, rows), "known");
	LLVMValueRef row = l_opaque(l, LLVMBuildSelect(l->b, known, next, l_k(l, 0), "row"));

	// by the helper: it takes any address, so that the verifier need not follow the row's number
	LLVMValueRef args[] = { dst, l_k32(l, width), l_at(l, g, LLVMBuildMul(l->b, row, l_k(l, width), "off"), "row.at") };
	l_helper(l, H_PROBE_READ_KERNEL, l->i64, 3, args, "copied");
	return dst;
}

struct value cg_table_text(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	LLVMValueRef v = cg_int(cg, n->call.args.v[0]), g;
	uint32_t width = n->type->count;

	switch (n->call.builtin->id) {
	case BUILTIN_SIGNAL_NAME:
		g = table(cg, "signal_texts", SIGNALS, width, fill_signals);
		return (struct value){ .v = look_up(cg, g, v, SIGNALS, width) };
	case BUILTIN_SYSCALL_NAME:
		g = table(cg, "syscall_texts", SYSCALLS, width, fill_syscalls);
		return (struct value){ .v = look_up(cg, g, v, SYSCALLS, width) };
	default: // the kernel's functions return errors negated
		g = table(cg, "error_texts", ERRORS, width, fill_errors);
		v = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntSLT, v, l_k(l, 0), "negated"), LLVMBuildNeg(l->b, v, ""), v, "errno");
		return (struct value){ .v = look_up(cg, g, v, ERRORS, width) };
	}
}
