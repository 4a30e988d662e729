// SPDX-License-Identifier: Apache-2.0
#include "runtime/code_info.h"

#include <linux/btf.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/object.h"

// libbpf's private layout of .BTF.ext, fixed since it was made.
struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len;
	uint32_t func_off, func_len, line_off, line_len;
};

struct ext_section {
	uint32_t name_off, count;
};

static bool btf_header(const struct object *o, struct btf_header *h, const uint8_t **bytes, size_t *n)
{
	int at = object_find(o, ".BTF");
	const struct object_section *s = at < 0 ? NULL : object_section_at(o, (size_t)at);

	if (!s || !s->data || s->size < sizeof *h)
		return false;
	memcpy(h, s->data, sizeof *h);
	uint64_t types = (uint64_t)h->hdr_len + h->type_off, strings = (uint64_t)h->hdr_len + h->str_off;
	if (h->magic != BTF_MAGIC || h->hdr_len < sizeof *h || (h->hdr_len | h->type_off) % 4 || types + h->type_len > s->size || strings + h->str_len > s->size ||
	    h->str_len == 0 || s->data[strings + h->str_len - 1] != '\0')
		return false;
	*bytes = s->data;
	*n = s->size;
	return true;
}

static bool btf_strings(const struct object *o, const char **strings, uint32_t *n)
{
	struct btf_header h;
	const uint8_t *bytes;
	size_t size;

	if (!btf_header(o, &h, &bytes, &size))
		return false;
	*strings = (const char *)bytes + h.hdr_len + h.str_off;
	*n = h.str_len;
	return true;
}

const char *code_string(const struct object *o, uint32_t offset)
{
	const char *strings;
	uint32_t n;

	return btf_strings(o, &strings, &n) && offset < n ? strings + offset : "";
}

static size_t rest_size(const struct btf_type *t)
{
	size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT: return 4;
	case BTF_KIND_ARRAY: return sizeof(struct btf_array);
	case BTF_KIND_STRUCT: case BTF_KIND_UNION: return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM: return n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO: return n * sizeof(struct btf_param);
	case BTF_KIND_VAR: return sizeof(struct btf_var);
	case BTF_KIND_DATASEC: return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG: return sizeof(struct btf_decl_tag);
	case BTF_KIND_ENUM64: return n * sizeof(struct btf_enum64);
	default: return 0;
	}
}

// LLVM leaves a data section's size zero; the kernel refuses that.
static void fix_data_section(const struct object *o, struct btf_type *t)
{
	int at = object_find(o, code_string(o, t->name_off));

	if (at >= 0 && t->size == 0)
		t->size = (uint32_t)object_section_at(o, (size_t)at)->size;
}

static void fix_data_sections(const struct object *o, uint8_t *btf, const struct btf_header *h)
{
	uint8_t *at = btf + h->hdr_len + h->type_off, *end = at + h->type_len;

	while ((size_t)(end - at) >= sizeof(struct btf_type)) {
		struct btf_type *t = (struct btf_type *)at;
		size_t size = sizeof *t + rest_size(t);

		if (size > (size_t)(end - at))
			break;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_DATASEC)
			fix_data_section(o, t);
		at += size;
	}
}

// One of .BTF.ext's tables: a record size, then per section its name, a count and the records; section NULL: of all sections.
// Records that are longer than we know are cut. Offsets are bytes in the file and instructions for the kernel.
static void *read_table(const struct object *o, const char *section, const uint8_t *at, size_t len, size_t want, uint32_t *count)
{
	_free_ uint8_t *table = NULL;
	const char *strings;
	uint32_t size, nstrings;

	*count = 0;
	if (len < sizeof size || !btf_strings(o, &strings, &nstrings))
		return NULL;
	memcpy(&size, at, sizeof size);
	if (size < want || size > 256)
		return NULL;
	at += sizeof size;
	len -= sizeof size;
	while (len >= sizeof(struct ext_section)) {
		struct ext_section s;

		memcpy(&s, at, sizeof s);
		at += sizeof s;
		len -= sizeof s;
		if ((uint64_t)s.count * size > len)
			break;
		if (!section || (s.name_off < nstrings && strcmp(strings + s.name_off, section) == 0)) {
			table = xrealloc(table, ((size_t)*count + s.count) * want);
			for (uint32_t i = 0; i < s.count; i++, ++*count) {
				uint8_t *to = table + (size_t)*count * want;
				uint32_t offset;

				memcpy(to, at + (size_t)i * size, want);
				memcpy(&offset, to, sizeof offset);
				offset /= sizeof(struct bpf_insn);
				memcpy(to, &offset, sizeof offset);
			}
			if (section)
				break;
		}
		at += (size_t)s.count * size;
		len -= (size_t)s.count * size;
	}
	return TAKE_PTR(table);
}

