# SPDX-License-Identifier: Apache-2.0
# REQUIRES software
# Clocks of software: profile, interval, page faults; the counters of the processor where it has them.
good -q -c "$PROGRAMS/target burn 300" -e 'profile:hz:99 { @p[comm] = count(); } software:cpu-clock:1000000 { @s = count(); }
software:page-faults:1 /pid == cpid/ { @f = count(); } interval:ms:50 { @i++; }'
expect_out '^@p\[target\]: [1-9]'
expect_out '^@s: [1-9]'
expect_out '^@f: [1-9]'
expect_out '^@i: [1-9]'
