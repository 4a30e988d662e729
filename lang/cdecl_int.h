// SPDX-License-Identifier: Apache-2.0
// cdecl_int.h - what the files of the C declaration parser share.
//
// A parser by recursive descent with one token of lookahead (c->tok) over a stream that expands macros and obeys directives.
// After an error `panic` keeps quiet until cdecl_sync() has found the end of the declaration.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "base/world.h"
#include "lang/cdecl.h"

#define CDECL_MAX_DEPTH 200          // of structs, expressions, declarators; of macros in macros
#define CDECL_MAX_SIZE INT32_MAX     // bytes of a type
#define CDECL_MAX_ERRORS 20
#define CDECL_MAX_EXPANSION (1u << 22) // bytes of macro text read for one section, beyond its own length, or for one question
#define CDECL_MAX_EXPANSIONS (1u << 25) // … for all of them: a script may ask for each of a thousand macros that grow so

enum cword { // what a reserved word does to a declaration
	CW_NONE, CW_STRUCT, CW_UNION, CW_ENUM, CW_TYPEDEF, CW_IGNORED,
	CW_VOID, CW_CHAR, CW_SHORT, CW_INT, CW_LONG, CW_INT128, CW_FLOAT, CW_DOUBLE, CW_FLOAT16, CW_FLOAT128, CW_BOOL, CW_SIGNED, CW_UNSIGNED,
	CW_TYPEOF, CW_ATTRIBUTE, CW_PACKED, CW_ALIGNED, CW_ALIGNAS, CW_ASM, CW_STATIC_ASSERT, CW_SIZEOF, CW_ALIGNOF, CW_OFFSETOF, CW_DEFINED,
};

enum { CT_END, CT_IDENT = 256, CT_NUMBER, CT_STRING, CT_CHAR, CT_SHL, CT_SHR, CT_LE, CT_GE, CT_EQ, CT_NE, CT_AND, CT_OR, CT_ELLIPSIS, CT_ARROW, CT_PASTE, CT_ASSIGN, CT_BAD };

struct ctoken {
	int kind;         // CT_*, or a character
	enum cword word;  // IDENT
	const char *name; // IDENT: interned
	const char *p;
	uint32_t n;
	struct span at;   // in a macro's text: of the macro's use
	bool spaced;      // there is space in front of it
	bool painted;     // the name of a macro that was met inside its own expansion: it stays as it is for good
};

struct macro {
	const char *name, *body, *params; // params: NULL for object-like ones
	uint32_t n, nparams;              // bytes of body; names in params, each with its NUL
	bool defined, active;             // active: being expanded
	bool variadic;                    // the last parameter takes all arguments that are left
	bool made;                        // the body is the text of an expansion
	bool headers;                     // defined by a header
};

// In text that the expansion of a macro made, these two bytes are no bytes of a token; elsewhere they are as they stand.
enum { CVIEW_PAINT = 1, // the name behind it is painted
       CVIEW_BORDER };  // between two tokens that nothing separates

struct cview { // text being read
	const char *p;
	uint32_t n, at;
	bool fresh; // nothing but space since the line began
	bool gap;   // there is space in front of `at`
	bool made;  // by an expansion
	const struct span *use; // of the macro whose text it is; NULL: the stream's own text
};

struct cframe {
	struct cview view;
	struct macro *macro;
};

struct ccond {
	struct span at;
	bool taken, seen_else;
};

struct cstream {
	struct cview view;
	uint32_t source, base;
	struct span use;      // of the outermost macro being expanded
	bool directives;      // '#' at a line's begin is one
	bool condition;       // of #if: `defined` is an operator, unknown names are 0
	VEC(struct ccond) conds;
	unsigned nframes;
	struct cframe frame[CDECL_MAX_DEPTH];
};

enum ckind { CK_VOID, CK_BOOL, CK_INT, CK_ENUM, CK_FLOAT, CK_POINTER, CK_ARRAY, CK_RECORD, CK_FUNCTION };

struct ctag {
	const char *name;
	enum type_kind kind; // STRUCT UNION ENUM
	struct type *type;   // as the language has it; NULL for an enum before it is known
	uint64_t size;
	uint32_t align;
	enum { TAG_NAMED, TAG_OPEN, TAG_DONE, TAG_FAILED } state;
	bool defined;        // by text, not by the world
	bool anonymous;
	struct span at;
};

struct ctype {
	enum ckind kind;
	const struct type *type; // as the language has it
	uint64_t size;           // of RECORD and ENUM: ask cdecl_complete
	uint32_t align;
	bool is_signed, is_char; // is_char: plain char
	bool flexible;           // ARRAY without a length
	uint32_t user_align;     // of a typedef with aligned(N); 0: none
	struct ctag *tag;        // RECORD, ENUM
};

struct cattrs {
	bool packed;
	uint32_t align; // aligned(N), 0: none
	uint8_t mode;   // mode(…): bytes of the integer, 0: none
};

struct cspecs {
	struct ctype type;
	struct cattrs attrs;
	bool is_typedef, defines; // defines: a body was read
};

struct cdeclarator {
	const char *name; // NULL: abstract
	struct span at;
	struct ctype type;
	struct cattrs attrs;
};

