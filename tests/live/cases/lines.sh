# SPDX-License-Identifier: Apache-2.0
# Source lines and inlined calls in stacks, by every DWARF that compilers here make.
needs cc
cat >program.c <<'END'
#include <sys/resource.h>
__attribute__((noipa)) int hit(int x) /* what calls into libc is missing in a walk along frame pointers */
{
	return getpriority(0, x) + 1;
}
#line 2
static inline __attribute__((always_inline)) int inner(int x)
{
	return hit(x) + 1;
}
static inline __attribute__((always_inline)) int outer(int x)
{
	return inner(x) + 1;
}
__attribute__((noinline)) int work(int x)
{
	return outer(x) + 3;
}
int main(void)
{
	int s = 0;
	for (int i = 0; i < 5; i++)
		s += work(0);
	return s == 99;
}
END
script='config = { show_debug_info=1 } tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @[ustack(fp)] = count(); @p[ustack(perf, fp)] = count() }'
for flags in -gdwarf-5 -gdwarf-4 -gdwarf-3 '-gdwarf-5 -gz'; do
	# shellcheck disable=SC2086
	cc -O2 $flags -fno-omit-frame-pointer program.c -o program
	good -c ./program -e "$script"
	expect_out '^        \[inlined\] inner@.*/program\.c:4$'
	expect_out '^        \[inlined\] outer@.*/program\.c:8$'
	expect_out '^        work\+[0-9]+@.*/program\.c:12$'
	expect_out '^        main\+[0-9]+@.*/program\.c:18$'
	expect_out '^	[0-9a-f]+ inner@.*/program\.c:4 \(inlined\)$'
	expect_out '^	[0-9a-f]+ work\+[0-9]+@.*/program\.c:12 \(/.*program\)$'
done

# in a file of its own, found by its checksum, and not asked for: no lines
objcopy --only-keep-debug program program.debug
objcopy -g --add-gnu-debuglink=program.debug program
good -c ./program -e "$script"
expect_out '^        work\+[0-9]+@.*/program\.c:12$'
good -c ./program -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @[ustack(fp)] = count() }'
expect_out '^        work\+[0-9]+$'
expect_no_out 'inlined'

# a server's, when it is asked for: this machine's own
[ -e /usr/lib/x86_64-linux-gnu/libdebuginfod.so.1 ] || exit 0
id=$(readelf -n program | sed -n 's/.*Build ID: //p')
[ -n "$id" ] || exit 0
strip -s program
mkdir -p "server/buildid/$id"
mv program.debug "server/buildid/$id/debuginfo"
"$PYTHON" -u -m http.server -b 127.0.0.1 -d server 0 >server.log 2>&1 &
started="$started $!"
wait_for 10 grep -q 'port [0-9]' server.log || fail "no server"
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' server.log | head -n 1)
export DEBUGINFOD_URLS="http://127.0.0.1:$port" DEBUGINFOD_CACHE_PATH="$T/cache"
good -c ./program -e 'tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @[ustack(fp, why)] = count() }'
expect_out 'program!sub_'
good -c ./program -e 'config = { debuginfod=1; show_debug_info=1 } tracepoint:syscalls:sys_enter_getpriority /pid == cpid/ { @[ustack(fp, why)] = count() }'
expect_out '^        work\+[0-9]+@.*/program\.c:12 \[[a-z]+, debuginfod\]$'
