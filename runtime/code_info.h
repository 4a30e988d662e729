// SPDX-License-Identifier: Apache-2.0
// code_info.h - what an object's .BTF and .BTF.ext say of its programs: functions, and script lines by instruction.
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct code_info { // of one section
	struct bpf_func_info *func;
	struct bpf_line_info *line; // ascending by instruction
	uint32_t nfunc, nline;
};

struct code_lines {    // where the text of each line of the script stands in the BTF's strings; 0: it does not
	uint32_t *offset;
	size_t n;
};

// The object's BTF, as the kernel wants it: sizes of data sections filled in, and behind its strings the text of those
// lines of the script that instructions were made of. Freed by the caller, like lines->offset. NULL if it has none.
void *code_btf(const struct object *o, const char *script, size_t len, struct code_lines *lines, size_t *n);
// The section's part (section NULL: that of all); its line infos get the texts of `lines`. Empty where there is nothing valid.
void code_info_read(const struct object *o, const char *section, const struct code_lines *lines, struct code_info *ret);
void code_info_free(struct code_info *c);
const char *code_string(const struct object *o, uint32_t offset); // of .BTF; "" when out of range
