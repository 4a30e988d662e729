# SPDX-License-Identifier: Apache-2.0
# What `spile check --world` said of scripts with only this kernel's types at hand (run.sh) is what happens when they are run here.
n=0
for script in /spile/scripts/*.spile; do
	[ -f "${script%.spile}.verdict" ] || continue
	run -q "$script"
	said=$(cat "${script%.spile}.verdict")
	case $status in
	0) is=works ;;
	*) is=FAILS ;;
	esac
	[ "$said" = "$is" ] || fail "${script##*/}: check said '$said', here it $is"
	n=$((n + 1))
done
[ $n = 3 ] || fail "$n scripts"
