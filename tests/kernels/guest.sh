# SPDX-License-Identifier: Apache-2.0
# guest.sh [CASE...] - runs in the booted kernel: each case of kernels/cases, or those named. A line says what came of each:
#   ok CASE | lacks CASE: FEATURE… | FAIL CASE (what it printed follows)
# and another how long it took by the guest's own clock: took CASE SECONDS
# shellcheck shell=sh
SPILE=/spile/build/spile
PROGRAMS=/spile/build/tests/programs
CASES=/spile/kernels/cases
export SPILE PROGRAMS PATH="$PATH:/spile/build" LC_ALL=C TZ=UTC HOME=/root
features=/tmp/features
failed=0

seconds() { cut -d. -f1 /proc/uptime; }
has() { grep -q "^yes  $1 " $features; }
lacking() { # the features that a case's REQUIRES line names and this kernel has not
	for f in $(sed -n 's/^# REQUIRES //p' "$1"); do
		has "$f" || printf ' %s' "$f"
	done
}
one() { # one CASE : in a folder and a shell of its own
	T=/tmp/case.$1
	mkdir -p "$T"
	(
		CASE=$1
		export SPILE_CACHE_DIR="$T/cache"
		cd "$T" || exit 1
		set -eu
		. /spile/live/lib.sh
		trap 'code=$?; for p in $started; do kill -9 "$p" 2>/dev/null || :; done; exit $code' EXIT
		. "$CASES/$1.sh"
	) >"$T.log" 2>&1
	code=$?
	rm -rf "$T"
	return $code
}

ip link set lo up
mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || :
# what was built outside names files by the paths they have there
mkdir -p /usr && for d in lib bin; do [ -e /usr/$d ] || ln -s /$d /usr/$d; done
"$SPILE" doctor >$features 2>/tmp/doctor.err || [ -s $features ] || {
	echo "FAIL doctor: $(cat /tmp/doctor.err)"
	exit 1
}
echo "kernel $(uname -r)"
# those that leave the kernel changed come last
[ $# -gt 0 ] || set -- $(cd $CASES && grep -L '^# LAST' ./*.sh | sed 's/..//; s/\.sh$//') $(cd $CASES && grep -l '^# LAST' ./*.sh | sed 's/..//; s/\.sh$//')
for c in "$@"; do
	began=$(seconds)
	missing=$(lacking "$CASES/$c.sh")
	if [ -n "$missing" ]; then
		echo "lacks $c:$missing"
	elif one "$c"; then
		echo "ok $c"
	else
		failed=1
		echo "FAIL $c"
		sed 's/^/    /' "/tmp/case.$c.log"
	fi
	echo "took $c $(($(seconds) - began))"
done
exit $failed
