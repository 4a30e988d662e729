// SPDX-License-Identifier: Apache-2.0
#include "runtime/own_probe.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/probe_type.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/run_state.h"

#define ATTACH_UPROBE_MULTI 48 // BPF_TRACE_UPROBE_MULTI, younger than the headers of Debian 12

// Functions whose first instruction the kernel emulates, and one it single-steps -----------------------------------------

void entry_emulated(void);
void entry_stepped(void);

#ifdef __x86_64__
__asm__(".text\n.globl entry_emulated, entry_stepped\n.type entry_emulated, @function\nentry_emulated:\n\tpush %rbp\n\tpop %rbp\n\tret\n.size entry_emulated, . - entry_emulated\n"
	".type entry_stepped, @function\nentry_stepped:\n\ttest %rdi, %rdi\n\tret\n.size entry_stepped, . - entry_stepped\n");
#else
void entry_emulated(void) { __asm__ volatile(""); }
void entry_stepped(void) { __asm__ volatile(""); }
#endif

// Where in the executable's file a function of ours lies; 0: nowhere.
static uint64_t file_offset(uintptr_t address)
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)getauxval(AT_PHDR);

	for (size_t i = 0, n = p ? getauxval(AT_PHNUM) : 0; i < n; i++)
		if (p[i].p_type == PT_LOAD && address >= p[i].p_vaddr && address - p[i].p_vaddr < p[i].p_filesz)
			return address - p[i].p_vaddr + p[i].p_offset;
	return 0;
}

int empty_program(enum bpf_prog_type type, bool multi)
{
	const struct bpf_insn in[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	LIBBPF_OPTS(bpf_prog_load_opts, o);

	if (multi)
		o.expected_attach_type = (enum bpf_attach_type)ATTACH_UPROBE_MULTI;
	return bpf_prog_load(type, "nothing", "GPL", in, ARRAY_SIZE(in), &o);
}

// A uprobe on a function of ours.
struct own_probe {
	struct plan_site site;
	struct plan_prog prog;
	struct link_set links;
	int fd;
};

static bool attach(struct run *r, struct own_probe *o, void (*f)(void), bool is_return)
{
	o->site = (struct plan_site){ .name = "entry", .provider = is_return ? "uretprobe" : "uprobe", .target = "/proc/self/exe", .func = "entry",
				      .offset = file_offset((uintptr_t)f), .mechanism = is_return ? MECH_URETPROBE_MULTI : MECH_UPROBE_MULTI,
				      .pid = (uint32_t)getpid() };
	o->prog = (struct plan_prog){ .name = "entry", .kind = PROG_UPROBE, .sites = &o->site, .n_sites = 1 };
	o->fd = empty_program(BPF_PROG_TYPE_KPROBE, r->world->ops->feature(r->world, FEATURE_UPROBE_MULTI));
	const struct probe_type *t = probe_type_find(r->world, o->site.provider);
	size_t said = r->diag->nitems;
	bool attached = o->fd >= 0 && o->site.offset && t && t->attach(t, r, &o->prog, o->fd, &o->links) == 0;

	r->diag->nitems = said; // what is wrong with this probe is no fault of the script
	return attached;
}

struct own_probe *own_probe_new(struct run *r, void (*f)(void), bool is_return)
{
	struct own_probe *o = xcalloc(1, sizeof *o);

	if (!attach(r, o, f, is_return)) {
		own_probe_free(o);
		return NULL;
	}
	return o;
}

void own_probe_free(struct own_probe *o)
{
	if (!o)
		return;
	link_set_close(&o->links);
	if (o->fd >= 0)
		close(o->fd);
	free(o);
}
