# SPDX-License-Identifier: Apache-2.0
# spile repl: through a pseudo terminal (completion, history, Ctrl-C), and with its input from a pipe.
needs python3
XDG_STATE_HOME=$T/state
export XDG_STATE_HOME
/usr/bin/python3 "$here/repl.py" "$SPILE" "$PROGRAMS/target" >out 2>err || fail "the dialogue went wrong"
printf 'print(6 * 7)\n\nbegin {\n  printf("b\\n"); exit()\n}\n:quit\nprint(1)\n' | "$SPILE" repl >out 2>err || fail "a pipe is refused"
expect_out '^42$'
expect_out '^b$'
expect_no_out '^1$'
