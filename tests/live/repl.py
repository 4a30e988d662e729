#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repl.py SPILE PROGRAM - types at spile repl through a pseudo terminal and reads what a user would see. Its working folder is the home."""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

spile = sys.argv[1]
os.environ.update(HOME=os.getcwd(), TERM="dumb", INPUTRC="/dev/null")
seen = ""


def start():
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 400, 0, 0))  # no line is shown in parts
        os.execv(spile, [spile, "repl"])
    return pid, fd


def wait_for(fd, text, seconds=60):
    """Reads until the pattern was seen; returns what came up to it, and forgets that."""
    global seen
    end = time.time() + seconds
    while True:
        m = re.search(text, seen, re.S)
        if m:
            found, seen = seen[: m.end()], seen[m.end() :]
            return found
        if not select.select([fd], [], [], max(0, end - time.time()))[0]:
            sys.exit(f"never seen: {text!r}; there is {seen!r}")
        try:
            seen += os.read(fd, 65536).decode(errors="replace").replace("\x07", "")
        except OSError:
            sys.exit(f"it ended before {text!r}; there is {seen!r}")


def type_in(fd, text):
    os.write(fd, text.encode())


pid, fd = start()
wait_for(fd, "spile> ")
type_in(fd, "print(41 + 1)\n")
wait_for(fd, r"\r\n42\r\n.*spile> ")
# more lines while a brace is open
type_in(fd, "begin {\n")
wait_for(fd, r"\.\.\.> ")
type_in(fd, 'printf("<%s>\\n", "two lines"); exit()\n')
wait_for(fd, r"\.\.\.> ")
type_in(fd, "}\n")
wait_for(fd, r"\r\n<two lines>\r\n.*spile> ")
# live results until Ctrl-C, which ends the script and not the repl
type_in(fd, 'interval:ms:20 { @n++; printf("tick %d\\n", @n) }\n')
wait_for(fd, r"tick 2\r\n")
type_in(fd, "\x03")
wait_for(fd, r"@n: \d+\r\n.*spile> ")
# errors with their place
type_in(fd, "begin { nosuch() }\n")
wait_for(fd, r"ERROR: .*nosuch.*spile> ")
# completion: a builtin, a provider, a probe, a field of its arguments
type_in(fd, "begin { nse\t")
wait_for(fd, "nsecs")
type_in(fd, "\x15tracepoint:sched:sched_process_fo\t")
wait_for(fd, "tracepoint:sched:sched_process_fork")
type_in(fd, " { print(args.parent_pi\t")
wait_for(fd, r"args\.parent_pid")
type_in(fd, "\x15interv\t")
wait_for(fd, "interval:")
type_in(fd, f"\x15uprobe:{sys.argv[2]}:burn_inn\t")
wait_for(fd, ":burn_inner")
type_in(fd, "\x15:explain --\x15:nonsense\n")
wait_for(fd, r"ERROR: ':nonsense' is no command.*spile> ")
type_in(fd, ":explain interval:s:1 { @ = count() }\n")
wait_for(fd, r"HOOKS.*COST.*spile> ")
type_in(fd, ":quit\n")
os.waitpid(pid, 0)
# what was typed is there the next time, a script of several lines as one
pid, fd = start()
seen = ""
wait_for(fd, "spile> ")
history = open(os.environ["XDG_STATE_HOME"] + "/spile/history").read().splitlines()
assert "print(41 + 1)" in history, history
assert any(line.startswith("begin { printf(") and line.endswith(" }") for line in history), history
type_in(fd, "\x1b[A\n")
wait_for(fd, ":quit")
os.waitpid(pid, 0)
