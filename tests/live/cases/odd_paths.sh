# SPDX-License-Identifier: Apache-2.0
# A path with spaces and colons, a relative one, one through a link, a file that is replaced between runs.
mkdir 'a b'
cp "$PROGRAMS/target" 'a b/c:d e'
good -c "$PROGRAMS/target exit 0" -e "uprobe:\"$T/a b/c:d e\":hit { @ = count(); }"
start "$SPILE" -e "uprobe:\"$T/a b/c:d e\":hit { @ = count(); }"
attached
'./a b/c:d e' calls 50
kill -TERM "$pid"
ended "$pid" 10
expect_out '^@: 50$'

cp "$PROGRAMS/target" here
ln -s here link
good -c "./here calls 7" -e 'uprobe:./here:hit { @ = count(); }'
expect_out '^@: 7$'
good -c "./here calls 7" -e "uprobe:$T/link:hit { @ = count(); }"
expect_out '^@: 7$'
cp "$PROGRAMS/many" other && mv other here # the same path, another program: nothing remembered may be used
bad -e 'uprobe:./here:hit { @ = count(); }'
