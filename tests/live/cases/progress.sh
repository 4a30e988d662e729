# SPDX-License-Identifier: Apache-2.0
# Attaching that takes long tells how far it is: on standard error, and never among the results. How long that is the test says.
many=$PROGRAMS/many
script="uprobe:$many:many_ab* { @ = count(); }"
SPILE_WITHOUT=uprobe_multi SPILE_PATIENCE_MS=0; export SPILE_WITHOUT SPILE_PATIENCE_MS
good -c "$many" -e "$script"
expect_err '^Attaching: 1 of 16 probes$'
expect_err '^Attaching: 16 of 16 probes$'
expect_no_out Attaching
good -f json -c "$many" -e "$script"
expect_err '^Attaching: 7 of 16 probes$'
/usr/bin/python3 -c 'import json; [json.loads(l) for l in open("out")]' || fail "standard output is no JSON"
good -q -c "$many" -e "$script"
expect_no_err Attaching
SPILE_PATIENCE_MS=3600000 good -c "$many" -e "$script"
expect_no_err Attaching
# on a terminal one line, which is taken away
/usr/bin/python3 - "$SPILE" -c "$many" -e "$script" >terminal <<'END'
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
try:
    while more := os.read(fd, 65536):
        seen += more
except OSError:
    pass
os.waitpid(pid, 0)
print(repr(seen))
sys.exit(not (b"\rAttaching: 16 of 16 probes\x1b[K\r\x1b[KAttached 16 probes\r\n" in seen and b"probes\n" not in seen.replace(b"\r\n", b"")))
END
# many that the kernel takes off slowly: said, and not waited for
good -c "$many" -e "uprobe:$many:many_aa*,uprobe:$many:many_ab*,uprobe:$many:many_ac* { @ = count(); }"
expect_err '^Detaching: the kernel takes 48 probes off'
unset SPILE_WITHOUT
good -c "$many" -e "uprobe:$many:many_aa*,uprobe:$many:many_ab*,uprobe:$many:many_ac* { @ = count(); }"
expect_no_err Detaching
