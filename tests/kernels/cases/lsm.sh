# SPDX-License-Identifier: Apache-2.0
# REQUIRES lsm
# Hooks of security modules: arguments by name; nothing is refused but with --unsafe, and then by the error that is returned.
echo text >hidden
echo text >open
# shellcheck disable=SC2016
seen='/comm == "cat" && str(args.file.f_path.dentry.d_name.name) == "hidden"/'
good -q -c 'cat hidden open' -e "lsm:file_open $seen { @opened = count(); @d[probe] = count(); return 0; }"
expect_out '^@opened: 1$'
expect_out '^@d\[lsm:file_open\]: 1$'
expect_same "$(grep -c '^text$' out)" 2 'files that were read'

run -q --unsafe -c 'cat hidden open' -e "lsm:file_open $seen { @refused = count(); return -13; }"
expect_out '^@refused: 1$'
expect_err "hidden.*Permission denied"
expect_same "$(grep -c '^text$' out)" 1 'files that were read'

# a number that only the run knows, and one that is no error
run -q --unsafe -c 'cat hidden' -e "lsm:file_open $seen { @ = count(); return 0 - (int64)args.file.f_path.dentry.d_name.len; }"
expect_err "hidden.*"
expect_no_out '^text$'
good -q --unsafe -c 'cat hidden' -e "lsm:file_open $seen { @ = count(); return (int64)args.file.f_path.dentry.d_name.len; }"
expect_out '^text$'

# hooks without a result, several in one block
good -q -c 'cat hidden' -e 'lsm:bprm_committing_creds, lsm:bprm_committed_creds /pid == cpid/ { @[probe] = count(); }'
expect_out '^@\[lsm:bprm_committing_creds\]: [1-9]'
expect_out '^@\[lsm:bprm_committed_creds\]: [1-9]'

# of a pattern's hooks those that the kernel keeps for itself are left out
good -q -c 'cat hidden' -e 'lsm:file_* /pid == cpid/ { @[probe] = count(); }'
expect_out '^@\[lsm:file_open\]: [1-9]'