static const uint8_t *ext_header(const struct object *o, struct ext_header *h)
{
	int at = object_find(o, ".BTF.ext");
	const struct object_section *s = at < 0 ? NULL : object_section_at(o, (size_t)at);

	if (!s || !s->data || s->size < sizeof *h)
		return NULL;
	memcpy(h, s->data, sizeof *h);
	if (h->magic != BTF_MAGIC || (uint64_t)h->hdr_len + h->func_off + h->func_len > s->size ||
	    (uint64_t)h->hdr_len + h->line_off + h->line_len > s->size)
		return NULL;
	return s->data;
}

// Marks in offset[line - 1] the lines that instructions of any section were made of.
static void mark_lines(const struct object *o, struct code_lines *lines)
{
	struct code_info info;

	code_info_read(o, NULL, NULL, &info);
	for (uint32_t k = 0; k < info.nline; k++) {
		uint32_t line = BPF_LINE_INFO_LINE_NUM(info.line[k].line_col);

		if (line && line <= lines->n)
			lines->offset[line - 1] = 1;
	}
	code_info_free(&info);
}

static size_t count_lines(const char *script, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += script[i] == '\n';
	return n;
}

#define LINE_MOST 200 // bytes of a line's text: the log shows it beside instructions

// A line's text as the kernel takes it: printable, without leading blanks.
static void add_line(struct str *out, const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	for (size_t i = 0; i < MIN(len, (size_t)LINE_MOST); i++)
		str_addc(out, text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ');
	str_addc(out, '\0');
}

static void add_lines(const struct object *o, const char *script, size_t len, uint32_t base, struct code_lines *lines, struct str *out)
{
	lines->n = count_lines(script, len);
	lines->offset = xcalloc(lines->n, sizeof *lines->offset);
	mark_lines(o, lines);
	for (size_t line = 0, at = 0; line < lines->n; line++) {
		const char *nl = memchr(script + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - script) - at : len - at;

		if (lines->offset[line]) {
			lines->offset[line] = base + (uint32_t)out->n;
			add_line(out, script + at, n);
		}
		at += n + (nl != NULL);
	}
}

// LLVM puts the strings last, so that they can grow; where they are not, they stay as they are.
void *code_btf(const struct object *o, const char *script, size_t len, struct code_lines *lines, size_t *n)
{
	_str_ struct str texts = { 0 };
	struct btf_header h;
	const uint8_t *bytes;

	*lines = (struct code_lines){ 0 };
	if (!btf_header(o, &h, &bytes, n))
		return NULL;
	if (script && (uint64_t)h.hdr_len + h.str_off + h.str_len == *n)
		add_lines(o, script, len, h.str_len, lines, &texts);
	uint8_t *copy = xmalloc(*n + texts.n);
	memcpy(copy, bytes, *n);
	fix_data_sections(o, copy, &h);
	if (texts.n)
		memcpy(copy + *n, texts.p, texts.n);
	*n += texts.n;
	h.str_len += (uint32_t)texts.n;
	memcpy(copy, &h, sizeof h);
	return copy;
}

void code_info_read(const struct object *o, const char *section, const struct code_lines *lines, struct code_info *ret)
{
	struct ext_header h;
	const uint8_t *bytes = ext_header(o, &h);

	*ret = (struct code_info){ 0 };
	if (!bytes)
		return;
	ret->func = read_table(o, section, bytes + h.hdr_len + h.func_off, h.func_len, sizeof *ret->func, &ret->nfunc);
	ret->line = read_table(o, section, bytes + h.hdr_len + h.line_off, h.line_len, sizeof *ret->line, &ret->nline);
	for (uint32_t i = 0; lines && i < ret->nline; i++) {
		uint32_t line = BPF_LINE_INFO_LINE_NUM(ret->line[i].line_col);

		if (line && line <= lines->n && !ret->line[i].line_off)
			ret->line[i].line_off = lines->offset[line - 1];
	}
}

void code_info_free(struct code_info *c)
{
	free(c->func);
	free(c->line);
	*c = (struct code_info){ 0 };
}
