// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// packet.h - the headers of a packet, read once when a program on packets starts: `args` of xdp, tc and cgroup_skb.
//
// Shared by the kernel side that fills it and by both others, as wire.h is. One struct for all three providers, IPv4 and IPv6: scripts
// say what they look for, not how it is packed. Only as many headers are read as the script asks for.
#pragma once

#include "base/wire.h"

enum packet_depth { PACKET_META, PACKET_LINK, PACKET_NET, PACKET_TRANSPORT }; // each needs those before it

#define PACKET_STRUCT(name) struct packet_##name {
#define PACKET_U8(m, depth, doc) uint8_t m;
#define PACKET_U16(m, depth, doc) uint16_t m;
#define PACKET_U32(m, depth, doc) uint32_t m;
#define PACKET_BOOL(m, depth, doc) uint8_t m;
#define PACKET_INET(m, depth, doc) struct wire_inet m;
#define PACKET_MAC(m, depth, doc) uint8_t m[6];
#define PACKET_LAYER(name, depth, doc) struct packet_##name name;
#define PACKET_END };
#include "base/packet.def"
#include "base/packet_undef.h"
