# SPDX-License-Identifier: Apache-2.0
# A budget that is too small to enter a program at each call: it is off its events most of the time, and weights stand for that. What
# they say is compared with what the traced program counted, over several runs: the windows lie elsewhere each time. Bounds are
# multiples of the standard error that the runs themselves show (t with 9 degrees of freedom: one in 20,000 is beyond 7).
paced=$PROGRAMS/paced
cat >call.spile <<SCRIPT
budget { cpu 0.5%; }
probe p { on uprobe:$paced:paced measure n = count() export text }
SCRIPT
cat >syscall.spile <<'SCRIPT'
probe p { on syscall:it:getpriority sample cpu 0.1% measure n = count() export text }
SCRIPT
for what in call syscall; do
	: >ratios
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		good $what.spile -c "$paced $what 20000 1"
		made=$(sed -n 's/^made \([0-9]*\) .*/\1/p' out)
		n=$(sed -n 's/^p n=\([0-9]*\)$/\1/p' out | tail -n 1)
		echo "${n:-0} $made" >>ratios
		! grep -q 'did not suffice to be entered by every event: for [0-9.]* s probes were off' err || : >left
	done
	[ -e left ] || fail "the probe was on its events all the time: $(cat ratios)"
	rm left
	awk '{ r = $1 / $2; n++; s += r; q += r * r }
		END { m = s / n; e = sqrt((q / n - m * m) / (n - 1)); if (e < 0.02) e = 0.02; print "mean", m, "standard error", e; exit !(m > 1 - 7 * e && m < 1 + 7 * e && m > 0) }' \
		ratios >verdict || fail "$what: $(cat verdict) $(tr '\n' ';' <ratios)"
	cat verdict
done
