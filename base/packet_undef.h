// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// packet_undef.h - forgets the macros packet.def was read with. No #pragma once: included after each reading.
#undef PACKET_STRUCT
#undef PACKET_U8
#undef PACKET_U16
#undef PACKET_U32
#undef PACKET_BOOL
#undef PACKET_INET
#undef PACKET_MAC
#undef PACKET_LAYER
#undef PACKET_END
