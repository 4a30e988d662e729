# SPDX-License-Identifier: Apache-2.0
# REQUIRES kallsyms
# Stacks: the kernel's by a timer and at an event, the program's own.
good -q -c "$PROGRAMS/target slow 20 20" -e 'tracepoint:sched:sched_switch /pid == cpid/ { @k[kstack(4)] = count(); }'
expect_out '^ *(__)?(schedule|traceiter)[a-z_]*\+[0-9]+$|^ *__schedule'
good -q -c "$PROGRAMS/target burn 600000" -e 'profile:hz:99 /comm == "target"/ { @u[ustack(3)] = count(); if (++@k == 150) { exit(); } }'
expect_out '^ *burn_(inner|outer)\+[0-9]+'
