// SPDX-License-Identifier: Apache-2.0
// exists.c - exists(…): does the kernel that runs the script have a type, a member, an enumerator, an argument, an event, a function?
//
//   exists(struct task_struct.__state)   exists(enum bpf_cmd)   exists(BPF_MAP_CREATE)   exists(args.prio)
//   exists("vfs_read")                   exists("tracepoint:sched:sched_switch")
//
// The answer is a relocation, so it is given where the script is loaded, and the kernel's verifier never enters the branch not
// taken. What the compiling kernel lacks may not even compile: such a branch is tried, and when it fails only for the condition
// it stands under it is left out, and then the condition must have the same answer where the script runs.
#include <string.h>

#include "lang/resolve.h"

static const char *event_of(struct lang *l)
{
	const struct plan_site *s = &l->body->sites.v[0].plan;
	const char *event = l->body->type->event;

	if (!event || (strcmp(event, "function") == 0 && !l->body->type->args))
		return NULL;
	if (strcmp(event, "rawtracepoint") == 0)
		return arena_printf(l->arena, "%s %s", event, s->func);
	return arena_printf(l->arena, "%s %s:%s", event, s->target, s->func);
}

static const char *path_text(struct lang *l, const struct node_list *path)
{
	const char *text = "";

	for (size_t i = 0; i < path->n; i++)
		text = arena_printf(l->arena, "%s%s%s", text, i ? "." : "", path->v[i]->ident.name);
	return text;
}

// "FUNCTION", or an attach point of the kernel.
static const char *attach_text(struct lang *l, const char *text)
{
	const struct probe_type *const *all = l->world->ops->probe_types(l->world);

	for (size_t i = 0; all[i]; i++) {
		size_t n = strlen(all[i]->name);

		if (all[i]->event && strncmp(text, all[i]->name, n) == 0 && text[n] == ':')
			return arena_printf(l->arena, "%s %s%s", all[i]->event, all[i]->prefix ? all[i]->prefix : "", text + n + 1);
	}
	return strchr(text, ':') ? NULL : arena_printf(l->arena, "function %s", text);
}

static bool is_args(const struct node *n)
{
	return n->kind == NODE_FIELD && n->field.base->kind == NODE_IDENT && strcmp(n->field.base->ident.name, "args") == 0;
}

static bool asked(struct lang *l, const struct node *n, const char **type, const char **path)
{
	const struct node *spec = n->kind == NODE_OFFSETOF ? n->offsetof_.of : n->kind == NODE_TYPEOF ? n->typeof_.of : NULL;

	*path = "";
	if (spec && (spec->kind != NODE_TYPESPEC || spec->typespec.pointers || spec->typespec.is_array || !spec->typespec.name))
		return false;
	if (spec) {
		*type = arena_printf(l->arena, "%s %s", spec->typespec.word ? spec->typespec.word : "typedef", spec->typespec.name);
		*path = n->kind == NODE_OFFSETOF ? path_text(l, &n->offsetof_.path) : "";
	} else if (n->kind == NODE_IDENT) {
		*type = "constant";
		*path = n->ident.name;
	} else if (n->kind == NODE_STRING) {
		*type = attach_text(l, n->string.text);
	} else if (is_args(n)) {
		*type = event_of(l);
		*path = n->field.name;
	} else {
		return false;
	}
	return *type != NULL;
}

void resolve_exists(struct lang *l, struct node *n, const struct builtin *b)
{
	const char *type, *path;

	n->call.builtin = b;
	if (n->call.args.n != 1 || !asked(l, n->call.args.v[0], &type, &path)) {
		diag_error(l->diag, n->span, E_ARGS, "exists() takes a kernel type (struct task_struct), its member (struct task_struct.pid), an enumerator, args.NAME of an event, or in quotes a kernel function or an attach point of the kernel");
		return;
	}
	n->call.data = reloc_new(l->world, RELOC_EXISTS, type, path);
	n->call.args.n = 0;
}

// Conditions ---------------------------------------------------------------------------------------------------------

static const struct plan_reloc *reloc_at(const struct node *n)
{
	return n->kind == NODE_CALL && n->call.builtin && n->call.builtin->id == BUILTIN_EXISTS ? n->call.data : NULL;
}

// What the condition is here, when exists() alone decides it.
static bool known(const struct node *n, bool *ret)
{
	bool a, b, has_a, has_b;

	if (reloc_at(n)) {
		*ret = reloc_at(n)->value != 0;
		return true;
	}
	if (n->kind == NODE_UNARY && n->unary.op == OP_NOT && known(n->unary.value, &a)) {
		*ret = !a;
		return true;
	}
	if (n->kind == NODE_CAST && n->cast.implicit)
		return known(n->cast.value, ret);
	if (n->kind != NODE_BINARY || (n->binary.op != OP_LAND && n->binary.op != OP_LOR))
		return false;
	has_a = known(n->binary.left, &a);
	has_b = known(n->binary.right, &b);
	*ret = n->binary.op == OP_LOR;
	if ((has_a && a == *ret) || (has_b && b == *ret))
		return true;
	*ret = !*ret;
	return has_a && has_b;
}

static void fix(void *arg, struct node **slot)
{
	if (reloc_at(*slot))
		reloc_fixed(arg, reloc_at(*slot), (*slot)->span);
	node_each_child(*slot, fix, arg);
}

struct node *exists_away(const struct node *n, struct node *const *yes, struct node *const *no)
{
	bool v;

	if (!known(n, &v))
		return NULL;
	return v ? *no : *yes;
}

void exists_try(struct lang *l, struct node *cond, struct node *arm, void (*walk)(struct lang *l, struct node **slot))
{
	struct diag before = *l->diag;
	struct node *whole = arm;

	walk(l, &whole);
	if (l->diag->errors == before.errors)
		return;
	l->diag->errors = before.errors;
	l->diag->warnings = before.warnings;
	l->diag->nitems = before.nitems;
	fix(l, &cond);
	*arm = *node_new(l->arena, NODE_BLOCK, arm->span);
}
