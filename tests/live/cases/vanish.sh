# SPDX-License-Identifier: Apache-2.0
# A target that exits while it is being attached to, or before: an error or an early end, never a hang or a crash.
t=$PROGRAMS/target
i=0
while [ $i -lt 8 ]; do
	launch "$t" slow 1 $i
	run -p "$target" -e "uprobe:$t:slow { @ = count(); } profile:hz:99 { @s[ustack] = count(); }"
	case $status in
	0 | 1 | 255) ;;
	*) fail "status $status for a target that exits" ;;
	esac
	i=$((i + 1))
done
launch "$t" tick
gone=$target
kill -9 "$gone"
wait "$gone" 2>/dev/null || :
bad -p "$gone" -e 'profile:hz:99 { @ = count(); }'
# a binary that is deleted once attached
cp "$t" short
start "$SPILE" -e "uprobe:$T/short:hit { @ = count(); }"
attached
./short calls 5
rm short
kill -TERM "$pid"
ended "$pid" 10
expect_status 0
expect_out '^@: 5$'
