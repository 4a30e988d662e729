# SPDX-License-Identifier: Apache-2.0
# REQUIRES kprobe
# Functions of a module, and places inside of a function.
ip link show probed >/dev/null 2>&1 || ip link add name probed type dummy
ip link set probed up
good -q -c "ping -c 1 -W 1 -I probed 192.0.2.1" -e 'kprobe:dummy:dummy_xmit { @n = count(); @f[func] = count(); @len[comm] = max(((struct sk_buff *)arg0).len > 20); @dev[str(((struct net_device *)arg1).name)] = count(); }
kretprobe:dummy:dummy_xmit { @r[retval] = count(); } kprobe:dummy:dummy_x* { @w[func] = count(); }'
expect_out '^@n: [1-9]'
expect_out '^@f\[dummy_xmit\]: [1-9]'
expect_out '^@dev\[probed\]: [1-9]'
expect_out '^@r\[0\]: [1-9]' # NETDEV_TX_OK
expect_out '^@w\[dummy_xmit\]: [1-9]'
bad -e 'kprobe:dummy:vfs_read { exit(); }'

# An instruction is found by its place: 5 bytes of call begin each function, behind the 4 of endbr64 where the kernel has it.
seen=0
for offset in 5 9; do
	run -q -c "head -c 100 /dev/zero" -e "kprobe:vfs_read+$offset /comm == \"head\"/ { @a = count(); @f[func] = count(); @p[probe] = count(); }"
	if [ "$status" = 0 ]; then
		expect_out '^@a: [1-9]'
		expect_out '^@f\[vfs_read\]: [1-9]'
		expect_out "^@p\[kprobe:vfs_read\+$offset\]: [1-9]"
		seen=1
	else
		expect_err "ERROR: .*vfs_read\+$offset"
	fi
done
[ $seen = 1 ] || fail "no place inside of vfs_read could be probed"
