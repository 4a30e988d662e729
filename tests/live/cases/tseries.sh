# SPDX-License-Identifier: Apache-2.0
# Time series: rows for intervals, the last ones kept, as text and JSON.
export BPFTRACE_UNSTABLE_TSERIES=enable
good -q -e 'begin { @ = tseries(3, 1s, 10); }'
expect_out '^@:$'
expect_out '^ {9}2 {20} {31}4$'
expect_out '^hh:mm:ss \|_{51}\|$'
expect_out '^[0-9]{2}:[0-9]{2}:[0-9]{2} \| {25}\* {25}\| 3$'
expect_out '^ {9}v_{51}v$'

# sum within an interval; 0 has its column; three rows are kept of six
good -q -e 'interval:ms:100 /@n < 6/ { @n++; @sum = tseries(@n, 2592000s, 5, "sum"); @max[1, "a"] = tseries(@n, 2592000s, 5, "max"); @min[1] = tseries(@n, 2592000s, 5, "min");
	@avg = tseries(@n, 2592000s, 5, "avg"); @neg = tseries(@n * 10 - 30, 100ms, 3); if (@n == 6) { exit(); } }'
expect_no_err unstable
expect_out '^[0-9:]{8} \| *\* *\| 21$'
expect_out '^@max\[1, a\]:$'
expect_out '^[0-9:]{8} \| *\* *\| 6$'
expect_out '^[0-9:]{8} \| *\* *\| 1$'
expect_out '^[0-9:]{8} \| *\* *\| 3$'
expect_out '^hh:mm:ss.ms  \|_{51}\|$'
expect_out '^[0-9:]{8}\.[0-9]{3} \|.*\* 30$'
expect_no_out '\| -20$' # the first of them is gone

good -q -f json -e 'begin { @ = tseries(3, 1s, 10); @k["a"] = tseries(4, 1s, 2); }'
expect_out '^\{"type": "tseries", "data": \{"@": \[\{"interval_start": "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.0{9}", "value": 3\}\]\}\}$'
expect_out '"@k": \{"a": \[\{"interval_start": ".*", "value": 4\}\]\}'

good -q -e 'begin { @ = tseries(3, 1s, 10); clear(@); print(@); @k[1] = tseries(1, 1s, 4); zero(@k); print(@k); if (delete(@k, 1)) { print("deleted"); } }'
expect_out '^<no data>$'
expect_out '^deleted$'
bad -e 'begin { @ = tseries(3, 1s, 10); @ = tseries(3, 2s, 10); }'

# keys are counted, not their rows; a time series that is deleted has no row left
good -q -e 'begin { @ = tseries(3, 1ms, 500000); @k[1] = tseries(1, 1ms, 500000); @k[2] = tseries(1, 1ms, 500000); @k[1] = tseries(1, 1ms, 500000);
	printf("%d %d %d\n", len(@k), has_key(@k, 1), has_key(@k, 3)); printf("%d %d\n", delete(@k, 1), delete(@k, 1)); printf("%d\n", len(@k));
	printf("%d %d\n", delete(@), delete(@)); clear(@k); }'
expect_exactly <<'END'
2 1 0
1 0
1
1 0


END
