# SPDX-License-Identifier: Apache-2.0
# REQUIRES xdp
# Packets before all else: a ping and its answer, each received by the loopback interface.
good -q -c 'ping -c 3 127.0.0.1' -e 'xdp:lo /args.has_icmp/ { @[args.icmp.type, args.ip.saddr, args.ip.ttl > 0] = count(); }'
expect_out '^@\[8, 127.0.0.1, (1|true)\]: 3$'
expect_out '^@\[0, 127.0.0.1, (1|true)\]: 3$'
run -q --unsafe -c 'ping -c 1 -W 1 127.0.0.1' -e 'xdp:lo /args.ip.daddr == "127.0.0.1"/ { @ = count(); return 1; }'
expect_out '^@: [1-9]'
expect_out ' 0 packets received'
