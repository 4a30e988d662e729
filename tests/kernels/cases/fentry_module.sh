# SPDX-License-Identifier: Apache-2.0
# REQUIRES fentry
# Trampolines of a module's function, by the types that the module brings (from Linux 5.11 on, else a kprobe is named).
if [ ! -e /sys/kernel/btf/dummy ]; then
	bad -e 'fentry:dummy:dummy_xmit { exit(); }'
	expect_err "no function 'dummy_xmit'; kprobe does not need it"
	exit 0
fi
ip link show probed >/dev/null 2>&1 || ip link add name probed type dummy
ip link set probed up
good -q -c "ping -c 1 -W 1 -I probed 192.0.2.1" -e 'fentry:dummy:dummy_xmit { @dev[str(args.dev.name)] = count(); @len = max(args.skb.len); }
fexit:dummy:dummy_xmit { @r[retval, str(args.dev.name)] = count(); }'
expect_out '^@dev\[probed\]: [1-9]'
expect_out '^@len: [1-9]'
expect_out '^@r\[NETDEV_TX_OK, probed\]: [1-9]'
