#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# frames.py INTERFACE - sends a frame of each kind that stdlib/packet.bpf.c tells apart, in this order. Payloads are 10, 11, … bytes.
import socket
import struct
import sys

LINK = bytes.fromhex("020000000001020000000002")
IP4, IP6 = b"\x08\x00", b"\x86\xdd"


def ip4(protocol, payload, fragment=0, words=5):
    head = struct.pack("!BBHHHBBH", 0x40 | words, 4, words * 4 + len(payload), 1, fragment, 61, protocol, 0)
    return head + bytes([10, 0, 0, 1]) + bytes([10, 0, 0, 2]) + bytes(words * 4 - 20) + payload


def ip6(header, payload):
    return struct.pack("!IHBB", 0x60A00000, len(payload), header, 33) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def udp(n):
    return struct.pack("!HHHH", 1111, 2222, 8 + n, 0) + b"u" * n


def tcp(n):
    return struct.pack("!HHIIBBHHH", 3333, 4444, 0x12345678, 0x9ABCDEF0, 0x60, 0x18, 500, 0, 0) + bytes(4) + b"t" * n


FRAMES = [
    IP4 + ip4(17, udp(10)),
    b"\x81\x00\x20\x05" + IP4 + ip4(17, udp(11)),  # VLAN 5
    b"\x88\xa8\x00\x07\x81\x00\x00\x08" + IP6 + ip6(17, udp(12)),  # VLAN 8 inside of 7
    IP4 + ip4(6, tcp(13), words=8),  # options
    IP6 + ip6(0, b"\x3c\0" + bytes(6) + b"\x06\x01" + bytes(14) + tcp(14)),  # hop by hop, destination
    IP6 + ip6(44, b"\x11\0\x00\x01\0\0\0\x09" + udp(15)),  # the first fragment
    IP6 + ip6(44, b"\x11\0\x01\x01\0\0\0\x09" + udp(16)),  # a later one
    IP4 + ip4(17, udp(17), fragment=0x2000),
    IP4 + ip4(17, udp(18), fragment=0x0010),
    IP4 + ip4(6, tcp(0)[:11]),  # cut off
    IP4 + ip4(1, b"\x08\x03" + bytes(6)),
    IP6 + ip6(58, b"\x80\x04" + bytes(6)),
    b"\x08\x06" + bytes(28),  # ARP
    IP4 + b"\x45\0\0",  # cut off
    IP6 + ip6(51, b"\x06\x04" + bytes(22) + tcp(24)),  # authentication header
    IP4 + b"\x65" + ip4(17, udp(25))[1:],  # says it is version 6
    IP4 + ip4(17, udp(26)[:7]),
]

out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for frame in FRAMES:
    out.send(LINK + frame)
