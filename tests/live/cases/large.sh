# SPDX-License-Identifier: Apache-2.0
# Scripts that are large: bodies longer than a function can be, and many probes.
# ALSO WITHOUT ringbuf
repeat() { # repeat N TEXT: # being the number, from 1
	awk -v n="$1" -v text="$2" 'BEGIN { for (i = 1; i <= n; i++) { line = text; gsub(/#/, i, line); print line } }'
}
say="uprobe:$PROGRAMS/target:say"

# one body of 1,500 statements: variables, strings and returns cross its parts
{
	printf '%s { $n = 0; $s = str(arg0);\n' "$say"
	repeat 700 '@m[#] = arg1 + #; $n += #;'
	echo 'if (arg1 == 2) { @two = $n; return; } @s[$s] = $n;'
	repeat 700 '@k[$s] = $n + arg1;'
	echo '@last = ($s, $n); } END { print(len(@m)); clear(@m); }'
} >long.bt
good -c "$PROGRAMS/target words a bb ccc" long.bt
grep -v '^$' out >lines
mv lines out
expect_exactly <<'END'
700
@k[a]: 245351
@k[ccc]: 245353
@last: (ccc, 245350)
@s[a]: 245350
@s[ccc]: 245350
@two: 245350
END
expect_no_err 'WARNING'

# what is left early: loops, in and around parts, and a body with a result
{
	echo 'begin { $n = 0; unroll(40) { $n++; if ($n % 7 == 0) { continue; } if ($n > 30) { break; } @u[$n] = count();'
	repeat 40 'if ($n == 100 + #) { @never = #; }'
	echo '} $i = 0; while ($i < 9) { $i++; if ($i == 2) { continue; } if ($i == 5) { break; }'
	repeat 300 '@w = max($i + # - #);'
	echo '@rounds++; } for ($j : 0..5) { if ($j == 3) { break; }'
	repeat 300 '@f[#] = $j;'
	echo '} print((len(@u), $n, @w, @rounds, @f[1], @f[300])); clear(@f); clear(@u); clear(@w); clear(@rounds); exit(3);'
	repeat 300 '@behind[#] = 1;'
	echo '}'
} >loops.bt
run -q loops.bt
expect_status 3
expect_exactly <<'END'
(26, 31, 4, 3, 2, 2)


END

# what fails is told and counted the same
{
	printf 'let @a = hash(3); %s {\n' "$say"
	repeat 400 '@a[#] = arg1;'
	echo '} END { clear(@a); }'
} >full.bt
good -c "$PROGRAMS/target words a bb" full.bt
expect_err '^WARNING: Lost 794 updates of @a in'
expect_same "$(grep -c 'Map full' err)" 794 "complaints"

# many probes
repeat 150 "$say /arg1 == 2/ { @hit[#] = count(); if (str(arg0) == \"bb\") { @bb += #; } }" >probes.bt
good -c "$PROGRAMS/target words a bb ccc bb" probes.bt
expect_same "$(grep -c '^@hit\[[0-9]*\]: 2$' out)" 150 "probes hit"
expect_out '^@bb: 22650$'

# a statement that no jump leads over ends in a message, not in LLVM's abort
{
	echo 'begin { @m[1] = 1; if (pid > 1) { @t = ('
	repeat 488 '(@m[#] ? @m[#] / @m[3] : strlen(str(#))) +'
	echo '1); } @m[2] = 3; }'
} >wide.bt
run wide.bt
expect_status 1
expect_err '^ERROR: LLVM cannot compile the script: Branch target out of insn range'
expect_err '^HINT: a statement is so long'
expect_empty_out
