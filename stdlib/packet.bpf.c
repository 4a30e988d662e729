// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// packet.bpf.c - reads a packet's headers into a struct packet (base/packet.h), as deep as the script asks for. The struct is all zero
// before; a header that is cut off, or is none that is known here, leaves its part so.
//
// Formats: IEEE 802.3 and 802.1Q (frames, tags), RFC 791, RFC 8200 and RFC 4302 (IP, its extensions), RFC 9293, 768, 792, 4443.
#include "base/packet.h"
#include "stdlib/bpf.h"

#define inline_always static inline __attribute__((always_inline))

enum { ETH_BYTES = 14, TAG_BYTES = 4, TAGS_MOST = 2, EXTENSIONS_MOST = 6, FAR = 4096 };
enum { P_IPV4 = 0x0800, P_IPV6 = 0x86dd, P_VLAN = 0x8100, P_QINQ = 0x88a8 };
enum { HOP_BY_HOP = 0, ICMP = 1, TCP = 6, UDP = 17, ROUTING = 43, FRAGMENT = 44, AUTH = 51, ICMP6 = 58, OPTIONS = 60, MOBILITY = 135 };
enum { HDR_START_MAC = 0 }; // enum bpf_hdr_start_off

struct skb { // struct __sk_buff, include/uapi/linux/bpf.h
	u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex;
};
struct xdp { // struct xdp_md
	u32 data, data_end, data_meta, ingress_ifindex;
};

static long (*const bpf_skb_load_bytes)(const void *skb, u32 offset, void *to, u32 len) = (void *)26;
static long (*const bpf_skb_load_bytes_relative)(const void *skb, u32 offset, void *to, u32 len, u32 start) = (void *)68;

struct from { // where bytes of a packet come from
	void *ctx;
	bool is_xdp;
	u32 net; // where the IP header is
};

// `size` bytes (a constant) at `off` of the frame, or of the IP header where there is no frame; false when the packet ends before.
inline_always bool bytes(const struct from *f, u64 off, void *to, u32 size)
{
	if (!f->is_xdp)
		return bpf_skb_load_bytes(f->ctx, (u32)off, to, size) == 0;
	struct xdp *x = f->ctx;
	u8 *data = (u8 *)(u64)x->data, *end = (u8 *)(u64)x->data_end;

	opaque(off);
	if (off > FAR)
		return false;
	u8 *p = data + off;
	opaque(p);
	if (p + size > end)
		return false;
	__builtin_memcpy(to, p, size);
	return true;
}

