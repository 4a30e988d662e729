# SPDX-License-Identifier: Apache-2.0
# What cases of each kind of program show, as on a kernel without ring buffers: records by perf events.
SPILE_WITHOUT=ringbuf
export SPILE_WITHOUT
for c in printf loops child flood kprobe tracepoint raw_tracepoint iter perf_events; do
	[ -z "$(lacking "$CASES/$c.sh")" ] || continue
	. "$CASES/$c.sh"
done
good -c "$PROGRAMS/target words alpha" -e "uprobe:$PROGRAMS/target:say { printf(\"%s %d\n\", str(arg0), cpu); if (arg1 == 0) { exit(); } }"
expect_out '^alpha [0-9]+$'
