# SPDX-License-Identifier: Apache-2.0
# Functions and variables that need no event: what each prints. prints SCRIPT LINE... : the body of a begin probe and its output.
# ALSO WITHOUT ringbuf
prints() {
	good -q -e "begin { $1 }"
	shift
	printf '%s\n' "$@" >wanted
	sed -e '/^$/,$d' out >got
	diff -u wanted got >&2 || fail "printed something else"
}
refuses() { # refuses SCRIPT TEXT
	bad -q -e "begin { $1 }"
	grep -qF -e "$2" err || fail "does not say: $2"
}

# tasks
prints 'print(leader_tid == pid); print(leader_comm); print(leader_comm() == comm); print(ppid == ppid(curtask)); print(pcomm == pcomm());' true spile true true true
prints 'print(ppid == curtask.real_parent.tgid); print(cpid); print(has_cpid);' true 0 false
expect_err 'WARNING: cpid'
good -q -c /bin/true -e 'begin { print(has_cpid); print(cpid > 0); }'
expect_out '^true$'
expect_no_err 'WARNING'

# configuration
prints 'print(config.max_strlen); print(config.cpp_demangle); print(config.license);' 1024 true GPL
refuses 'print(config.nothing);' "config has no key 'nothing'"

# strings
prints 'print(str_concat("abc", "def")); print(strcap("abc")); print(strlen(str_concat("a", "bc"))); print(strcap(str_concat("a", "b")));' abcdef 4 3 1024
prints 'print(strstr("hello world", "wor")); print(strstr("abc", "x")); print(strstr("abc", "")); print(strstr("abc", "abc"));' 6 -1 0 0
prints '$s = str_concat("hello cruel aaaaaaab world aab", " and more"); print(strstr($s, "aaab w")); print(strcontains($s, "o cru"));
	print(strcontains($s, "aaaaaaaab")); print(strcontains($s, str_concat("aab ", "and"))); print(strstr($s, "more")); print(strstr($s, "hello"));
	if ($s == str_concat("hello cruel aaaaaaab world aab and", " more")) { print("equal"); }
	if ($s != str_concat("hello cruel aaaaaaab world aab and", " mor")) { print("differs"); }' 16 true false true 35 0 equal differs
prints 'print(memcmp("abc", "abd", 3)); print(memcmp("abc", "abd", 2)); print(memcmp("b", "a", 1)); $n = rand % 1 + 3; print(memcmp("abcx", "abcd", $n));' -1 0 1 0
for max in 64 4096 16384; do
	BPFTRACE_MAX_STRLEN=$max prints '$s = str_concat("a long string, ", "in two halves"); print(strlen($s)); print(strcap($s)); print(strstr($s, "two")); print(strcontains($s, $s));
		if (strlen($s) > 5) { print("long"); } if ($s == str_concat("a long string, in two ", "halves")) { print("equal"); } @x[$s] = 1; print(@x[$s]);' \
		28 $max 18 true long equal 1
done

# names of numbers
prints 'print(strerror(2)); print(strerror(-13)); print(strerror(9999)); print(signal_name(9)); print(signal_name(77)); print(syscall_name(257)); print(syscall_name(100000));
	if (strerror(2) == "No such file or directory") { print("equal"); } @e[strerror(1)] = 1; print(@e["Operation not permitted"]);' \
	'No such file or directory' 'Permission denied' 'Unknown error' SIGKILL unknown openat unknown equal 1
prints 'print(pton("127.0.0.1")); print(ntop(pton("::1"))); print(ntop(2, 0x0100007f)); print(bswap((uint16)0x1234)); print(bswap(0x1234)); print(bswap(0x12));' \
	'[127,0,0,1]' ::1 127.0.0.1 13330 13330 18
prints 'print(is_err((void *)-5)); print(is_err(5)); print(kfunc_exist("bpf_task_from_pid_no_such")); print(kfunc_allowed("bpf_task_from_pid"));' true false false false
refuses 'pton("localhost");' "'localhost' is no IPv4 or IPv6 address"

# maps
prints '@x[1] = 5; let $v; if (find(@x, 1, $v)) { print($v); } if (find(@x, 2, $v)) { print("no"); } print(find(@x, 1, $w)); print($w);' 5 true 5
refuses '@y = 1; print(find(@y, 1, $v));' 'call to find() expects a map with explicit keys (non-scalar map)'

