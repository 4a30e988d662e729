# SPDX-License-Identifier: Apache-2.0
# Scripts that need no event: begin, end, exit codes, parameters, what is printed where.
# ALSO WITHOUT ringbuf
good -e 'begin { printf("hello %s\n", "world"); }'
expect_exactly <<END
hello world


END
expect_err '^Attached 1 probe$'

good -q -e 'begin { printf("quiet\n"); exit(); } end { printf("over\n"); }'
expect_out '^quiet$'
expect_out '^over$'
expect_no_err 'Attached'

run -e 'begin { exit(3); }'
expect_status 3
run -q --no-cache -e 'begin { printf("once\n"); exit(-1); }' # as for every program: the lowest byte
expect_status 255
expect_same "$(grep -c once out)" 1 "runs of a script that exits with -1"
run -e 'begin { @x = 5; exit(); } interval:s:3600 { printf("late\n"); }'
expect_status 0
expect_out '^@x: 5$'
expect_no_out 'late'

# bpftrace's older spellings
good -e 'BEGIN { printf("%d\n", 2 * 21); exit(); } END { printf("end\n"); }'
expect_out '^42$'
expect_out '^end$'

# positional parameters: numbers, strings, none
good -e 'begin { printf("%d %s %d\n", $1, str($2), $#); exit(); }' 7 seven
expect_out '^7 seven 2$'

# a script from standard input, and from a file with a #! line
printf 'begin { printf("from stdin\\n"); exit(); }' | "$SPILE" - >out 2>err || fail "script on stdin"
expect_out '^from stdin$'
printf '#!/usr/bin/env spile\nbegin { printf("from a file\\n"); exit(); }\n' >'a b:c.spile'
good 'a b:c.spile'
expect_out '^from a file$'

# -o takes the results and nothing else
good -o results -e 'begin { printf("kept\n"); @x = 1; exit(); }'
expect_empty_out
grep -q '^kept$' results || fail "-o: no output"
grep -q '^@x: 1$' results || fail "-o: no map"
bad -o /nonexistent/folder/x -e 'begin { exit(); }'

# stacks are those of Spile itself
good -q -e 'BEGIN { @k = kstack(3); printf("%s", ustack(1)); }'
expect_out 'bpf_prog_'
