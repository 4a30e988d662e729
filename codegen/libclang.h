// SPDX-License-Identifier: Apache-2.0
// libclang.h - the part of libclang's stable C interface that headers.c calls, declared here so that building needs no package
// of Clang's headers and running without libclang is an error of scripts with #include alone.
#pragma once

#include <stdbool.h>

struct clang_string { const void *data; unsigned flags; };
struct clang_cursor { int kind, xdata; const void *data[3]; };
struct clang_type { int kind; void *data[2]; };
struct clang_place { const void *data[2]; unsigned number; };
struct clang_range { const void *data[2]; unsigned begin, end; };
struct clang_token { unsigned number[4]; void *data; };
struct clang_unsaved { const char *name, *text; unsigned long n; };

enum { // kinds of cursors, types and severities; their numbers are part of the interface
	CLANG_STRUCT = 2, CLANG_UNION = 3, CLANG_ENUM = 5, CLANG_FIELD = 6, CLANG_ENUMERATOR = 7, CLANG_TYPEDEF = 20, CLANG_MACRO = 501,
	CLANG_T_VOID = 2, CLANG_T_BOOL = 3, CLANG_T_CHAR_U = 4, CLANG_T_UCHAR = 5, CLANG_T_USHORT = 8, CLANG_T_UINT = 9, CLANG_T_ULONG = 10,
	CLANG_T_ULONGLONG = 11, CLANG_T_UINT128 = 12, CLANG_T_CHAR_S = 13, CLANG_T_SCHAR = 14, CLANG_T_SHORT = 16, CLANG_T_INT = 17,
	CLANG_T_LONG = 18, CLANG_T_LONGLONG = 19, CLANG_T_INT128 = 20, CLANG_T_FLOAT = 21, CLANG_T_DOUBLE = 22, CLANG_T_LONGDOUBLE = 23,
	CLANG_T_POINTER = 101, CLANG_T_RECORD = 105, CLANG_T_ENUM = 106, CLANG_T_TYPEDEF = 107, CLANG_T_ARRAY = 112,
	CLANG_T_OPEN_ARRAY = 114, CLANG_T_ELABORATED = 119,
	CLANG_FATAL = 4,
	CLANG_RECORD_MACROS = 1, CLANG_SKIP_BODIES = 0x40,
	CLANG_CONTINUE = 1,
};

typedef int clang_visitor(struct clang_cursor c, struct clang_cursor parent, void *arg);
typedef void clang_inclusion_visitor(void *file, struct clang_place *from, unsigned depth, void *arg); // depth 0: the main file
typedef int clang_field_visitor(struct clang_cursor c, void *arg);

#define LIBCLANG(F)                                                                                                     \
	F(void *, createIndex, (int, int))                                                                              \
	F(void, disposeIndex, (void *))                                                                                 \
	F(int, parseTranslationUnit2, (void *, const char *, const char *const *, int, struct clang_unsaved *, unsigned, unsigned, void **)) \
	F(void, disposeTranslationUnit, (void *))                                                                       \
	F(void, getInclusions, (void *, clang_inclusion_visitor *, void *))                                             \
	F(unsigned, getNumDiagnostics, (void *))                                                                        \
	F(void *, getDiagnostic, (void *, unsigned))                                                                    \
	F(void, disposeDiagnostic, (void *))                                                                            \
	F(int, getDiagnosticSeverity, (void *))                                                                         \
	F(struct clang_string, getDiagnosticSpelling, (void *))                                                         \
	F(struct clang_place, getDiagnosticLocation, (void *))                                                          \
	F(void, getFileLocation, (struct clang_place, void **, unsigned *, unsigned *, unsigned *))                     \
	F(struct clang_string, getFileName, (void *))                                                                   \
	F(const char *, getCString, (struct clang_string))                                                              \
	F(void, disposeString, (struct clang_string))                                                                   \
	F(struct clang_cursor, getTranslationUnitCursor, (void *))                                                      \
	F(unsigned, visitChildren, (struct clang_cursor, clang_visitor *, void *))                                      \
	F(unsigned, Type_visitFields, (struct clang_type, clang_field_visitor *, void *))                                \
	F(struct clang_string, getTypeSpelling, (struct clang_type))                                                    \
	F(struct clang_place, getCursorLocation, (struct clang_cursor))                                                 \
	F(int, Location_isFromMainFile, (struct clang_place))                                                           \
	F(struct clang_string, getCursorSpelling, (struct clang_cursor))                                                \
	F(struct clang_type, getCursorType, (struct clang_cursor))                                                      \
	F(struct clang_type, getCanonicalType, (struct clang_type))                                                     \
	F(struct clang_type, Type_getNamedType, (struct clang_type))                                                    \
	F(struct clang_type, getTypedefDeclUnderlyingType, (struct clang_cursor))                                       \
	F(struct clang_cursor, getTypeDeclaration, (struct clang_type))                                                 \
	F(struct clang_type, getPointeeType, (struct clang_type))                                                       \
	F(struct clang_type, getArrayElementType, (struct clang_type))                                                  \
	F(long long, getArraySize, (struct clang_type))                                                                 \
	F(long long, Type_getSizeOf, (struct clang_type))                                                               \
	F(long long, Type_getAlignOf, (struct clang_type))                                                              \
	F(long long, Cursor_getOffsetOfField, (struct clang_cursor))                                                    \
	F(unsigned, Cursor_isBitField, (struct clang_cursor))                                                           \
	F(int, getFieldDeclBitWidth, (struct clang_cursor))                                                             \
	F(long long, getEnumConstantDeclValue, (struct clang_cursor))                                                   \
	F(struct clang_type, getEnumDeclIntegerType, (struct clang_cursor))                                             \
	F(unsigned, Cursor_isMacroFunctionLike, (struct clang_cursor))                                                  \
	F(struct clang_range, getCursorExtent, (struct clang_cursor))                                                   \
	F(void, tokenize, (void *, struct clang_range, struct clang_token **, unsigned *))                              \
	F(struct clang_string, getTokenSpelling, (void *, struct clang_token))                                          \
	F(void, disposeTokens, (void *, struct clang_token *, unsigned))

struct libclang {
	void *handle;
#define F(ret, name, args) ret(*name) args;
	LIBCLANG(F)
#undef F
};

// 0, or -ENOENT: no libclang of any version is installed. It stays open until the process ends, as LLVM's libraries must.
int libclang_open(struct libclang *l);
