# SPDX-License-Identifier: Apache-2.0
# Builtins and functions, each with a result that is known.
# ALSO WITHOUT ringbuf
t=$PROGRAMS/target
good -q -c "$t words alpha" -e "uprobe:$t:say {
	printf(\"pid %d tid %d uid %d gid %d comm %s\n\", pid == cpid, tid == pid, uid, gid, comm);
	printf(\"time %d %d\n\", nsecs > 0, elapsed > 0);
	printf(\"cpu %d rand %d\n\", cpu < 4096, rand >= 0);
	printf(\"user %s probe %s func %s\n\", username, probe, func);
	printf(\"cut %s buf %r\n\", str(arg0, 3), buf(arg0, 5));
	printf(\"%s|%5d|%-5d|%05d|%x|%llx|%c|%%\n\", \"s\", 42, 42, 42, 255, 255, 65);
	printf(\"cgroup %d task %d\n\", cgroup > 0, curtask > 0);
	printf(\"sym %s\n\", usym(reg(\"ip\")));
	printf(\"stack%s\n\", ustack(3));
}"
expect_out '^pid 1 tid 1 uid 0 gid 0 comm target$'
expect_out '^time 1 1$'
expect_out '^cpu 1 rand 1$'
expect_out "^user root probe uprobe:$t:say func say$"
expect_out '^cut al buf alpha$|^cut alp buf alpha$'
expect_out '^s\|   42\|42   \|00042\|ff\|ff\|A\|%$'
expect_out '^cgroup 1 task 1$'
expect_out '^sym say'
expect_out 'say\+'

good -q -e 'begin { @a[1] = 2; @a[3] = 4; print(@a); delete(@a, 1); print(@a); clear(@a); @n = count(); print(@n); zero(@n); print(@n);
	$x = (1, "two"); print($x.1); $i = 0; while ($i < 3) { $i++; } print($i);
	unroll(3) { printf("u"); } printf("\n");
	if ($i == 3 && !false) { printf("yes\n"); } else { printf("no\n"); }
	print(strncmp("abc", "abd", 2)); printf("%s\n", strftime("%Y", nsecs)); exit(); }'
expect_out '^@a\[3\]: 4$' # printing is asynchronous: the map as it is by then
expect_out '^two$'
expect_out '^3$'
expect_out '^uuu$'
expect_out '^yes$'
expect_out '^0$'
expect_out '^20[2-9][0-9]$'

good -q --unsafe -e 'begin { system("echo from %s", "system"); exit(); }'
expect_out '^from system$'
printf 'file text\n' >some.txt
good -q -e "begin { cat(\"$T/some.txt\"); exit(); }"
expect_out '^file text$'
good -q -c '/bin/echo one two' -e 'tracepoint:syscalls:sys_enter_execve { join(args.argv); }'
expect_out '^/bin/echo one two$'
launch "$t" tick
good -q --unsafe -p "$target" -e "uprobe:$t:tick { signal(\"TERM\"); exit(); }"
wait_for 5 finished "$target" || fail "signal() did not reach the target"
