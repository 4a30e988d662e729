#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# first-look.sh BUILD - `./dev run`: traces the workshop for eight seconds and says what to try next.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$1/examples"
spile=$1/spile

cat <<END
The workshop is a C program with three threads that prints nothing (examples/workshop.c).
Spile puts probes into it while it runs and shows its orders, calls and latencies:

END
status=0
"$spile" "$here/first-look.spile" -c ./workshop || status=$?
[ $status = 0 ] || exit $status
cat <<END

That was examples/first-look.spile: eight seconds, no change to the program. Try next:

  sudo ./dev run -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count() }'
                                          system calls by program, until Ctrl-C
  sudo ./dev run -e 'profile:hz:99 { @[comm, ustack(5)] = count() }'
                                          where the machine spends its time
  sudo ./dev run -l 'uprobe:/usr/bin/python3.11:*alloc*'
                                          functions one could probe
  sudo ./dev run --help                   everything else
END