struct cvalue { // always extended to 64 bits by its sign
	uint64_t v;
	uint8_t size; // 4, 8
	bool is_unsigned;
};

struct cconstant {
	struct cvalue value;
	struct ctag *tag; // its enum; NULL: none
};

struct ctypedef {
	struct ctype type;
	bool own; // by text: others may be redefined
};

struct cdecl {
	struct arena *arena;
	struct types *types;
	struct world *world;
	struct diag *diag;
	struct cdecl_options options;
	struct map names;     // interned
	struct map words;     // name -> enum cword
	struct map tags;      // name -> struct ctag
	struct map typedefs;  // name -> struct ctypedef
	struct map constants; // name -> struct cconstant
	struct map macros;    // name -> struct macro
	struct map variables; // name -> struct ctype: of declared variables and functions, for typeof
	struct map aligns;    // struct type * of the world -> its alignment
	struct cstream *in, *spare; // spare: for #if and for macros that are asked for
	struct ctoken tok;
	unsigned errors, depth, dead, anonymous, headers, arg_depth;
	bool panic, too_many;
	bool mute;            // errors are none
	bool quiet;           // errors are not reported; `why` is the first
	const char *why;
	struct cview section; // what cdecl_parse got; `fresh`: its headers were not read yet
	uint32_t source, base;
	uint64_t expanded;    // bytes of macro text read for the section or the question at hand
	uint64_t expanded_before; // … for those before
	uint32_t pack, packs[16], npacks; // #pragma pack
};

// cdecl.c
void cdecl_error(struct cdecl *c, struct span at, enum diag_code code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void cdecl_unexpected(struct cdecl *c, const char *wanted); // at c->tok
bool cdecl_enter(struct cdecl *c); // one level deeper; false after an error. Always paired with cdecl_leave
void cdecl_leave(struct cdecl *c);
bool cdecl_accept(struct cdecl *c, int kind);
bool cdecl_expect(struct cdecl *c, int kind, const char *wanted);
void cdecl_sync(struct cdecl *c);          // behind the next `;` of this level, or in front of its `}`; ends the panic
void cdecl_skip_balanced(struct cdecl *c); // at ( [ or {: behind its match
void cdecl_to_brace(struct cdecl *c);      // in front of the `}` of this level; ends the panic
void cdecl_static_assert(struct cdecl *c);
void cdecl_include(struct cdecl *c, struct span at);

// cdecl_lex.c
void cdecl_words(struct cdecl *c);
void cview_token(struct cdecl *c, struct cview *v, struct ctoken *t, struct span *at); // raw; spans are of the view
void cview_space(struct cdecl *c, struct cview *v);
bool cdecl_unescape(const char *p, size_t n, struct str *out); // between the quotes; false: a bad escape

// cdecl_macro.c
#define CDECL_MAX_PARAMS 32
void cdecl_next(struct cdecl *c); // the next token, macros expanded
void cmacro_check(struct cdecl *c, struct macro *m, struct span at); // # and ## of a macro that was just read; pastes an object-like one's text

// cdecl_pp.c
void cdecl_directive(struct cdecl *c, uint32_t hash); // the view stands behind the `#` at `hash`
void cdecl_predefine(struct cdecl *c, const char *name, const char *body);
void cdecl_stream_end(struct cdecl *c); // #if without #endif

// cdecl_expr.c
struct cvalue cdecl_expr(struct cdecl *c); // a constant expression up to what cannot go on
struct cvalue cdecl_primary(struct cdecl *c); // a constant, a name of one, sizeof …
unsigned cdecl_precedence(int op); // of an operator between two operands, 1 the loosest; 0: it is none
struct cvalue cvalue_make(uint64_t v, unsigned size, bool is_unsigned);
bool cvalue_negative(struct cvalue v);

// cdecl_type.c
void cdecl_builtin_types(struct cdecl *c);
struct ctypedef *cdecl_find_typedef(struct cdecl *c, const char *name);
bool cdecl_at_type(struct cdecl *c); // may a type begin at c->tok?
bool cdecl_specs(struct cdecl *c, struct cspecs *s);
void cdecl_attributes(struct cdecl *c, struct cattrs *a);
void cdecl_declarator(struct cdecl *c, const struct ctype *base, struct cdeclarator *d);
struct ctype cdecl_type_name(struct cdecl *c); // specifiers and abstract declarator
bool cdecl_complete(struct cdecl *c, struct ctype *t); // size and align are known; asks the world
struct ctag *cdecl_tag(struct cdecl *c, enum type_kind kind, const char *name);
struct ctype cdecl_int(struct cdecl *c, unsigned size, bool is_signed);

struct ctype cdecl_char(struct cdecl *c);
struct ctype cdecl_pointer(struct cdecl *c, const struct ctype *to);
struct ctype cdecl_of(struct cdecl *c, const struct type *t); // a type of the language as C has it; int8 is taken for char

// cdecl_typeof.c
struct ctype cdecl_typeof(struct cdecl *c); // of an expression, up to what cannot go on

// cdecl_struct.c
struct ctype cdecl_aggregate(struct cdecl *c, enum type_kind kind, bool *defines); // behind struct, union or enum
