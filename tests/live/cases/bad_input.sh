# SPDX-License-Identifier: Apache-2.0
# Each of these is one clear error: status 1, nothing attached, nothing printed.
bad
expect_err 'USAGE'
bad /nonexistent.spile
expect_err "failed to open file '/nonexistent.spile': No such file or directory"
mkdir folder
bad folder
bad -e ''
bad -e 'begin { printf("never closed); }'
expect_err 'stdin:1:[0-9]+'
bad -e 'begin { @x = 1; @x = "text"; }'
bad -e 'begin { printf("%d %d\n", $nowhere, $neither); }'
expect_same "$(grep -c 'ERROR' err | sed 's/^[2-9]$/several/')" several "errors in one run"
bad -e 'frobnicate:x { }'
expect_err 'frobnicate'
bad -e 'tracepoint:no_such:event { }'
expect_err 'no_such'
bad -e 'tracepoint:syscalls:sys_enter_openat { print(args.no_such_field); }'
bad -e 'uprobe:/nonexistent/binary:main { }'
expect_err '/nonexistent/binary'
bad -e "uprobe:$PROGRAMS/target:no_such_function { }"
expect_err 'no_such_function'
bad -e 'begin { system("touch x"); }'
expect_err 'unsafe'
[ ! -e x ] || fail "system() ran"

# binaries that are none, cannot be read, or are cut short
printf 'not an ELF file' >text
bad -e "uprobe:$T/text:main { }"
head -c 1000 "$PROGRAMS/target" >cut && chmod +x cut
bad -e "uprobe:$T/cut:main { }"
bad -e "uprobe:$T/folder:main { }"

# bytes that are no text
printf 'begin { printf("caf\xe9\xff\n"); exit(); }' >latin
run latin
[ "$status" = 0 ] || [ "$status" = 1 ] || fail "bytes that are not UTF-8: status $status"
printf 'begin { \000 }' >zero
bad zero
head -c 20000 /dev/urandom >noise
bad noise
head -c 100000 /dev/zero | tr '\0' '(' >deep
printf 'begin { $x = %s' "$(cat deep)" >deeper
bad deeper

# ten megabytes: one comment, or ten thousand errors
{ printf 'begin { printf("big\\n"); exit(); } //'; head -c 10000000 /dev/zero | tr '\0' x; } >big
good big
expect_out '^big$'
i=0
while [ $i -lt 17 ]; do cat big; i=$((i + 1)); done >huge # more than anything that is a script
bad huge
head -c 10000000 /dev/zero | tr '\0' '}' >wrong
bad wrong
expect_between "$(wc -c <err)" 10 1000000 "bytes of complaint"
