# SPDX-License-Identifier: Apache-2.0
# Packets and their headers: in a network namespace of the case's own, where only its traffic is.
# ALSO WITHOUT ringbuf
needs ip
unshare -n sleep 600 &
holder=$!
started="$started $holder"
wait_for 10 sh -c "! [ /proc/$holder/ns/net -ef /proc/$$/ns/net ]" || fail "no network namespace"
cat >alone <<END
#!/bin/sh
exec nsenter --net=/proc/$holder/ns/net -- "\$@"
END
chmod +x alone
cat >spile <<END
#!/bin/sh
exec $T/alone $SPILE "\$@"
END
chmod +x spile
SPILE=$T/spile
printf 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6\nip link set lo up\nip link add v0 type veth peer name v1\nip link set v0 up\nip link set v1 up\n' >net.sh
./alone sh -e net.sh >net.out 2>&1 || skip "no veth here: $(cat net.out)"
frames="$PYTHON $HERE/programs/frames.py" datagrams="$PYTHON $HERE/programs/datagrams.py"

# every kind of frame, by all ways a frame can be seen: the same is found in it
cat >headers.spile <<'END'
BEGIN_POINT {
	printf("%d %x vlan %d: ip %d.%d %d %d %d %d %s>%s tcp %d>%d %x %x %x%d%d%d%d %d udp %d>%d %d icmp %d/%d payload %d eth %s>%s %d%d%d%d%d%d\n", args.ifindex > 0,
		args.protocol, args.vlan, args.ip.version, args.ip.protocol, args.ip.len, args.ip.ttl, args.ip.tos, args.ip.fragment, args.ip.saddr,
		args.ip.daddr, args.tcp.sport, args.tcp.dport, args.tcp.seq, args.tcp.ack_seq, args.tcp.flags, args.tcp.fin, args.tcp.syn, args.tcp.rst,
		args.tcp.ack, args.tcp.window, args.udp.sport, args.udp.dport, args.udp.len, args.icmp.type, args.icmp.code, args.payload, args.eth.saddr,
		args.eth.daddr, args.has_eth, args.has_vlan, args.has_ip, args.has_tcp, args.has_udp, args.has_icmp);
	if (++@n == 17) { exit(); }
}
END
cat >wanted.headers <<'END'
1 800 vlan 0: ip 4.17 38 61 4 0 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 1111>2222 18 icmp 0/0 payload 10 eth 02:00:00:00:00:02>02:00:00:00:00:01 101010
1 800 vlan 5: ip 4.17 39 61 4 0 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 1111>2222 19 icmp 0/0 payload 11 eth 02:00:00:00:00:02>02:00:00:00:00:01 111010
1 86dd vlan 7: ip 6.17 60 33 10 0 ::1>::2 tcp 0>0 0 0 00000 0 udp 1111>2222 20 icmp 0/0 payload 12 eth 02:00:00:00:00:02>02:00:00:00:00:01 111010
1 800 vlan 0: ip 4.6 69 61 4 0 10.0.0.1>10.0.0.2 tcp 3333>4444 12345678 9abcdef0 180001 500 udp 0>0 0 icmp 0/0 payload 13 eth 02:00:00:00:00:02>02:00:00:00:00:01 101100
1 86dd vlan 0: ip 6.6 102 33 10 0 ::1>::2 tcp 3333>4444 12345678 9abcdef0 180001 500 udp 0>0 0 icmp 0/0 payload 14 eth 02:00:00:00:00:02>02:00:00:00:00:01 101100
1 86dd vlan 0: ip 6.17 71 33 10 1 ::1>::2 tcp 0>0 0 0 00000 0 udp 1111>2222 23 icmp 0/0 payload 15 eth 02:00:00:00:00:02>02:00:00:00:00:01 101010
1 86dd vlan 0: ip 6.17 72 33 10 1 ::1>::2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101000
1 800 vlan 0: ip 4.17 45 61 4 1 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 1111>2222 25 icmp 0/0 payload 17 eth 02:00:00:00:00:02>02:00:00:00:00:01 101010
1 800 vlan 0: ip 4.17 46 61 4 1 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101000
1 800 vlan 0: ip 4.6 31 61 4 0 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101000
1 800 vlan 0: ip 4.1 28 61 4 0 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 8/3 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101001
1 86dd vlan 0: ip 6.58 48 33 10 0 ::1>::2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 128/4 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101001
1 806 vlan 0: ip 0.0 0 0 0 0 0.0.0.0>0.0.0.0 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 100000
1 800 vlan 0: ip 0.0 0 0 0 0 0.0.0.0>0.0.0.0 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 100000
1 86dd vlan 0: ip 6.6 112 33 10 0 ::1>::2 tcp 3333>4444 12345678 9abcdef0 180001 500 udp 0>0 0 icmp 0/0 payload 24 eth 02:00:00:00:00:02>02:00:00:00:00:01 101100
1 800 vlan 0: ip 0.0 0 0 0 0 0.0.0.0>0.0.0.0 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 100000
1 800 vlan 0: ip 4.17 27 61 4 0 10.0.0.1>10.0.0.2 tcp 0>0 0 0 00000 0 udp 0>0 0 icmp 0/0 payload 0 eth 02:00:00:00:00:02>02:00:00:00:00:01 101000
END
for point in tc:v0:egress tc:v1:ingress xdp:v1:native xdp:v1:generic 'tc:v1*:ingress'; do
	sed "s/BEGIN_POINT/$point/" headers.spile >one.spile
	start "$SPILE" one.spile
	attached
	./alone $frames v0
	ended $pid 60
	expect_status 0
	grep '^1 ' out >got.headers
	diff -u wanted.headers got.headers >&2 || fail "other headers at $point"
