// SPDX-License-Identifier: Apache-2.0
// many - 4096 functions many_000 ... many_fff, each called once.
#include <stdint.h>
#include <unistd.h>

static volatile uint64_t sink;

// One list of sixteen for each digit, since a macro may not stand inside itself.
#define FIRST(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(a) m(b) m(c) m(d) m(e) m(f)
#define SECOND(g, p) \
	g(p##0) g(p##1) g(p##2) g(p##3) g(p##4) g(p##5) g(p##6) g(p##7) g(p##8) g(p##9) g(p##a) g(p##b) g(p##c) g(p##d) g(p##e) g(p##f)
#define THIRD(h, q) \
	h(q##0) h(q##1) h(q##2) h(q##3) h(q##4) h(q##5) h(q##6) h(q##7) h(q##8) h(q##9) h(q##a) h(q##b) h(q##c) h(q##d) h(q##e) h(q##f)

#define FUNCTION(n) static __attribute__((noipa)) void many_##n(void) { sink++; }
#define FUNCTIONS_2(p) THIRD(FUNCTION, p)
#define FUNCTIONS_1(p) SECOND(FUNCTIONS_2, p)
FIRST(FUNCTIONS_1)

#define CALL(n) many_##n();
#define CALLS_2(p) THIRD(CALL, p)
#define CALLS_1(p) SECOND(CALLS_2, p)

int main(void)
{
	FIRST(CALLS_1)
	usleep(50000); // addresses are named while the process is there
	return 0;
}
