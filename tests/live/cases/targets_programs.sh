# SPDX-License-Identifier: Apache-2.0
# A target that is a pattern: what is compiled while one program of it runs is not taken for another one's.
needs gcc
mkdir one two
cat >program.c <<'CASE'
#include <unistd.h>
struct order { PAD int wanted; };
__attribute__((noinline)) void work(struct order *o) { __asm__ volatile("" : : "r"(o) : "memory"); }
int main(void)
{
	struct order o = { .wanted = WANTED };

	for (;;) {
		work(&o);
		usleep(1000);
	}
}
CASE
gcc -g -O1 -DPAD= -DWANTED=41 -o one/shop-programs program.c 2>gcc.log || skip 'the C compiler does not work here'
gcc -g -O1 '-DPAD=long pad[3];' -DWANTED=42 -o two/shop-programs program.c
cat >script.spile <<'CASE'
target shop { exe "*/shop-programs" }
probe seen { on uprobe:shop:work capture wanted = args.o->wanted do { @n[args.o->wanted]++; if (@n[41] >= LEAST1 && @n[42] >= LEAST2) { exit(); } } export text }
CASE
with() { # with LEAST1 LEAST2 OPTION...
	sed "s/LEAST1/$1/; s/LEAST2/$2/" script.spile >now.spile
	shift 2
	good "$@" now.spile
}
launch ./one/shop-programs
one=$target
with 20 0
expect_out '^seen wanted=41$'
launch ./two/shop-programs
two=$target
with 20 20 # both: each by its own offsets
expect_out '^seen wanted=41$'
expect_out '^seen wanted=42$'
kill "$one"
wait "$one" 2>/dev/null || :
with 0 20
expect_no_out 'wanted=41'
# the same text, compiled for one of them: the other one is looked into when it runs
sed 's/LEAST1/0/; s/LEAST2/0/; s/exit()/@over = 1/' script.spile >same.spile
for n in 1 2; do
	start "$SPILE" -v -B line same.spile
	attached
	wait_for 30 grep -q "^seen wanted=4$((3 - n))" out || fail 'the program that runs now is not seen'
	kill -INT "$pid"
	ended "$pid" 20
	expect_no_out "wanted=4$n"
	kill "$target"
	wait "$target" 2>/dev/null || :
	[ $n = 2 ] || launch ./one/shop-programs
done
expect_err 'shop-programs runs now, and was not looked into'
# one that begins later and has no probes in it is told of
launch ./one/shop-programs
start "$SPILE" -B line same.spile
attached
launch ./two/shop-programs
wait_for 30 grep -q '^seen wanted=41' out || fail 'nothing is seen'
kill -INT "$pid"
ended "$pid" 20
expect_err 'ran programs that have no probes in them.*two/shop-programs'
