# SPDX-License-Identifier: Apache-2.0
# REQUIRES tc
# Packets as an interface receives and sends them: by links, or by filters that go with the run.
for point in tc:lo:ingress tc:lo:egress; do
	good -q -c 'ping -c 3 127.0.0.1' -e "$point"' /args.has_icmp/ { @[args.icmp.type, args.ip.saddr, args.has_eth, args.len] = count(); printf("%s %s\n", args.ip.daddr, args.eth.daddr); }'
	expect_out '^@\[8, 127.0.0.1, (1|true), 98\]: 3$'
	expect_out '^@\[0, 127.0.0.1, (1|true), 98\]: 3$'
	expect_out '^127.0.0.1 00:00:00:00:00:00$'
	run -q --unsafe -c 'ping -c 1 -W 1 127.0.0.1' -e "$point"' /args.has_icmp/ { @ = count(); return 2; }'
	expect_out '^@: [1-9]'
	expect_out ' 0 packets received'
done
good -q -c 'ping -c 1 127.0.0.1' -e 'begin { }'
expect_out ' 1 packets received'
