// SPDX-License-Identifier: Apache-2.0
// plan_undef.h - forgets the macros plan.def was read with. No #pragma once: included after each reading.
#undef PLAN_STRUCT
#undef PLAN_U32
#undef PLAN_U64
#undef PLAN_I64
#undef PLAN_BOOL
#undef PLAN_STR
#undef PLAN_BYTES
#undef PLAN_TYPE
#undef PLAN_LIST
#undef PLAN_END
