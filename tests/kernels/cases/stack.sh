# SPDX-License-Identifier: Apache-2.0
# REQUIRES for_each_map
# loops in one another with large values: what each takes of the stack counts together, and kernels before 6.13 allow 512 bytes
tuple() { # tuple VARIABLE : twelve numbers
	printf '($%s' "$1"
	for i in 1 2 3 4 5 6 7 8 9 10 11; do printf ', $%s + %d' "$1" $i; done
	printf ')'
}
{
	echo 'config = { on_stack_limit = 128 } begin {'
	for v in a b c d; do echo "for \$$v : 0..2 { @m[$(tuple $v)] = $(tuple $v);"; done
	echo '@n++; } } } } print((len(@m), @n)); clear(@m); clear(@n); }'
} >nested.bt
good -q nested.bt
expect_out '^\(2, 16\)$'
