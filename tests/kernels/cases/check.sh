# SPDX-License-Identifier: Apache-2.0
# What `spile check --world` said of scripts with only a file about this kernel at hand (run.sh) is what happens when they are run
# here: a member, a tracepoint's field, a function and a helper that not every kernel has.
n=0
while read -r script said; do
	run -q "/spile/scripts/$script"
	case $status in
	0) is=works ;;
	*) is=FAILS ;;
	esac
	[ "$said" = "$is" ] || fail "$script: check said '$said', here it $is"
	n=$((n + 1))
done </spile/scripts/verdicts
[ $n = "$(ls /spile/scripts/*.spile | wc -l)" ] || fail "$n scripts"
