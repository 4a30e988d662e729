# SPDX-License-Identifier: Apache-2.0
# uaddr(): variables of the traced binary by name, with their size, wherever the binary was loaded; at a function's start, behind it and at its return.
needs cc
cat >vars.c <<'END'
#include <stdio.h>
#include <unistd.h>
unsigned char one = 0xf1;
unsigned short two = 0xf1f2;
unsigned int four = 0xf1f2f3f4;
unsigned long eight = 0xf1f2f3f4f5f6f7f8;
struct { long a, b; } pair = { 5, 6 };
__attribute__((noipa)) int work(int n) { return n + 1; }
__attribute__((noipa)) int other(int n) { return n + 2; }
int main(void) { usleep(1000); return work(1) + other(2) == 6; }
END
for how in -pie -no-pie; do
	cc -O1 -fpie $how -o vars vars.c || skip 'needs a compiler that links'
	good -q -c "$T/vars" -e "uprobe:$T/vars:work { printf(\"%x %x %x %lx\n\", *uaddr(\"one\"), *uaddr(\"two\"), *uaddr(\"four\"), *uaddr(\"eight\")); }
		uretprobe:$T/vars:work { printf(\"ret %x\n\", *uaddr(\"four\")); }
		uprobe:$T/vars:work,uprobe:$T/vars:other { printf(\"%s %x\n\", probe, *uaddr(\"two\")); }"
	expect_out '^f1 f1f2 f1f2f3f4 f1f2f3f4f5f6f7f8$'
	expect_out '^ret f1f2f3f4$'
	expect_out "^uprobe:$T/vars:work f1f2$"
	expect_out "^uprobe:$T/vars:other f1f2$"
done
bad -c "$T/vars" -e "uprobe:$T/vars:work { print(uaddr(\"none_of_that_name\")); }"
expect_err 'Could not resolve symbol: .*vars:none_of_that_name$'

# stacks as build IDs
id=$(readelf -n vars 2>/dev/null | sed -n 's/.*Build ID: //p')
good -q -c "$T/vars" -e "uprobe:$T/vars:work { print(ustack(build_id)); @[ustack(build_id, 1)] = count(); print(len(ustack(build_id, 1))); }"
expect_out '^[0-9a-f]{40} 0x[0-9a-f]+$|^[0-9a-f]+$'
[ -z "$id" ] || expect_out "^$id 0x"
expect_out '^1$'
BPFTRACE_STACK_MODE=build_id good -q -e 'interval:ms:10 { print(kstack(1)); exit(); }'
expect_err 'WARNING: the stack mode build_id is for ustack only: kstack uses raw$'
