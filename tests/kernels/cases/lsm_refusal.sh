# SPDX-License-Identifier: Apache-2.0
# Hooks of security modules where they run, and where they cannot: doctor and the script say what is missing, and what can serve.
run doctor
if grep -q '^yes  lsm ' out; then
	good -q -c 'true' -e 'lsm:bprm_check_security /comm == "true" || pid == cpid/ { @ = count(); }'
	expect_out '^@: [1-9]'
else
	expect_out "^no   lsm .*(CONFIG_BPF_LSM|'bpf' is not among the security modules)"
	run -e 'lsm:file_open { exit(); }'
	[ "$status" != 0 ] || fail "it ran"
	expect_err "(CONFIG_BPF_LSM|'bpf' is not among the security modules)"
	expect_err 'kprobe:security_file_open'
fi
# the list of active modules, once it can be read
mount -t securityfs none /sys/kernel/security || [ -r /sys/kernel/security/lsm ]
run doctor
grep -q '^yes  lsm ' out || expect_out '^no   lsm .*boot with lsm=.*,bpf;'
