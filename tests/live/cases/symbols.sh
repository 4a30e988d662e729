# SPDX-License-Identifier: Apache-2.0
# Names of frames, and where they come from: processes that ended long before the print, stripped binaries, separate debug files.
needs objcopy
needs strip
t=$PROGRAMS/target

# a run without -c or -p: the processes are gone when the map is printed, and never lived long
short=short-$$ # no other program's name
start "$SPILE" -f json -e 'tracepoint:syscalls:sys_enter_getpriority /comm == "'"$short"'"/ { @[ustack(why)] = count(); @n = count() }
	interval:ms:100 { if (@n >= 60) { exit() } }'
wait_for 30 grep -q attached_probes out || fail "never attached"
cp "$t" "$short"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "./$short" syscalls 3; done
ended $pid 30
expect_status 0
"$PYTHON" - <<'END' || fail "frames of exited processes"
import json
for line in open("out"):
    if '"stacks"' not in line: continue
    stacks = json.loads(line)["stacks"]
    assert len(stacks) >= 20, len(stacks) # a process may have two, before and after its tables are read
    for s in stacks:
        frames = s["key"][0]["frames"]
        assert frames, s
        for f in frames[:1]:
            assert f["name"].startswith("getpriority") and f["named"] in ("dynsym", "symtab", "build-id"), f
            assert len(f["build_id"]) >= 16 and f["how"], f
    break
else:
    raise SystemExit("no stacks")
END

try() { # try WORD REGEX: what the frames of ./program's own code look like
	timeout $MOST "$SPILE" -c "./program burn 400" -e 'profile:hz:199 /pid == cpid/ { @[ustack(why, 3)] = count() }' >out 2>err </dev/null || fail "status"
	! grep -q 'ERROR' err || fail "error"
	expect_out "$1"
}
cp "$t" program
try 'burn_inner\+[0-9]+ \[[a-z]+, symtab\]'
objcopy --only-keep-debug "$t" program.debug
strip -s program
try 'program!sub_[0-9a-f]+\+[0-9]+ \[[a-z]+, fde-only: .*/program\+0x[0-9a-f]+(, build ID [0-9a-f]+)?\]'
objcopy --add-gnu-debuglink=program.debug program
try 'burn_inner\+[0-9]+ \[[a-z]+, debuglink\]'

# a debug file of another build is not believed
echo >>program.debug
objcopy --remove-section .note.gnu.build-id program
try 'program!sub_'
rm program.debug

# a program that only a mount namespace of its own has, and that ends at once
if unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
	inside=inside-$$
	start "$SPILE" -e 'tracepoint:syscalls:sys_enter_getpriority /comm == "'"$inside"'"/ { @[ustack(why, fp)] = count(); @n = count(); }
		interval:ms:50 { if (@n >= 6) { exit() } }'
	attached
	launch unshare -m sh -c "mount -t tmpfs none /mnt && cp '$t' /mnt/$inside && /mnt/$inside syscalls 3 && /mnt/$inside syscalls 3; sleep 3600"
	ended $pid 30
	expect_status 0
	expect_out '^        getpriority\+'
	expect_no_out 'no-file'
fi

if command -v xz >/dev/null; then
	objcopy -S --keep-symbol=burn_inner --keep-symbol=burn_outer "$t" mini
	objcopy --only-keep-debug mini mini.debug || true
	"$PYTHON" -c 'import lzma, sys; sys.stdout.buffer.write(lzma.compress(open("mini.debug", "rb").read()))' >mini.debug.xz
	cp "$t" program
	strip -s program
	objcopy --add-section .gnu_debugdata=mini.debug.xz program
	try 'burn_inner\+[0-9]+ \[[a-z]+, minidebuginfo\]'
fi
