# SPDX-License-Identifier: Apache-2.0
# REQUIRES for_each_map bpf_loop
# A hundred random scripts load, and do what an interpreter of them does.
"/spile/build/gen_run" -s 310000 -n 100 >out 2>err || { status=$?; fail "status $status"; }
