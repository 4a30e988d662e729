# SPDX-License-Identifier: Apache-2.0
# Modes, artefacts, type listing, old text, and what other programs are told.
# ALSO WITHOUT ringbuf
good --mode codegen -e 'begin { printf("never\n"); }'
expect_empty_out
good --mode compiler-bench -e 'begin { @ = hist(5); }'
expect_out '^front end +[0-9]+ +20$'
expect_out '^code generation +[0-9]+ +20$'
good --emit-llvm x.ll -e 'begin { }'
grep -q '^; ModuleID' x.ll || fail "no IR"
for option in --aot --emit-elf; do
	good $option x.spo -e 'begin { printf("compiled\n"); }'
	expect_empty_out
	good -q x.spo
	expect_out '^compiled$'
done
good -d codegen-opt,ast -e 'begin { }'
for option in --fmt '--mode format'; do
	# shellcheck disable=SC2086
	good $option -e 'begin{@a=1}'
	expect_out '^begin . @a = 1 .$'
done
bad -kk -e 'begin { }'
expect_err 'Use -k'
# --dry-run: everything attached, nothing said
good --dry-run -e 'begin { printf("no\n"); @x = 1; } interval:s:1 { }'
expect_empty_out
expect_no_err '.'
# types
good -l 'struct list_head'
expect_out '^struct list_head$'
good -lv 'struct list_head'
expect_exactly <<'END'
vmlinux: struct list_head {
    struct list_head *next;
    struct list_head *prev;
};
END
good -lv 'enum pid_type'
expect_out '^    PIDTYPE_TGID = 1,$'
bad -l 'struct no_such_thing'
# a script's probes
echo 'begin { } interval:s:1, interval:s:2 { }' >s.bt
good -l s.bt
expect_out '^begin$'
expect_out '^interval:s:2$'
run -l missing.bt
expect_err 'used as a search pattern'
# the text of 0.17
good --legacy-output -e 'begin { @s = stats(3); @h = hist(3); @a[1] = avg(2); @c = count(); @l = lhist(5, 0, 9, 1); @l = lhist(6, 0, 9, 1);
	@m = lhist(7, 0, 9, 2); @m = lhist(30, 0, 9, 2); @z = ksym(0); printf("begun\n"); }'
expect_exactly <<'END'
Attaching 1 probe...
begun


@a[1]: 2

@c: 1
@h: 
[2, 4)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@l: 
[5, 6)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[6, 7)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@m: 
[6, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
[9, ...)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@s: count 1, average 3, total 3

@z: 0
END
good --legacy-output -q -e 'begin { @k[1] = 1; clear(@k); print(@k); printf("-\n"); @n = 1; clear(@n); @s = stats(1); clear(@s); }'
expect_exactly <<'END'

-






END
good --legacy-output -q -e 'begin { @k[kstack(1), 1] = 1; @v = kstack(1); }'
expect_out '^    [^ ].*[0-9]$'
expect_out '^        [^ ].*[0-9]$'
# environment
BPFTRACE_COLOR=odd good -q -e 'begin { }'
expect_err 'BPFTRACE_COLOR is .odd.'
__BPFTRACE_NOTIFY_PROBES_ATTACHED=1 good -q -e 'begin { }'
expect_out '^__BPFTRACE_NOTIFY_PROBES_ATTACHED$'
cat >notify.py <<'END'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for name in ("\0spile-live-%d" % os.getpid(), "notify.socket"):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(name)
    s.settimeout(300)
    path = "@" + name[1:] if name[0] == "\0" else os.path.abspath(name)
    subprocess.run([sys.argv[1], "-q", "-e", "begin { }"], env=dict(os.environ, NOTIFY_SOCKET=path), check=True)
    assert s.recv(100) == b"READY=1" and s.recv(100) == b"STOPPING=1"
END
/usr/bin/python3 notify.py "$SPILE" || fail "systemd is not notified"
# config
good -q -e 'config = { unstable_tseries = enable; } begin { }'
bad -e 'config = { unstable_tseries = 5; } begin { }'
run -q -e 'config = { strlen = 32; symbol_source = 1; } begin { }'
expect_err 'strlen has been renamed, please use max_strlen'
expect_err 'symbol_source is deprecated and has no effect'
