# SPDX-License-Identifier: Apache-2.0
# An ordinary user is told what is missing; what needs no rights works.
needs setpriv
mkdir -m 755 user && chmod 755 "$T"
cp "$SPILE" "$BUILD/spile-compiler" user/
as_user() {
	status=0
	(unset SPILE_CACHE_DIR; HOME=/nonexistent timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$T/user/spile" "$@" >out 2>err </dev/null) || status=$?
}
as_user -e 'begin { exit(); }'
expect_status 1
expect_empty_out
expect_err 'CAP_BPF'
expect_err 'CAP_PERFMON'
expect_same "$(wc -l <err)" 1 "lines of complaint"
for arguments in --version --help '-d ast -e begin{exit()}' '-l interval:*'; do
	# shellcheck disable=SC2086
	as_user $arguments
	expect_status 0
done
as_user --info
expect_status 0
expect_out '^System'