inline_always uint16_t be16(const u8 *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

inline_always u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

inline_always bool is_tag(uint16_t protocol)
{
	return protocol == P_VLAN || protocol == P_QINQ;
}

inline_always void take_eth(struct packet_packet *p, const u8 *eth)
{
	p->has_eth = 1;
	__builtin_memcpy(p->eth.daddr, eth, 6);
	__builtin_memcpy(p->eth.saddr, eth + 6, 6);
}

// Returns where the link's header ends.
inline_always u32 read_link(const struct from *f, struct packet_packet *p)
{
	u8 eth[16], tag[4];
	u32 at = ETH_BYTES;

	if (!bytes(f, 0, eth, ETH_BYTES))
		return 0;
	uint16_t type = be16(eth + 12);
	if (!f->is_xdp && type != p->protocol && !is_tag(type)) // a link without such a header: the bytes are of IP's
		return 0;
	take_eth(p, eth);
#pragma unroll
	for (int i = 0; i < TAGS_MOST; i++) {
		if (!is_tag(type) || !bytes(f, at, tag, TAG_BYTES))
			break;
		if (!p->has_vlan)
			p->vlan = be16(tag) & 0xfff;
		p->has_vlan = 1;
		type = be16(tag + 2);
		at += TAG_BYTES;
	}
	p->protocol = type;
	return at;
}

// Where the transport's header begins, counted from IP's; 0: there is none.
inline_always u32 read_ipv4(const struct from *f, struct packet_packet *p)
{
	u8 h[20];

	if (!bytes(f, f->net, h, sizeof h) || h[0] >> 4 != 4 || (h[0] & 15) < 5)
		return 0;
	uint16_t fragment = be16(h + 6);

	p->has_ip = 1;
	p->ip.version = 4;
	p->ip.tos = h[1];
	p->ip.len = be16(h + 2);
	p->ip.ttl = h[8];
	p->ip.protocol = h[9];
	p->ip.fragment = (fragment & 0x3fff) != 0;
	p->ip.saddr.family = p->ip.daddr.family = 2;
	__builtin_memcpy(p->ip.saddr.addr, h + 12, 4);
	__builtin_memcpy(p->ip.daddr.addr, h + 16, 4);
	return fragment & 0x1fff ? 0 : (h[0] & 15) * 4u;
}

inline_always bool is_extension(u8 header)
{
	return header == HOP_BY_HOP || header == ROUTING || header == FRAGMENT || header == AUTH || header == OPTIONS || header == MOBILITY;
}

inline_always u32 read_ipv6(const struct from *f, struct packet_packet *p)
{
	u8 h[40], x[4];
	u32 at = sizeof h;
	bool behind = false;

	if (!bytes(f, f->net, h, sizeof h) || h[0] >> 4 != 6)
		return 0;
	u8 next = h[6];

	p->has_ip = 1;
	p->ip.version = 6;
	p->ip.tos = (u8)(be16(h) >> 4);
	p->ip.len = be16(h + 4) + (u32)sizeof h;
	p->ip.ttl = h[7];
	p->ip.saddr.family = p->ip.daddr.family = 10;
	__builtin_memcpy(p->ip.saddr.addr, h + 8, 16);
	__builtin_memcpy(p->ip.daddr.addr, h + 24, 16);
#pragma unroll
	for (int i = 0; i < EXTENSIONS_MOST; i++) {
		if (!is_extension(next) || !bytes(f, f->net + at, x, sizeof x))
			break;
		if (next == FRAGMENT) {
			p->ip.fragment = 1;
			behind |= (be16(x + 2) & 0xfff8) != 0;
		}
		at += next == FRAGMENT ? 8u : next == AUTH ? (x[1] + 2u) * 4 : (x[1] + 1u) * 8;
		next = x[0];
	}
	p->ip.protocol = next;
	return behind || is_extension(next) ? 0 : at;
}

inline_always void read_tcp(const struct from *f, struct packet_packet *p, u32 at)
{
	u8 h[20];

	if (!bytes(f, f->net + at, h, sizeof h))
		return;
	u32 end = at + (h[12] >> 4) * 4u;

	p->has_tcp = 1;
	p->tcp.sport = be16(h);
	p->tcp.dport = be16(h + 2);
	p->tcp.seq = be32(h + 4);
	p->tcp.ack_seq = be32(h + 8);
	p->tcp.flags = h[13];
	p->tcp.fin = h[13] & 1;
	p->tcp.syn = h[13] >> 1 & 1;
	p->tcp.rst = h[13] >> 2 & 1;
	p->tcp.ack = h[13] >> 4 & 1;
	p->tcp.window = be16(h + 14);
	p->payload = p->ip.len > end ? p->ip.len - end : 0;
}

inline_always void read_udp(const struct from *f, struct packet_packet *p, u32 at)
{
	u8 h[8];

	if (!bytes(f, f->net + at, h, sizeof h))
		return;
	p->has_udp = 1;
	p->udp.sport = be16(h);
	p->udp.dport = be16(h + 2);
	p->udp.len = be16(h + 4);
	p->payload = p->ip.len > at + sizeof h ? p->ip.len - at - (u32)sizeof h : 0;
}

inline_always void read_icmp(const struct from *f, struct packet_packet *p, u32 at)
{
	u8 h[4];

	if (!bytes(f, f->net + at, h, sizeof h))
		return;
	p->has_icmp = 1;
	p->icmp.type = h[0];
	p->icmp.code = h[1];
}

inline_always void read_network(const struct from *f, struct packet_packet *p, u64 depth)
{
	u32 at = p->protocol == P_IPV4 ? read_ipv4(f, p) : p->protocol == P_IPV6 ? read_ipv6(f, p) : 0;

	if (depth < PACKET_TRANSPORT || !at)
		return;
	if (p->ip.protocol == TCP)
		read_tcp(f, p, at);
	else if (p->ip.protocol == UDP)
		read_udp(f, p, at);
	else if (p->ip.protocol == (p->ip.version == 4 ? ICMP : ICMP6))
		read_icmp(f, p, at);
}

// What the buffer itself says; a tag that the card took off stands nowhere else.
inline_always void take_buffer(const struct skb *s, struct packet_packet *p, u64 depth)
{
	p->len = s->len;
	p->ifindex = s->ifindex;
	if (depth < PACKET_LINK)
		return;
	uint16_t protocol = (uint16_t)s->protocol;
	p->protocol = (uint16_t)(protocol >> 8 | protocol << 8);
	if (s->vlan_present) {
		p->has_vlan = 1;
		p->vlan = s->vlan_tci & 0xfff;
	}
}

// tc: a socket buffer that begins with the link's header.
void packet_of_skb(void *ctx, struct packet_packet *p, u64 depth)
{
	struct from f = { .ctx = ctx };

	take_buffer(ctx, p, depth);
	if (depth >= PACKET_LINK)
		f.net = read_link(&f, p);
	if (depth >= PACKET_NET)
		read_network(&f, p, depth);
}

// cgroup_skb: one that begins with the IP header. What is left of the link's, if it came by one, lies before it.
void packet_of_socket(void *ctx, struct packet_packet *p, u64 depth)
{
	struct from f = { .ctx = ctx };
	u8 eth[16];

	take_buffer(ctx, p, depth);
	if (depth >= PACKET_LINK && bpf_skb_load_bytes_relative(ctx, 0, eth, ETH_BYTES, HDR_START_MAC) == 0 && be16(eth + 12) == p->protocol)
		take_eth(p, eth);
	if (depth >= PACKET_NET)
		read_network(&f, p, depth);
}

// A frame as the card delivered it.
void packet_of_xdp(void *ctx, struct packet_packet *p, u64 depth)
{
	struct xdp *x = ctx;
	struct from f = { .ctx = ctx, .is_xdp = true };

	p->len = x->data_end - x->data;
	p->ifindex = x->ingress_ifindex;
	if (depth < PACKET_LINK)
		return;
	f.net = read_link(&f, p);
	if (depth >= PACKET_NET && f.net)
		read_network(&f, p, depth);
}
