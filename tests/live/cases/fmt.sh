# SPDX-License-Identifier: Apache-2.0
# spile fmt: in place, as a check, of a stream; without rights; and what it must not touch.
printf 'begin{printf("a\\n");// why\n\n\nexit()}' >s.bt
cp s.bt was.bt
run fmt --check s.bt
expect_status 1
expect_out '^s.bt$'
cmp -s s.bt was.bt || fail "--check wrote"
chmod 640 s.bt
ln -s s.bt link.bt
good fmt link.bt
expect_empty_out
[ -L link.bt ] || fail "the link is no link now"
expect_same "$(stat -c %a s.bt)" 640 "rights"
cat s.bt >out
expect_exactly <<'END'
begin {
	printf("a\n"); // why

	exit()
}
END
good fmt --check s.bt link.bt
expect_empty_out
good -q s.bt
expect_out '^a$'
# a stream, and a program of the command line
"$SPILE" fmt <was.bt >streamed || fail "a stream is refused"
cmp -s streamed s.bt || fail "a stream is laid out otherwise"
good fmt -e 'begin{exit()}'
expect_out '^begin . exit\(\) .$'
# errors: with their place; the others are written, the broken one stays
printf 'begin { 1 + }\n' >bad.bt
cp was.bt s.bt
run fmt bad.bt s.bt missing.bt
expect_status 1
expect_err 'bad.bt:1:13-14: ERROR: unexpected'
expect_err "'missing.bt': No such file"
expect_same "$(cat bad.bt)" 'begin { 1 + }' "a script with an error"
"$SPILE" fmt --check s.bt || fail "the script behind the broken one was left out"
bad --check -e 'begin { }'
expect_err 'spile fmt'
