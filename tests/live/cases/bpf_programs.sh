# SPDX-License-Identifier: Apache-2.0
# Functions of BPF programs that run: they are told with their types, and probed where this kernel lets that be.
needs setpriv
shop() { # shop WORD : loads and runs programs/bpfshop.c; $id
	: >"shop.$1" # what an earlier one wrote is not taken for this one's
	"$PROGRAMS/bpfshop" "$1" >>"shop.$1" 2>&1 </dev/null &
	started="$started $!"
	wait_for 10 grep -q . "shop.$1" || fail "bpfshop does not start"
	id=$(cat "shop.$1")
	[ "$id" -gt 0 ] 2>/dev/null || fail "bpfshop: $id"
}
shop -
bare=$id
shop shop_live
good -l 'fentry:bpf:*'
expect_out "^fentry:bpf:$id:shop_live$"
expect_out "^fentry:bpf:$id:shop_price$"
expect_no_out "^fentry:bpf:$bare:"
good -l 'fentry:*'
expect_out "^fentry:bpf:$id:shop_live$"
expect_out '^fentry:vmlinux:vfs_read$'
good -lv "fr:bpf:$id:shop_*"
expect_exactly <<END
fexit:bpf:$id:shop_live
    struct xdp_buff * ctx
    int32 retval
fexit:bpf:$id:shop_price
    struct item * item
    int32 n
    int32 retval
END
run -l 'fentry:bpf:*:shop_nothing'
expect_empty_out
expect_err 'cannot list'

# by who may not look at them; whose folder the build lies in does not matter
mkdir -m 755 user && chmod 755 "$T"
cp "$SPILE" "$BUILD/spile-compiler" user/
status=0
HOME=/nonexistent setpriv --reuid=65534 --clear-groups "$T/user/spile" -l 'fentry:bpf:*' >out 2>err || status=$?
expect_empty_out
expect_err 'cannot list fentry:bpf:\*: Operation not permitted'

bad -e "fentry:bpf:$bare:shop_bare { print(1); }"
expect_err "BPF program $bare \('shop_bare'\) has no type information \(BTF\)"
bad -e 'fentry:bpf:shop_lvie { print(1); }'
expect_err "no BPF program that runs has a function 'shop_lvie'; did you mean 'shop_live'"

run -q -e "fexit:bpf:$id:shop_price { @r[args.item.price, args.n] = max(retval); if (++@n == 10) { exit(); } }"
if [ "$status" = 0 ]; then
	expect_out '^@r\[7, 5\]: 35$'
else
	expect_err "Error loading BPF program for fexit:bpf:$id:shop_price.*no BPF trampolines on BPF programs, or forbids them"
fi
