# SPDX-License-Identifier: Apache-2.0
# A script seen before is not compiled again, and whatever is wrong with the cache, the script runs.
script='begin { printf("ran\n"); exit(); }'
ran() { # ran WORD: it ran, and -v said WORD of the cache
	expect_status 0
	expect_out '^ran$'
	expect_err "^cache: .*$1"
}
ran_for() { # ran_for PID WORD: it saw that process and no other, and -v said WORD of the cache
	expect_status 0
	expect_out "^@\\[$1\\]: [0-9]+$"
	expect_same "$(grep -c '^@\[' out)" 1 "processes seen"
	expect_err "^cache: .*$2"
}
run -v -e "$script"
ran 'kept as'
run -v -e "$script"
ran 'found as'
mkdir -m 755 alone && cp "$SPILE" alone/ # where there is no compiler
status=0
./alone/spile -e 'begin { exit(); } // not seen' >out 2>err || status=$?
expect_status 2
expect_err 'spile-compiler'
entry=$(ls "$SPILE_CACHE_DIR"/*.spo)

run -v --no-cache -e "$script"
expect_no_err '^cache: (found|kept)'
run -v -e "$script" 5 # other parameters, options, settings: another entry
ran 'kept as'
BPFTRACE_MAX_STRLEN=99 "$SPILE" -v -e "$script" >out 2>err || fail "with a setting"
expect_err '^cache: kept'

# damage: cut short, changed, emptied, replaced by a folder, by a link, by a pipe
cp "$entry" whole
for damage in 'head -c 200 whole >"$entry"' ': >"$entry"' 'printf x | dd of="$entry" bs=1 seek=300 conv=notrunc' \
	'head -c 5000 /dev/urandom >"$entry"' 'rm -f "$entry"; mkdir "$entry"' 'rm -f "$entry"; mkfifo "$entry"' 'rm -f "$entry"; ln -s /etc/passwd "$entry"'; do
	rm -rf "$entry"
	cp whole "$entry"
	eval "$damage" 2>/dev/null
	run -v -e "$script"
	expect_status 0
	expect_out '^ran$'
	expect_no_err '^cache: found'
done
rm -rf "$entry"

# a folder that cannot be used
chmod 777 "$SPILE_CACHE_DIR"
run -v -e "$script"
ran 'others may write'
chmod 700 "$SPILE_CACHE_DIR"
for folder in /proc/nonexistent /dev/null "$T/no/such/folder"; do
	SPILE_CACHE_DIR=$folder "$SPILE" -e "$script" >out 2>err || fail "cache folder $folder"
	expect_out '^ran$'
	expect_no_err 'cache'
done
env -u HOME -u SPILE_CACHE_DIR XDG_CACHE_HOME="$T/xdg" "$SPILE" -e "$script" >out 2>err || fail "without HOME"
expect_out '^ran$'
if mkdir small && mount -t tmpfs -o size=4k,mode=700 none small 2>/dev/null; then # a full disk
	mounted=$T/small
	SPILE_CACHE_DIR=$T/small "$SPILE" -v -e "$script" >out 2>err || fail "full disk"
	expect_err '^cache: cannot keep'
	umount small
	mounted=''
fi

# a script with warnings is compiled every time, so that they are seen every time
run -e 'begin { printf("%s\n", str($1)); exit(); }'
cp err first
run -e 'begin { printf("%s\n", str($1)); exit(); }'
expect_same "$(grep -c WARNING err)" "$(grep -c WARNING first)" "warnings of a second run"

# a script with #include: as good as what it read, at any depth, and as what would be read in its place
if ldconfig -p | grep -q libclang; then
	mkdir -p one two
	printf '#include "inner.h"\n' >two/outer.h
	printf '#define ANSWER 41\n' >two/inner.h
	answer() { # answer WORD NUMBER: what -v says of the cache, and what is printed
		run -v -I one -I two -e '#include "outer.h"
			begin { printf("%d\n", ANSWER); exit(); }'
		expect_status 0
		expect_out "^$2\$"
		expect_err "^cache: .*$1"
	}
	answer 'kept as' 41
	answer 'found as' 41
	printf '#define ANSWER 4242\n' >two/inner.h # included by an included one
	answer 'kept as' 4242
	answer 'found as' 4242
	printf '#define ANSWER 7\n' >one/outer.h # nearer than the one that was read
	answer 'kept as' 7
	answer 'found as' 7
	rm one/outer.h
	answer 'kept as' 4242
	rm two/inner.h
	bad -I one -I two -e '#include "outer.h"
		begin { printf("%d\n", ANSWER); exit(); }'
	expect_err 'inner.h'
fi

# -p: the process is no part of what is compiled, what was found in its files is
t=$PROGRAMS/target
cp "$t" other
launch "$t" tick
first=$target
launch "$t" tick
second=$target
launch ./other tick
third=$target
for probe in 'uprobe:tick { @[pid] = count(); if (@k++ > 20) { exit(); } }' 'uprobe:it:tick { @[pid] = count(); if (@k++ > 20) { exit(); } }' \
	'tracepoint:syscalls:sys_enter_clock_nanosleep,tracepoint:syscalls:sys_enter_nanosleep { @[pid] = count(); exit(); }'; do
	for p in "$first kept" "$second found" "$first found"; do
		run -v -p "${p% *}" -e "$probe"
		ran_for "${p% *}" "${p#* } as"
	done
	run -v -p "$third" -e "$probe" # another binary
	case $probe in
	uprobe*) ran_for "$third" 'kept as' && expect_err 'maps other files' ;;
	*) ran_for "$third" 'found as' ;;
	esac
done
good build -p "$first" -o it.spo -e 'uprobe:it:tick { @[pid] = count(); if (@k++ > 20) { exit(); } }'
good -p "$second" it.spo
expect_out "^@\\[$second\\]: [0-9]+$"
bad -p "$third" it.spo
expect_err 'other files'
bad it.spo
expect_err 'needs a process'
good build -o all.spo -e 'profile:hz:99 { exit(); }'
bad -p "$first" all.spo
expect_err 'built for all processes'

# concurrent runs
rm -rf "$SPILE_CACHE_DIR"
pids=''
for i in 1 2 3 4 5 6; do
	"$SPILE" -e "$script" >"out$i" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || fail "one of six concurrent runs"; done
expect_same "$(cat out[1-6] | grep -c '^ran$')" 6 "concurrent runs"
expect_same "$(ls -A "$SPILE_CACHE_DIR" | wc -l)" 1 "entries they left"

# a value that another machine's start, or another folder of the same name, changes: used as it is now, or compiled anew
mkdir group
script="begin { printf(\"%u\", cgroupid(\"$T/group\")); if comptime (cgroupid(\"$T/group\") != 0) { printf(\" known\\n\"); } exit(); }"
run -v -e "$script"
expect_status 0
cp out before
run -v -e "$script"
expect_err '^cache: found as'
! grep -q 'compiled anew' err || fail "compiled anew though nothing changed"
mv group old && mkdir group
run -v -e "$script"
expect_status 0
expect_err '^cache: compiled anew: cgroup'
expect_out '^[0-9]+ known$'
! cmp -s out before || fail "the id of a folder that is gone"
