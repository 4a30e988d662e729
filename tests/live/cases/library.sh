# SPDX-License-Identifier: Apache-2.0
# Scripts by name, what they say of themselves, and the parameters they declare.
export SPILE_PROBES=$SCRIPTS/../probes
good scripts
expect_out '^files +opensnoop +Files as they are opened'
good scripts net
expect_out '^net +tcpconnect '
expect_no_out opensnoop
bad scripts nothing-like-it
expect_err "no script and no theme of the library is called 'nothing-like-it'"
good -q -c 'head -c 1 /etc/passwd' opensnoop
expect_out ' [0-9]+ +head +[0-9]+ +/etc/passwd$'
good opensnoop --help
expect_out '^Files as they are opened'
expect_no_out SPDX
bad opensnop
expect_err "the library has 'opensnoop'"
run check opensnop
expect_status 1
expect_out "the library has 'opensnoop'"
good check opensnoop
SPILE_PROBES=/nonexistent bad scripts
expect_err 'the library of scripts is not there'

cat >mine.spile <<'END'
// SPDX-License-Identifier: Apache-2.0
// Counts to a number.
//   sudo spile mine.spile --to=5
param to = 3 "the last number"
param pause = 1ms "between two of them"
param word = "n"
param loud = false "shouts"
param low = -2
interval:$pause { @k++; printf("%s%s %d %d\n", word, loud ? "!" : "", @k, low); if (@k == to) { clear(@k); exit(); } }
END
good mine.spile --help
expect_out '^Counts to a number\.$'
expect_out '^  --to=3 +the last number$'
expect_out '^  --pause=1ms +between two of them$'
expect_out '^  --word="n" *$'
expect_out '^  --loud +shouts$'
expect_out '^  --low=-2 *$'
expect_no_out SPDX
good -d params mine.spile
expect_out '^  --to=3 +the last number$'
good -q mine.spile
expect_out '^n 3 -2$'
good -q mine.spile --to=2 --pause=20ms -- --word=of --loud --low=-7
expect_out '^of! 2 -7$'
expect_no_out '^of! 3 '
bad mine.spile --tow=2
expect_err 'unexpected program command line options: --tow'
expect_err 'expected program options: --to, --pause, --word, --loud, --low'
bad mine.spile --pause=5
expect_err 'option --pause invalid duration, such as 10ms \(value: 5\)'
bad mine.spile --to=x
expect_err 'option --to invalid integer'

# what is printed as core takes the same parameters
"$SPILE" -d core mine.spile >core.bt || fail "no core"
good -q core.bt -- --to=1 --word=core
expect_out '^core 1 -2$'
