# SPDX-License-Identifier: Apache-2.0
# What a program says of itself while it runs: a full map, missing keys, reads that fail. In the script's place, with the helper.
# ALSO WITHOUT ringbuf
good -q -e 'let @x = hash(2); begin { @x[1] = 1; @x[2] = 1; @x[3] = 1; @x[4]++; }'
expect_err "^stdin:1:[0-9]*-[0-9]*: WARNING: Map full; can't update element\\."
expect_err '^Additional Info - helper: map_update_elem, retcode: -7$'
expect_err '^ *~~~'
expect_out '^@x\[1\]: 1$'
expect_no_out '@x\[3\]'
good -q -e 'let @x = percpuhash(1); begin { @x[1] = count(); @x[2] = count(); }'
expect_err "Map full; can't update element"
good -q -f json -e 'let @x = hash(1); begin { @x[1] = 1; @x[2] = 1; }'
expect_out '^\{"type": "helper_error", "msg": "Map full; can.t update element.*"helper": "map_update_elem", "retcode": -7, "filename": "stdin", "line": 1, "col": 38\}$'

good -q -e 'begin { @x[1] = 1; delete(@x, 2); }'
expect_err "^stdin:1:20-33: WARNING: Can't delete map element"
expect_err 'helper: map_delete_elem, retcode: -2$'
good -q -e 'begin { @x[1] = 1; _ = delete(@x, 2); if (delete(@x, 3)) { print(1); } delete(@x, 1); $a = @x[7]; print(*(uint64 *)0); }'
expect_no_err WARNING # a result that is taken, a key that is there; reads only with -k

good -q -k -e 'begin { @x[1] = 1; $a = @x[7]; }'
expect_err "^stdin:1:25-30: WARNING: Can't lookup map element"
expect_err 'helper: map_lookup_elem, retcode: 0$'
good -q -k -e 'begin { print(*(uint64 *)kaddr("_text") > 0); print(*uptr((uint64 *)16)); print(str(uptr(16))); }'
expect_err '^stdin:1:[0-9]*-[0-9]*: WARNING: Bad address$'
expect_err 'helper: probe_read_user, retcode: -14$'
expect_err 'helper: probe_read_user_str, retcode: -14$'
expect_out '^true$'
good -q -e 'begin { $z = rand % 1; print(5 / $z); }'
expect_err 'WARNING: Divide or modulo by 0 detected'
expect_out '^1$'