# ends and refusals
run -q -e 'begin { assert(1 == 1, "one"); assert(1 == 2, "100% two"); print("behind"); }'
expect_status 1
expect_err 'ERROR: assert failed: 100% two$'
expect_no_out behind
prints 'static_assert(sizeof(uint64) == 8, "x"); if (1 == 2) { fail("never"); } print(1);' 1
refuses 'static_assert(sizeof(uint64) == 4, "four");' 'static assertion failed: four'
refuses 'fail("not %d %s", 5, "today");' 'ERROR: not 5 today'
refuses 'write_user(0, "abc", 3);' 'write_user() is unsafe. To use you need the --unsafe flag'
refuses 'override(1);' 'override() is unsafe. To use you need the --unsafe flag'
refuses 'debugf("%c", 5);' 'unsupported format specifier: %c'
refuses 'print(kaddr("no_such_symbol_here"));' 'Failed to resolve kernel symbol: no_such_symbol_here'
refuses 'print(stack_len(5));' "stack_len() expects a stack ('int8' provided)"
refuses 'print(strlen());' 'strlen() requires one argument (0 provided)'
prints 'unwatch(5); print(1);' 1

# histograms have keys like any map; cgroups by filter; times
prints '@h[1] = hist(2); print(has_key(@h, 1)); print(has_key(@h, 2)); @l[3] = lhist(5, 0, 10, 1); delete(@h, 1); print(has_key(@h, 1)); print(has_key(@l, 3)); clear(@l); clear(@h);' \
	true false false true
prints 'printf("[%s]\n", cgroup_path(cgroup, "cpu*"));' "[]"
good -q -e 'begin { print(cgroup_path(cgroup, "uni*")); printf("%s\n", strftime("%f %k %l", nsecs)); }'
expect_out '^unified:/'
expect_out '^[0-9]{6} [0-9]{9} [0-9]{3}$'
prints 'print(comm(pid) == comm); print(comm(99999999) == ""); print(strlen(comm(1)) > 0); if (comm(pid) != comm(1)) { print("others"); }' true true true others
prints 'print(macaddr(buf("abcdef", 6))); print(ntop(buf("abcd", 4))); $a = (int8 *)kaddr("_text"); print(strlen($a) < 1024); print(strlen(curtask.comm));' \
	61:62:63:64:65:66 97.98.99.100 true 5
good -q -e 'begin { printf("%s %s %s %s\n", strftime("%Y", nsecs), strftime("%Y", nsecs(tai)), strftime("%Y", nsecs(sw_tai)), strftime("%H", 0)); }'
year=$(date +%Y)
expect_out "^$year $year $year \(\?\)$"
prints '$x = (uint32)0x01020304; $a = (uint8[4])$x; print($a); print($a[1]); print((int8[])$x); print((uint32)$a == $x); print((uint16[2])$x); print((int8[])"abc"); print(ntop((uint8[4])$x));' \
	'[4,3,2,1]' 3 '[4,3,2,1]' true '[772,258]' '[97,98,99,0]' 4.3.2.1
refuses '$x = (uint32)1; print((uint8[2])$x);' 'Cannot cast from "uint32" to "uint8[2]"'

# names of paths: across mounts, of the machine's root, cut at the front
mkdir -p "$T/some/deep folder"
cd "$T/some/deep folder"
good -q -e 'begin { print(path(curtask.fs.pwd)); print(path(&curtask.fs.pwd, 7)); print(path(curtask.fs.root)); if (path(curtask.fs.pwd) == path(curtask.fs.pwd)) { print("same"); } }'
expect_out '/some/deep folder$'
expect_out '^folder$'
expect_out '^/$'
expect_out '^same$'
cd "$T"
if [ -d /dev/shm ]; then
	cd /dev/shm
	"$SPILE" -q -e 'begin { print(path(curtask.fs.pwd)); }' >"$T/out" 2>"$T/err"
	cd "$T"
	expect_out '^/dev/shm$'
fi
refuses 'print(path(5));' "path() expects a struct path or a pointer to one ('int8' provided)"
prints '@x[1] = 1; @x[2] = 2; @y[1, "a"] = 3; delete(@x[1], @y[1, "a"]); print(len(@x)); print(len(@y)); clear(@x);' 1 0
