# SPDX-License-Identifier: Apache-2.0
# What begins after Spile is seen from its first call on: a program that starts later, and one that opens a traced library while it runs.
needs gcc
cat >late.c <<'CASE'
int late_call(int n) { return n + 1; }
CASE
cat >opens.c <<'CASE'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	long made = 0;

	for (int round = 0; round < 5; round++) { // opened and closed again, each time at another place perhaps
		void *library = dlopen(argv[1], RTLD_NOW);
		int (*call)(int) = library ? (int (*)(int))dlsym(library, "late_call") : NULL;

		for (int i = 0; call && i < atoi(argv[2]); i++)
			made += call(i) == i + 1;
		if (library)
			dlclose(library);
	}
	printf("made %ld\n", made);
	return 0;
}
CASE
gcc -g -O1 -shared -fPIC -o liblate.so late.c 2>gcc.log && gcc -O1 -o opens opens.c -ldl 2>>gcc.log || skip 'the C compiler does not work here'
cat >script.spile <<CASE
target opens { exe "$T/opens" }
probe all { on call:$T/liblate.so:late_call measure calls = count(), least = min(arg0) export csv("all.csv") }
probe own { on call:$T/liblate.so:late_call filter in_target("opens") measure calls = count() export csv("own.csv") }
CASE
start "$SPILE" script.spile
attached
"$T/opens" "$T/liblate.so" 100 >made
expect_same "$(cat made)" 'made 500' 'what the program counted'
"$T/opens" "$T/liblate.so" 20 >made
kill -INT "$pid"
ended "$pid" 20
expect_status 0
expect_same "$(tr -d "\r" <all.csv | sed -n 2p | grep -o '[^,]*,[^,]*$')" '600,0' "calls and their least argument: $(cat all.csv)"
expect_same "$(tr -d "\r" <own.csv | sed -n 2p | grep -o '[^,]*$')" 600 "calls of the target: $(cat own.csv)"
expect_no_err 'only after (it|they) had begun'

# by a relative path, and by the name of a link: the program is what counts, not how it was called
ln -s opens other
for name in ./opens ./other; do
	start "$SPILE" script.spile
	attached
	"$name" "$T/liblate.so" 20 >made
	kill -INT "$pid"
	ended "$pid" 20
	expect_status 0
	expect_same "$(tr -d "\r" <all.csv | sed -n 2p | grep -o '[^,]*,[^,]*$')" '100,0' "calls in a library: $(cat all.csv)"
	expect_same "$(tr -d "\r" <own.csv | sed -n 2p | grep -o '[^,]*$')" 100 "calls of the target by $name: $(cat own.csv)"
	expect_no_err 'only after (it|they) had begun'
done

# a kernel without types does not tell of processes that start: this is said before anything is attached
SPILE_WITHOUT=btf good -e "probe own { on call:$T/liblate.so:late_call filter in_target(\"opens\") measure calls = count() export text } target opens { exe \"$T/opens\" }" -c true
expect_err 'WARNING: the kernel does not describe the types of its own events \(BTF\), so that processes that come to a target are found by looking once a second'