done

# a one-liner, by the names and addresses of the tool's pages
good -q -c "$datagrams 127.0.0.1 4" -e 'tc:lo:egress /args.has_udp && args.ip.saddr == "127.0.0.1"/ { @[ntop(args.ip.saddr), args.udp.dport > 0] = sum(args.payload); }'
expect_out '^@\[127.0.0.1, (1|true)\]: 110$'
good -q -c "$datagrams 127.0.0.1 4" -e 'probe sent { on tc:lo:egress filter args.has_udp capture who = args.ip.saddr, bytes = args.payload }'
expect_out '127.0.0.1 +100$'
good -q -c "$datagrams 127.0.0.1 4" -e 'cgroup_skb:egress { @[probe, args.ip.daddr, args.has_eth] = count(); } xdp:lo { @x = count(); }'
expect_out '^@\[cgroup_skb:egress, 127.0.0.1, false\]: 5$'

# nothing is lost that is watched; only --unsafe decides, and a number that is no answer decides nothing
for point in tc:lo:ingress tc:lo:egress xdp:lo cgroup_skb:ingress cgroup_skb:egress; do
	good -q -c "$datagrams 127.0.0.1 4" -e "$point { @ = count(); if (args.payload == 2) { return; } }"
	expect_same "$(grep -c '^got' out)" 5 "datagrams that passed $point"
	case $point in tc*) drop=2 ;; xdp*) drop=1 ;; *) drop=0 ;; esac
	run -q --unsafe -c "$datagrams 127.0.0.1 4" -e "$point /args.has_udp && args.payload < 100/ { @ = count(); if (args.payload == 2) { return $drop; } return 50 + (int64)args.payload; }"
	expect_status 0
	expect_out '^@: 4$'
	expect_same "$(grep '^got' out | tr '\n' ' ')" 'got 1 got 3 got 4 got 100 ' "datagrams that passed $point with --unsafe"
done

# blocks of one place run in the script's order
for without in '' tcx; do
	SPILE_WITHOUT=$without good -q -c "$datagrams 127.0.0.1 0" -e 'tc:lo:egress { printf("first "); } tc:lo:egress { printf("second "); } tc:lo:egress { printf("third\n"); }'
	expect_out '^first second third$'
done

# kernels without links have filters, which go with the run, and with a run that is killed
filters() { ./alone tc filter show dev lo ingress; }
SPILE_WITHOUT=tcx good -q -c "$datagrams 127.0.0.1 2" -e 'tc:lo:ingress { @ = count(); }'
expect_out '^@: [1-9]'
wait_for 10 sh -c '! ./alone tc filter show dev lo ingress | grep -q bpf' || fail "a filter stays: $(filters)"
start env SPILE_WITHOUT=tcx "$SPILE" -e 'tc:lo:ingress { @ = count(); }'
attached
filters | grep -q bpf || fail "no filter"
kill -9 $pid
wait_for 10 sh -c '! ./alone tc filter show dev lo ingress | grep -q bpf' || fail "a filter stays of a run that was killed: $(filters)"

# what is there, what is not
good -l 'tc:v*'
expect_exactly <<END
tc:v0:egress
tc:v0:ingress
tc:v1:egress
tc:v1:ingress
END
good -lv 'xdp:lo'
expect_out '^    inet ip.saddr$'
expect_out '^    bool has_tcp$'
# of another kernel the interfaces are not known
good check --world /sys/kernel/btf/vmlinux -e 'xdp:eth99 { @ = count(); } cgroup_skb:egress:/nowhere { @n = count(); }'
bad -e 'xdp:v9 { exit(); }'
expect_err "no network interface 'v9'; did you mean 'v[01]'"
bad -e 'tc:lo:ingress { print(comm); }'
bad -e 'tc:lo:ingress { return 2; }'
expect_err 'without --unsafe it can only return -1'
run -e 'xdp:lo { @a = count(); } xdp:lo { @b = count(); }'
expect_err 'lo has an XDP program, of this script or another'
run -e 'xdp:lo:native { @a = count(); }'
expect_err 'xdp:lo:generic works on any'
good explain -e 'tc:lo:ingress { @ = count(); }'
expect_out 'CAP_NET_ADMIN to attach to a network device, by tc:lo:ingress'
