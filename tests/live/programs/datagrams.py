#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# datagrams.py ADDRESS N - sends itself UDP datagrams of 1 to N bytes, and one of 100, which must arrive; says which arrived, or that
# one could not be sent. On one processor the loopback interface keeps their order.
import os
import socket
import sys

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
sender, receiver = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
receiver.bind((sys.argv[1], 0))
for n in [*range(1, int(sys.argv[2]) + 1), 100]:
    try:
        sender.sendto(bytes(n), receiver.getsockname())
    except OSError as e:
        print("refused", n, e.strerror)
got = 0
while got != 100:
    got = len(receiver.recv(2000))
    print("got", got, flush=True)
