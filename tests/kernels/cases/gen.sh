# SPDX-License-Identifier: Apache-2.0
# REQUIRES for_each_map
# A hundred random scripts load, and do what an interpreter of them does; an old kernel may refuse some by naming what it lacks.
/spile/build/gen_run -q -s 310000 -n 100 >out 2>err || { status=$?; fail "status $status"; }
passed=$(sed -n 's/^\([0-9]*\) passed, 0 failed$/\1/p' out)
[ "${passed:-0}" -ge 20 ] || fail "$passed scripts ran"
