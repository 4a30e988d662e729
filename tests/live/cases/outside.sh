# What lies outside the script: PID namespaces, programs with a root of their own, the limits that Spile raises for itself.
needs unshare
needs chroot
inside() { # inside ARGUMENT... : spile as the first process of a PID namespace
	status=0
	timeout -k 5 $MOST unshare --pid --fork "$SPILE" "$@" >out 2>err </dev/null || status=$?
}

# pid and tid are those of our own namespace; (init) asks for the machine's
inside -e 'begin { print((pid, tid)); print((pid(init) > pid, tid(init) > tid, pid(curr_ns))); }'
grep -q 'unshare failed\|Operation not permitted' err && skip 'PID namespaces may not be made here'
expect_status 0
expect_out '^\(1, 1\)$'
expect_out '^\(true, true, 1\)$'
inside -e 'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @here = pid < 100 && pid(init) != pid; @seen = count(); }' -c '/bin/sh -c :'
expect_status 0
expect_out '^@here: (1|true)$'

# a path names a file below the traced process's root
mkdir -p root/dev
cp "$PROGRAMS/target" root/target
for f in $(ldd root/target | grep -o '/[^ ]*'); do
	mkdir -p "root$(dirname "$f")"
	cp "$f" "root$f"
done
launch chroot root /target tick
[ ! -e /target ] || skip 'there is a /target'
good -l 'uprobe:/target:t*' -p "$target"
expect_out '^uprobe:/.*target:tick$'
good -p "$target" -e 'uprobe:/target:tick { @ticks = count(); exit(); }'
expect_out '^@ticks: [1-9]'
bad -e 'uprobe:/target:main { }'
expect_err "there is no binary '/target'"
kill "$target"

# user stacks of any process are walked, so that none has to be named; a number it must be
good --dwarf-pid 1 -e 'begin { print(1); }'
expect_out '^1$'
bad --dwarf-pid x -e 'begin { print(1); }'
expect_err 'Failed to parse pid: invalid integer: x'

# memory that may be locked, and files that may be open: as many as are allowed
start sh -c 'ulimit -S -n 64; exec "$0" -e "interval:s:1000 { }"' "$SPILE"
attached
soft=$(awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")
hard=$(awk '/^Max open files/ { print $5 }' "/proc/$pid/limits")
expect_same "$soft" "$hard" 'open files'
kill -INT "$pid"
ended "$pid" 30
expect_status 0
