// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/fde.h"

#include <dwarf.h>
#include <string.h>

#include "base/util.h"
#include "runtime/elf_file.h"

struct bytes {
	const uint8_t *p, *end;
	uint64_t address; // of p in the program
	bool failed;
};

static void advance(struct bytes *b, uint64_t n)
{
	if (n > (uint64_t)(b->end - b->p)) {
		b->failed = true;
		n = (uint64_t)(b->end - b->p);
	}
	b->p += n;
	b->address += n;
}

static uint64_t fixed(struct bytes *b, unsigned n)
{
	uint64_t v = 0;

	if (n <= (uint64_t)(b->end - b->p))
		memcpy(&v, b->p, n);
	advance(b, n);
	return v;
}

static uint64_t uleb(struct bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; !b->failed; shift += 7) {
		uint64_t byte = fixed(b, 1);

		if (shift < 64)
			v |= (byte & 127) << shift;
		if (!(byte & 128))
			break;
	}
	return v;
}

// A pointer as its encoding has it: the low four bits are its form, the next three what it counts from.
static uint64_t pointer(struct bytes *b, uint8_t encoding)
{
	uint64_t from = (encoding & 0x70) == DW_EH_PE_pcrel ? b->address : 0;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr: case DW_EH_PE_udata8: case DW_EH_PE_sdata8: return from + fixed(b, 8);
	case DW_EH_PE_udata4: return from + fixed(b, 4);
	case DW_EH_PE_sdata4: return from + (uint64_t)(int64_t)(int32_t)fixed(b, 4);
	case DW_EH_PE_udata2: return from + fixed(b, 2);
	case DW_EH_PE_sdata2: return from + (uint64_t)(int64_t)(int16_t)fixed(b, 2);
	default: b->failed = true; return 0;
	}
}

static bool open_section(const struct elf_file *f, const char *name, struct elf_section *s)
{
	return elf_file_section_named(f, name, s) && s->type != SHT_NOBITS;
}

#define ENTRY_MOST 512u // bytes of an entry up to what is wanted of it; no more of the section is read

// At an address of .eh_frame.
static bool open_at(const struct elf_file *f, const struct elf_section *frame, uint64_t address, struct bytes *b)
{
	uint64_t in = address - frame->address, n = address >= frame->address && in < frame->size ? MIN(frame->size - in, ENTRY_MOST) : 0;
	const uint8_t *p = n ? elf_file_bytes(f, frame->offset + in, n) : NULL;

	*b = (struct bytes){ .p = p, .end = p ? p + n : NULL, .address = address };
	return p != NULL;
}

// Narrows to one entry; false for a terminator, the 64-bit form (nothing makes it), and a length that is none.
static bool enter(struct bytes *b)
{
	uint64_t n = fixed(b, 4);

	if (b->failed || n == 0 || n == UINT32_MAX)
		return false;
	b->end = b->p + MIN(n, (uint64_t)(b->end - b->p));
	return true;
}

// How a CIE has its FDEs' pointers encoded: behind the letter R of its augmentation.
static bool cie_encoding(struct bytes b, uint8_t *encoding)
{
	const char *letters;
	uint64_t version;

	*encoding = DW_EH_PE_absptr;
	if (!enter(&b) || fixed(&b, 4) != 0)
		return false;
	version = fixed(&b, 1);
	letters = (const char *)b.p;
	advance(&b, strnlen(letters, (size_t)(b.end - b.p)) + 1);
	if (b.failed || *letters != 'z')
		return !b.failed && !*letters;
	uleb(&b); // code alignment
	uleb(&b); // data alignment
	if (version == 1)
		fixed(&b, 1);
	else
		uleb(&b); // return address
	uleb(&b); // length of what follows
	for (letters++; *letters && !b.failed; letters++) {
		if (*letters == 'R') {
			*encoding = (uint8_t)fixed(&b, 1);
			return !b.failed;
		}
		if (*letters == 'L')
			fixed(&b, 1);
		else if (*letters == 'P')
			pointer(&b, (uint8_t)fixed(&b, 1) & 0x0f);
		else if (!strchr("SBG", *letters))
			return false;
	}
	return !b.failed;
}

static bool fde_range(const struct elf_file *f, const struct elf_section *frame, uint64_t at, uint64_t *start, uint64_t *end)
{
	struct bytes b, cie;
	uint8_t encoding;
	uint64_t from, back, length;

	if (!open_at(f, frame, at, &b) || !enter(&b))
		return false;
	from = b.address;
	back = fixed(&b, 4);
	if (!back || back > from || !open_at(f, frame, from - back, &cie) || !cie_encoding(cie, &encoding))
		return false;
	*start = pointer(&b, encoding);
	length = pointer(&b, encoding & 0x0f);
	*end = *start + length;
	return !b.failed && *end > *start;
}

struct row { // of .eh_frame_hdr: both relative to that section
	int32_t function, fde;
};

static bool read_row(const struct elf_file *f, const struct elf_section *hdr, size_t head, size_t i, struct row *ret)
{
	const uint8_t *p = elf_file_bytes(f, hdr->offset + head + i * sizeof *ret, sizeof *ret);

	if (p)
		memcpy(ret, p, sizeof *ret);
	return p != NULL;
}

bool fde_bounds(const struct elf_file *f, uint64_t address, uint64_t *start, uint64_t *end)
{
	struct elf_section hdr, frame;
	const size_t head = 12;
	const uint8_t *p = open_section(f, ".eh_frame_hdr", &hdr) && hdr.size >= head ? elf_file_bytes(f, hdr.offset, head) : NULL;
	uint32_t n;

	if (!p || !open_section(f, ".eh_frame", &frame))
		return false;
	if (p[0] != 1 || p[1] != (DW_EH_PE_pcrel | DW_EH_PE_sdata4) || p[2] != DW_EH_PE_udata4 || p[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4))
		return false;
	memcpy(&n, p + 8, sizeof n);
	size_t lo = 0, hi = MIN((size_t)n, (hdr.size - head) / sizeof(struct row));
	struct row row = { 0 }, last = { 0 };
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (!read_row(f, &hdr, head, mid, &row))
			return false;
		if (hdr.address + (uint64_t)(int64_t)row.function <= address) {
			lo = mid + 1;
			last = row;
		} else {
			hi = mid;
		}
	}
	return lo && fde_range(f, &frame, hdr.address + (uint64_t)(int64_t)last.fde, start, end) && address >= *start && address < *end;
}
