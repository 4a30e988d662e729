# SPDX-License-Identifier: Apache-2.0
# REQUIRES btf
# The scripts of probes/: what `spile check --world` said of each (run.sh) is what happens here. Those that work were compiled for
# this kernel on another and are attached here while a file is read; the others are refused.
n=0
while read -r script said; do
	case $said in
	works)
		run -q -c "head -c 1 /etc/passwd" "/spile/library/$script.spo"
		[ "$status" = 0 ] || fail "$script: check said it works"
		expect_no_err ERROR
		;;
	*)
		run -q -c "head -c 1 /etc/passwd" "/spile/library/$script"
		[ "$status" != 0 ] || fail "$script: check said it fails"
		;;
	esac
	n=$((n + 1))
done </spile/library/verdicts
[ $n -ge 40 ] || fail "$n scripts"

good -q -c "head -c 1 /etc/passwd" /spile/library/files/opensnoop.spile.spo
expect_out ' [0-9]+ +head +[0-9]+ +/etc/passwd$'
