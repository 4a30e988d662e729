// SPDX-License-Identifier: Apache-2.0
// resolve.h - what the files of the resolve pass share.
#pragma once

#include "lang/lang_int.h"

struct near;

void resolve(struct lang *l, struct node **slot);
void resolve_children(struct lang *l, struct node *n);
void resolve_ident(struct lang *l, struct node **slot);
void resolve_go_string(struct lang *l, struct node *call); // str() of an argument that knows its length
void resolve_getopt(struct lang *l, struct node **slot);
void resolve_call(struct lang *l, struct node **slot);
struct lang_map *resolve_map_whole(struct lang *l, struct node *n); // print(@m), clear(@m), for ($kv : @m)
// Notes whether a map has keys; the first use decides, a use that differs is an error.
void map_shape(struct lang *l, struct lang_map *m, struct span at, bool keyed);
void element_shape(struct lang *l, struct lang_map *m, const struct node *call, bool keyed); // the same for a function's map
// Is the builtin offered by the body's provider, and allowed at this place?
void use_builtin(struct lang *l, const struct node *n, const struct builtin *b, const char *name);
// Builtins that are other expressions (resolve_rewrite.c): true if *slot became one, resolved.
bool resolve_rewritten(struct lang *l, struct node **slot);
void resolve_written_variable(struct lang *l, struct node *n); // as if it were assigned to: it must be declared
void resolve_target_variable(struct lang *l, struct node *n); // as if it were assigned to: declares it

// exists.c
void resolve_exists(struct lang *l, struct node *n, const struct builtin *b);

// imported.c
const struct bpf_callee *imported_find(struct lang *l, const char *name); // NULL if no import has it
const struct bpf_callee *imported_kernel(struct lang *l, const char *name); // the same of the kernel's functions that programs may call
bool imported_asked(struct lang *l, struct node **slot, const struct builtin *b); // kfunc_exist(), kfunc_allowed(): *slot is a BOOL
void imported_offer(const struct lang *l, struct near *near);
void resolve_imported(struct lang *l, struct node *n); // a CALL whose callee is set
bool is_address_of(const struct node *n);              // &$v or &@m
