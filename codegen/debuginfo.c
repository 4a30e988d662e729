// SPDX-License-Identifier: Apache-2.0
// debuginfo.c - DWARF metadata, from which LLVM makes BTF: function names and, for each instruction, the script's line.
// The kernel refuses a function prototype with unnamed parameters, so every one gets a name.
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "codegen/cg.h"

static void index_lines(struct cg *cg, const struct diag_source *s)
{
	size_t n = 1, at = 1;

	for (size_t i = 0; i < s->len; i++)
		n += s->text[i] == '\n';
	cg->line_start = arena_array(cg->arena, uint32_t, n);
	for (size_t i = 0; i < s->len; i++)
		if (s->text[i] == '\n')
			cg->line_start[at++] = (uint32_t)i + 1;
	cg->lines = n;
}

static LLVMMetadataRef basic(struct cg *cg, const char *name, unsigned bits, LLVMDWARFTypeEncoding enc)
{
	return LLVMDIBuilderCreateBasicType(cg->di, name, strlen(name), bits, enc, 0);
}

void cg_debug_begin(struct cg *cg)
{
	const struct diag_source *s = cg->diag->nsources > 1 ? &cg->diag->sources[1] : &cg->diag->sources[0];

	cg->source = cg->diag->nsources > 1 ? 1 : 0;
	index_lines(cg, s);
	cg->di = LLVMCreateDIBuilder(cg->l.mod);
	cg->di_file = LLVMDIBuilderCreateFile(cg->di, s->name, strlen(s->name), "", 0);
	LLVMDIBuilderCreateCompileUnit(cg->di, LLVMDWARFSourceLanguageC, cg->di_file, "spile", 5, 1, "", 0, 0, "", 0,
				       LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
	LLVMValueRef version = l_k32(&cg->l, LLVMDebugMetadataVersion());
	LLVMAddModuleFlag(cg->l.mod, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18, LLVMValueAsMetadata(version));
	LLVMAddModuleFlag(cg->l.mod, LLVMModuleFlagBehaviorWarning, "Dwarf Version", 13, LLVMValueAsMetadata(l_k32(&cg->l, 4)));
	cg->di_int = basic(cg, "int", 32, 5);
	cg->di_u64 = basic(cg, "unsigned long", 64, 7);
	cg->di_ptr = LLVMDIBuilderCreatePointerType(cg->di, cg->di_u64, 64, 0, 0, "", 0);
}

static unsigned line_of(const struct cg *cg, struct span at, unsigned *col)
{
	size_t lo = 0, hi = cg->lines;

	if (at.source != cg->source) {
		*col = 0;
		return 0;
	}
	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;

		if (cg->line_start[mid] <= at.start)
			lo = mid;
		else
			hi = mid;
	}
	*col = at.start - cg->line_start[lo] + 1;
	return (unsigned)lo + 1;
}

// main: int f(ctx); a callback: long f(a, b[, c, d]).
void cg_debug_function(struct cg *cg, LLVMValueRef fn, const char *name, unsigned params, enum fn_kind kind, struct span at)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	LLVMMetadataRef types[6] = { kind == FN_MAIN ? cg->di_int : cg->di_u64 };
	unsigned col, line = line_of(cg, at, &col);

	for (unsigned i = 0; i < params; i++) // what is an integer is an i64 parameter, all else a pointer
		types[i + 1] = LLVMTypeOf(LLVMGetParam(fn, i)) == cg->l.ptr ? cg->di_ptr : cg->di_u64;
	LLVMMetadataRef type = LLVMDIBuilderCreateSubroutineType(cg->di, cg->di_file, types, params + 1, 0);
	LLVMMetadataRef sp = LLVMDIBuilderCreateFunction(cg->di, cg->di_file, name, strlen(name), "", 0, cg->di_file, line, type, kind == FN_LOCAL, 1, line, 0, 1);

	LLVMSetSubprogram(fn, sp);
	for (unsigned i = 0; i < params; i++) {
		const char *p = kind == FN_MAIN ? "ctx" : names[i];

		LLVMDIBuilderCreateParameterVariable(cg->di, sp, p, strlen(p), i + 1, cg->di_file, line, types[i + 1], 1, 0);
	}
	cg->fn->scope = sp;
	cg_debug_at(cg, at);
}

void cg_debug_at(struct cg *cg, struct span at)
{
	unsigned col, line = line_of(cg, at, &col);

	cg->at = at;
	LLVMSetCurrentDebugLocation2(cg->l.b, LLVMDIBuilderCreateDebugLocation(cg->l.ctx, line, MIN(col, 1023u), cg->fn->scope, NULL));
}

void cg_debug_end(struct cg *cg)
{
	LLVMDIBuilderFinalize(cg->di);
	LLVMDisposeDIBuilder(cg->di);
}
