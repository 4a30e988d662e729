#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD FUZZER SECONDS - runs a fuzzer, starting from every script of the tree (or those scripts compiled). What it
# finds is kept beside the fuzzer, under the name its message says.
set -eu
tests=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$1 fuzzer=$1/tests/$2 seconds=$3
corpus=$fuzzer.corpus
mkdir -p "$corpus"

scripts() {
	find "$tests/golden" "$tests/fuzz/seeds" "$tests/../examples" "$tests/../probes" -type f -size -64k \
		! -name '*.c' ! -name '*.h' ! -name '*.md' ! -name '*.sh' ! -name '*.cmake' ! -name CMakeLists.txt
}
seed() { # seed FILE: into the corpus, once
	cp "$1" "$corpus/seed-$(cksum <"$1" | tr ' ' -)"
}

case $2 in
fuzz_plan)
	scripts | head -n 100 | while read -r f; do
		! "$build/spile" build -o "$fuzzer.seed" "$f" >/dev/null 2>&1 || seed "$fuzzer.seed"
	done
	rm -f "$fuzzer.seed"
	;;
*) scripts | while read -r f; do seed "$f"; done ;;
esac
exec "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -len_control=50 -print_final_stats=1 \
	-artifact_prefix="$fuzzer.found-" "$corpus"
