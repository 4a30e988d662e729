#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD FUZZER SECONDS - runs a fuzzer, starting from every script of the tree (or those scripts compiled), or from small
# programs as compilers make them, and from seeds/FUZZER. What it finds is kept beside the fuzzer, under the name its message says.
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

made=$fuzzer.made
program() { # program CC-ARGUMENT... : compiled, stripped and not, as a seed
	! "${CC:-cc}" "$@" -o "$made" "$tests/fuzz/seed_program.c" 2>/dev/null || seed "$made"
}
own_seeds() {
	[ ! -d "$tests/fuzz/seeds_$1" ] || for f in "$tests/fuzz/seeds_$1"/*; do seed "$f"; done
}

case $2 in
fuzz_elf | fuzz_dwarf | fuzz_unwind)
	for flags in -O2 '-O2 -gdwarf-5' '-O2 -gdwarf-4 -gz' '-O2 -gdwarf-5 -gz -gno-variable-location-views' '-O0 -gdwarf-3' '-O2 -gdwarf-2 -static-pie'; do
		# shellcheck disable=SC2086
		program -nostdlib -shared -fPIC $flags
		# shellcheck disable=SC2086
		program -nostdlib -e seed_main -fcf-protection $flags
	done
	program -nostdlib -shared -fPIC -s
	program -O1 -g -Wl,--emit-relocs
	CC=clang-19 program -O2 -gdwarf-5 -nostdlib -shared -fPIC
	CC=clang-19 program -O2 -gdwarf-4 -ffunction-sections -nostdlib -shared -fPIC
	rm -f "$made"
	own_seeds "${2#fuzz_}"
	;;
fuzz_btf)
	! clang-19 -target bpf -g -O2 -c "$tests/fuzz/seed_program.c" -o "$made" 2>/dev/null ||
		! llvm-objcopy-19 --dump-section .BTF="$made.btf" "$made" 2>/dev/null || seed "$made.btf"
	for f in /sys/kernel/btf/*; do
		[ ! -f "$f" ] || [ "$(wc -c <"$f")" -gt 65536 ] || seed "$f"
	done
	rm -f "$made" "$made.btf"
	own_seeds btf
	;;
fuzz_names) own_seeds names ;;
fuzz_plan)
	scripts | head -n 100 | while read -r f; do
		! "$build/spile" build -o "$fuzzer.seed" "$f" >/dev/null 2>&1 || seed "$fuzzer.seed"
	done
	rm -f "$fuzzer.seed"
	;;
*) scripts | while read -r f; do seed "$f"; done ;;
esac
exec "$fuzzer" -max_total_time="$seconds" -timeout=300 -rss_limit_mb=2048 -max_len=65536 -len_control=50 -print_final_stats=1 \
	-artifact_prefix="$fuzzer.found-" "$corpus"
