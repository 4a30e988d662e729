# SPDX-License-Identifier: Apache-2.0
# REQUIRES fentry
# Functions of BPF programs: programs/bpfshop.c, and the programs of another run of ours.
shop() { # shop WORD : loads and runs it; $id
	: >"shop.$1" # what an earlier one wrote is not taken for this one's
	"$PROGRAMS/bpfshop" "$1" >>"shop.$1" 2>&1 </dev/null &
	started="$started $!"
	last=$!
	wait_for 10 grep -q . "shop.$1" || fail "bpfshop does not start"
	id=$(cat "shop.$1")
	[ "$id" -gt 0 ] 2>/dev/null || fail "bpfshop: $id"
}
shop shop_main
main=$id
first=$last
good -lv 'fexit:bpf:*:shop_*'
expect_out "^fexit:bpf:$main:shop_main$"
expect_out '^    struct xdp_buff \* ctx$'
expect_out '^    int32 retval$'
good -q -e 'fentry:bpf:shop_main { @n[probe] = count(); @ctx[args.ctx != 0, args.ctx.data < args.ctx.data_end] = count(); @k[kstack(1)] = count(); if (++@t == 20) { exit(); } }'
expect_out '^@n\[fentry:bpf:shop_main\]: [1-9]'
expect_out '^@ctx\[(1|true), (1|true)\]: [1-9]'
run -q -e 'fentry:bpf:shop_main { @f[func] = count(); if (++@t == 20) { exit(); } }'
if "$SPILE" doctor | grep -q '^yes  func_ip '; then
	expect_out '^@f\[bpf_prog_[0-9a-f]*_shop_main(\[bpf\])?\]: [1-9]'
else
	expect_err "func of a BPF program needs the helper bpf_get_func_ip.*'probe' names the function too"
fi
good -q -e "fexit:bpf:$main:shop_main { @r[probe, retval] = count(); if (++@t == 20) { exit(); } }"
expect_out "^@r\[fexit:bpf:$main:shop_main, 2\]: [1-9]"
# a function inside, with a pointer that only the program's types know
good -q -e 'fexit:bpf:shop_price { @p[args.item.price, args.item.count, args.n, retval] = count(); if (++@t == 20) { exit(); } }'
expect_out '^@p\[7, 3, 5, 35\]: [1-9]'
good -q -e 'fentry:bpf:shop_price /pid == 1/ { @no = count(); } fexit:bpf:shop_main { if (++@t == 20) { exit(); } }'
expect_no_out '^@no:'
good -q -p $first -e 'fentry:bpf:shop_price { @its = count(); if (++@t == 20) { exit(); } }'
expect_out '^@its: [1-9]'
# two that have it
shop shop_othr
other=$id
second=$last
bad -e 'fentry:bpf:shop_price { @ = count(); }'
expect_err "several BPF programs have a function 'shop_price': say which by its number \($main, $other\)"
good -q -e 'fexit:bpf:*:shop_price { @n[probe] = count(); } fexit:bpf:shop_othr { if (++@t == 20) { exit(); } }'
expect_out "^@n\[fexit:bpf:$main:shop_price\]: [1-9]"
expect_out "^@n\[fexit:bpf:$other:shop_price\]: [1-9]"
shop -
bad -e "fentry:bpf:shop_bare { @ = count(); }"
expect_err 'has no type information \(BTF\)'
bad -e 'fentry:bpf:shop_mian { @ = count(); }'
expect_err "did you mean 'shop_main'"
# compiled, and run where the program has another number, or types that are other ones
script='fexit:bpf:shop_main { @r[args.ctx != 0, retval] = count(); if (++@t == 20) { exit(); } }'
good build -o by_name.spo -e "$script"
good build -o by_id.spo -e "fexit:bpf:$main:shop_main { @ = count(); }"
good -q -e "$script"
kill "$first"
ended "$first" 10
bad run by_name.spo
expect_err 'built for other BPF programs'
bad -e "$script"
expect_err "no BPF program that runs has a function 'shop_main'"
shop shop_main
good run by_name.spo
expect_out '^@r\[(1|true), 2\]: [1-9]'
good -q -e "$script"
expect_out '^@r\[(1|true), 2\]: [1-9]'
bad run by_id.spo
expect_err 'built for other BPF programs'
kill "$second"
# programs of ours that probe such a one: younger kernels let those be probed as well, but not what probes these
deeper() { # deeper NAME : probes NAME; 0 when that runs
	"$SPILE" -q -e "fentry:bpf:$1 { @ = count(); }" >deeper.out 2>deeper.err </dev/null &
	deep=$!
	started="$started $deep"
	wait_for 10 runs_or_ended "probe_0_$1" || fail "neither runs nor ends: $1"
	! finished $deep
}
runs_or_ended() { finished $deep || "$SPILE" -l "fentry:bpf:*:$1" | grep -q .; }
deeper shop_main || fail "$(cat deeper.err)"
name=probe_0_shop_main
! deeper $name || name=probe_0_$name
run -q -e "fentry:bpf:$name { exit(); }"
expect_status 255
expect_err 'It is itself (a program that traces a BPF program|of the kind that traces functions)'
run -e "fentry:bpf:*:$name, fentry:bpf:shop_main { @[probe] = count(); if (++@t == 20) { exit(); } }"
expect_err "fentry:bpf:[0-9]*:$name is left out. It is itself"
expect_out '^@\[fentry:bpf:shop_main\]: [1-9]'
