# SPDX-License-Identifier: Apache-2.0
# Random scripts, compiled for this kernel on another (run.sh), load and do what an interpreter of them did: a hundred and ten,
# of which an old kernel's verifier may refuse some for their loops or their stack, by saying so.
n=0
for spo in /spile/gen/*.spo; do
	status=0
	"$SPILE" -q "$spo" >out 2>err || status=$?
	! grep -qE "too complex for the verifier|does not see that the loop ends|more stack than the kernel allows" err || continue
	echo "status $status" >>out
	cmp -s out "${spo%.spo}.want" || fail "${spo##*/} does otherwise: $(diff out "${spo%.spo}.want" | head -n 4)"
	! grep -q Lost err || fail "${spo##*/} lost something"
	n=$((n + 1))
done
[ $n -ge 100 ] || fail "$n scripts"
