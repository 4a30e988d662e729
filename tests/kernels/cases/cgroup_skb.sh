# SPDX-License-Identifier: Apache-2.0
# REQUIRES cgroup_skb
# Packets of sockets: of all, or of one control group.
good -q -c 'ping -c 3 127.0.0.1' -e 'cgroup_skb:egress, cgroup_skb:ingress { @[probe, args.icmp.type, args.ip.saddr] = count(); }'
expect_out '^@\[cgroup_skb:egress, 8, 127.0.0.1\]: 3$'
expect_out '^@\[cgroup_skb:ingress, 0, 127.0.0.1\]: 3$'
mkdir /sys/fs/cgroup/empty
good -q -c 'ping -c 1 127.0.0.1' -e 'cgroup_skb:egress:/sys/fs/cgroup/empty { @none = count(); } cgroup_skb:egress:/sys/fs/cgroup { @some = count(); }'
expect_no_out '^@none'
expect_out '^@some: [1-9]'
run -q --unsafe -c 'ping -c 1 -W 1 127.0.0.1' -e 'cgroup_skb:egress { @ = count(); return 0; }'
expect_out '^@: [1-9]'
expect_no_out ' 1 packets received'
