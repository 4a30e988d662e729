// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/usdt_arg.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "runtime/attach/regs.h"

// Operands hold no spaces outside parentheses or brackets.
static const char *operand_end(const char *p)
{
	int depth = 0;

	for (; *p && (depth > 0 || *p != ' '); p++)
		depth += *p == '(' || *p == '[' ? 1 : *p == ')' || *p == ']' ? -1 : 0;
	return p;
}

// Is "SIZE@" at p? Then *at is behind it. The size may carry an 'f', and be missing in old notes.
static bool read_size(const char *p, const char *end, struct arg_loc *loc, const char **at)
{
	const char *mark = memchr(p, '@', (size_t)(end - p));
	char *stop;
	long size;

	*at = p;
	loc->size = 0;
	if (!mark || !(isdigit((unsigned char)*p) || *p == '-'))
		return true;
	size = strtol(p, &stop, 10);
	if (stop != mark || (size != 1 && size != 2 && size != 4 && size != 8 && size != -1 && size != -2 && size != -4 && size != -8))
		return false; // floating point: "8f@"
	loc->size = (uint8_t)labs(size);
	loc->is_signed = size < 0;
	*at = mark + 1;
	return true;
}

static bool read_number(const char **p, const char *end, int64_t *ret)
{
	const char *digits = *p + (**p == '-' || **p == '+');
	char *stop;

	if (digits >= end || !isdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*ret = (int64_t)(**p == '-' ? (uint64_t)strtoll(*p, &stop, 0) : strtoull(digits, &stop, 0));
	if (stop > end || errno)
		return false;
	*p = stop;
	return true;
}

static int64_t cut(int64_t v, const struct arg_loc *loc)
{
	unsigned bits = 64 - 8u * loc->size;

	return loc->is_signed ? (int64_t)((uint64_t)v << bits) >> bits : (int64_t)((uint64_t)v << bits >> bits);
}

static bool constant(const char *p, const char *end, struct arg_loc *loc)
{
	if (!read_number(&p, end, &loc->value) || p != end)
		return false;
	loc->where = ARG_CONST;
	loc->size = loc->size ? loc->size : 8;
	loc->value = cut(loc->value, loc);
	return true;
}

static bool in_register(const char *p, const char *end, struct arg_loc *loc)
{
	struct reg_place r;

	if (!reg_find(p, (size_t)(end - p), &r))
		return false;
	loc->where = ARG_REG;
	loc->offset = r.offset;
	loc->value = r.shift;
	loc->size = (uint8_t)(!loc->size ? r.size : MIN(loc->size, r.size));
	return true;
}

#if defined(__x86_64__)

// "%rax" at *p; moves behind it.
static bool register_at(const char **p, const char *end, int32_t *offset)
{
	const char *name = *p + 1, *stop = name;
	struct reg_place r;

	if (*p >= end || **p != '%')
		return false;
	while (stop < end && isalnum((unsigned char)*stop))
		stop++;
	if (!reg_find(name, (size_t)(stop - name), &r) || r.shift || r.size != 8)
		return false;
	*offset = r.offset;
	*p = stop;
	return true;
}

// "(base,index,scale)" up to the end; base or index may be missing, but not base with a scaled index.
static bool read_address(const char *p, const char *end, struct arg_loc *loc)
{
	int64_t scale = 1;

	loc->offset = loc->index = -1;
	loc->scale = 1;
	if (end - p < 3 || *p != '(' || end[-1] != ')')
		return false;
	p++;
	end--;
	if (*p == '%' && !register_at(&p, end, &loc->offset))
		return false;
	if (p < end && *p == ',') {
		p++;
		if (!register_at(&p, end, &loc->index))
			return false;
		if (p < end && *p == ',') {
			p++;
			if (!read_number(&p, end, &scale))
				return false;
		}
	}
	if (p != end || (scale != 1 && scale != 2 && scale != 4 && scale != 8))
		return false;
	loc->scale = (uint8_t)scale;
	if (loc->offset < 0 && scale == 1) {
		loc->offset = loc->index;
		loc->index = -1;
	}
	return loc->offset >= 0;
}

// A variable, "name", "name+8" or "name-8", up to `end`: relative to the program counter, which is the probe's address.
static bool variable(const char *p, const char *end, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *loc)
{
	const char *stop = p;
	uint64_t at;
	int64_t more = 0;

	while (stop < end && (isalnum((unsigned char)*stop) || strchr("_.$@", *stop)))
		stop++;
	_free_ char *name = xstrndup(p, (size_t)(stop - p));

	p = stop;
	if (p < end && !read_number(&p, end, &more))
		return false;
	if (p != end || !symbol(arg, name, &at))
		return false;
	loc->where = ARG_MEMORY;
	loc->offset = reg_program();
	loc->value = (int64_t)(at + (uint64_t)more - address);
	return true;
}

static bool memory(const char *p, const char *end, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *loc)
{
	const char *paren = memchr(p, '(', (size_t)(end - p));
	bool relative = paren && end - paren == 6 && memcmp(paren, "(%rip)", 6) == 0;

	loc->where = ARG_MEMORY;
	loc->size = loc->size ? loc->size : 8;
	if (p != paren && (isalpha((unsigned char)*p) || *p == '_' || *p == '.'))
		return (!paren || relative) && variable(p, paren ? paren : end, address, symbol, arg, loc);
	if (!paren || (p != paren && !read_number(&p, paren, &loc->value)) || p != paren)
		return false;
	return read_address(paren, end, loc);
}

static bool operand(const char *p, const char *end, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *loc)
{
	if (p >= end)
		return false;
	if (*p == '$')
		return constant(p + 1, end, loc);
	if (*p == '%')
		return in_register(p + 1, end, loc);
	return memory(p, end, address, symbol, arg, loc);
}

#else

// "x0", "5", "[sp, 12]", "[x1]"
static bool operand(const char *p, const char *end, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *loc)
{
	struct reg_place r;
	const char *stop = p + 1;

	if (p >= end)
		return false;
	if (isdigit((unsigned char)*p) || *p == '-')
		return constant(p, end, loc);
	if (*p != '[')
		return in_register(p, end, loc);
	while (stop < end && isalnum((unsigned char)*stop))
		stop++;
	if (!reg_find(p + 1, (size_t)(stop - p - 1), &r) || r.size != 8)
		return false;
	p = stop;
	loc->where = ARG_MEMORY;
	loc->offset = r.offset;
	loc->size = loc->size ? loc->size : 8;
	if (p < end && *p == ',') {
		for (p++; p < end && *p == ' ';)
			p++;
		if (!read_number(&p, end, &loc->value))
			return false;
	}
	return p + 1 == end && *p == ']';
}

#endif

bool usdt_arg_parse(const char *args, unsigned n, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *ret)
{
	for (const char *p = args; *p;) {
		const char *end = operand_end(p), *at;
		struct arg_loc loc = { .index = -1, .scale = 1 };

		if (p == end) {
			p++;
			continue;
		}
		if (n-- > 0) {
			p = end;
			continue;
		}
		if (!read_size(p, end, &loc, &at) || !operand(at, end, address, symbol, arg, &loc))
			return false;
		*ret = loc;
		return true;
	}
	return false;
}

bool usdt_args_are_local(const char *args)
{
	for (const char *p = args; *p; p++) {
		const char *operand_at = *p == '@' ? p + 1 : p == args || p[-1] == ' ' ? p : NULL;

		if (strncmp(p, "(%rip)", 6) == 0)
			return true;
		if (operand_at && (isalpha((unsigned char)*operand_at) || *operand_at == '_' || *operand_at == '.'))
			return true;
	}
	return false;
}
