# SPDX-License-Identifier: Apache-2.0
# REQUIRES iter
# Tables of BPF objects and of sockets, where the kernel has them; each shows what was made for it.
run -l 'iter:*'
has_table() { grep -q "^iter:$1\$" tables; }
cp out tables
cat tables
has_table bpf_map && has_table task || fail "no iterators of maps and tasks"
good -q -e 'begin { @kept[1] = 1; } iter:bpf_map { @[str(ctx.map.name)] = count(); @n = count(); }'
expect_out '^@n: [1-9]'
expect_out '^@\[.*kept.*\]: 1$'
# an iterator is a program, and attached by a link
for table in prog link; do
	has_table bpf_$table || continue
	good -q -e "iter:bpf_$table { @n = count(); @type[ctx.$table.type] = count(); }"
	expect_out '^@n: [1-9]'
	expect_out '^@type\[.*\]: [1-9]'
done
nc -l -p 4711 >/dev/null 2>&1 &
started="$started $!"
listens() { grep -qi ':1267 .* 0A ' /proc/net/tcp /proc/net/tcp6; }
wait_for 2 listens || fail "nobody listens"
if has_table tcp; then
	good -q -e 'iter:tcp { @[ctx.sk_common.skc_num, ctx.sk_common.skc_state] = count(); }'
	expect_out '^@\[4711, 10\]: 1$'
fi
if has_table udp; then
	/bin/bash -c 'exec 5<>/dev/udp/127.0.0.1/4712; sleep 1000' &
	started="$started $!"
	sends() { grep -qi ' 0100007F:1268 ' /proc/net/udp; }
	wait_for 2 sends || fail "no UDP socket"
	good -q -e 'iter:udp { @[bswap(ctx.udp_sk.inet.sk.__sk_common.skc_dport), ntop(ctx.udp_sk.inet.sk.__sk_common.skc_daddr)] = count(); }'
	expect_out '^@\[4712, 127\.0\.0\.1\]: 1$'
fi
if has_table unix; then
	syslogd -n >/dev/null 2>&1 &
	started="$started $!"
	is_there() { grep -q '/dev/log' /proc/net/unix; }
	wait_for 2 is_there || fail "no socket at /dev/log"
	good -q -e 'iter:unix /ctx.unix_sk.addr != 0/ { @[str(ctx.unix_sk.addr.name[0].sun_path)] = count(); }'
	expect_out '^@\[/dev/log\]: 1$'
fi
