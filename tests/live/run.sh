#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD CASE - runs one live case with the spile of a build. The case is a shell file that uses lib.sh's functions; it has
# failed when it says so or when a command in it fails. What it started is stopped and its folder removed, however it ends.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
HERE=$here
BUILD=$(CDPATH='' cd -- "$1" && pwd)
CASE=$2
mounted='' # a case's own mount, undone at the end
SPILE=$BUILD/spile
PROGRAMS=$BUILD/tests/programs
EXAMPLES=$BUILD/examples
SCRIPTS=$here/../../examples
T=$(mktemp -d "${TMPDIR:-/tmp}/spile-live.XXXXXX")
export SPILE_CACHE_DIR="$T/cache" # no case sees what another compiled
export LC_ALL=C TZ=UTC
unset XDG_CACHE_HOME BPFTRACE_COLOR 2>/dev/null || :
# shellcheck source=tests/live/lib.sh
. "$here/lib.sh"

finish() {
	code=$?
	trap - EXIT INT TERM
	for p in $started; do kill -9 "$p" 2>/dev/null || :; done
	wait 2>/dev/null || :
	[ -z "$mounted" ] || umount "$mounted" || :
	rm -rf "$T"
	exit $code
}
trap finish EXIT INT TERM

[ "$(id -u)" = 0 ] || skip "tracing needs root"
[ -x "$SPILE" ] || fail "there is no $SPILE"
cd "$T"
# shellcheck disable=SC1090
. "$here/cases/$CASE.sh"
