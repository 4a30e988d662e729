// SPDX-License-Identifier: Apache-2.0
// ast_undef.h - forgets the macros ast.def was read with. No #pragma once: included after each reading.
#undef AST_NODE
#undef AST_CHILD
#undef AST_LIST
#undef AST_STR
#undef AST_U64
#undef AST_BOOL
#undef AST_OP
#undef AST_NOTE
#undef AST_END
