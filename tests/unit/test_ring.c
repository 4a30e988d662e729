// SPDX-License-Identifier: Apache-2.0
// The ring buffer's reader over memory laid out like the kernel's, and records decoded.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/decode.h"
#include "runtime/ring.h"

#define BYTES 4096

struct fake {
	uint64_t *consumer, *producer;
	uint8_t *data;
	struct ring *ring;
	struct str seen;
};

// A memfd mapped as the kernel maps a ring: consumer page, producer page, the data twice.
static int setup(void **state)
{
	struct fake *f = xcalloc(1, sizeof *f);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("ring", 0);

	assert_int_equal(ftruncate(fd, (off_t)(2 * page + BYTES)), 0);
	uint8_t *at = mmap(NULL, 2 * page + 2 * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	mmap(at + 2 * page + BYTES, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)(2 * page));
	close(fd);
	f->consumer = (uint64_t *)at;
	f->producer = (uint64_t *)(at + page);
	f->data = at + 2 * page;
	f->ring = ring_over(f->consumer, f->producer, BYTES);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	ring_close(f->ring);
	str_free(&f->seen);
	munmap(f->consumer, 2 * (size_t)sysconf(_SC_PAGESIZE) + 2 * BYTES);
	free(f);
	return 0;
}

static uint32_t *write_record(struct fake *f, const char *text, uint32_t bits)
{
	uint8_t *at = f->data + (*f->producer & (BYTES - 1));
	uint32_t len = (uint32_t)strlen(text);

	memcpy(at, &(uint32_t){ len | bits }, 4);
	memcpy(at + BPF_RINGBUF_HDR_SZ, text, len);
	*f->producer += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
	return (uint32_t *)at;
}

static void see(void *arg, const void *record, size_t n)
{
	struct fake *f = arg;

	str_add(&f->seen, record, n);
	str_addc(&f->seen, ';');
}

static size_t drain(struct fake *f)
{
	str_clear(&f->seen);
	str_adds(&f->seen, "");
	return ring_drain(f->ring, see, f);
}

static void order(void **state)
{
	struct fake *f = *state;

	assert_int_equal(drain(f), 0);
	write_record(f, "one", 0);
	write_record(f, "dropped", BPF_RINGBUF_DISCARD_BIT);
	write_record(f, "two", 0);
	assert_int_equal(drain(f), 2);
	assert_string_equal(f->seen.p, "one;two;");
	assert_int_equal(*f->consumer, *f->producer);
}

static void busy(void **state)
{
	struct fake *f = *state;

	write_record(f, "one", 0);
	uint32_t *head = write_record(f, "two", BPF_RINGBUF_BUSY_BIT);
	write_record(f, "three", 0);
	assert_int_equal(drain(f), 1); // nothing is read past a record that is still written
	*head &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(drain(f), 2);
	assert_string_equal(f->seen.p, "two;three;");
}

static void wrapped(void **state)
{
	struct fake *f = *state;
	char text[100];
	size_t n = 0;

	memset(text, 'x', 99);
	text[99] = '\0';
	for (int i = 0; i < 1000; i++) {
		text[i % 99] ^= 1;
		write_record(f, text, 0);
		n += drain(f);
		assert_int_equal(f->seen.n, 100);
		assert_memory_equal(f->seen.p, text, 99);
	}
	assert_int_equal(n, 1000);
}

static void batches(void **state)
{
	struct fake *f = *state;
	size_t n = 0, rounds = 0, got;

	for (int i = 0; i < 100; i++)
		write_record(f, "a record of some length", 0);
	for (; (got = drain(f)) > 0; rounds++)
		n += got;
	assert_int_equal(n, 100);
	assert_true(rounds > 1); // room is given back before all is read
	assert_int_equal(ring_pending(f->ring), 0);
}

static void decoding(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	struct plan_arg args[] = { { type_int(t, 4, true), 8, false }, { type_string(t, 16), 12, true }, { type_buffer(t, 8), 16, true } };
	struct plan_event e = { .fixed_size = 20, .args = args, .n_args = 3 };
	struct plan p = { .events = &e, .n_events = 1 };
	struct {
		struct wire_event head;
		int32_t n;
		struct wire_tail s, b;
		char tail[8];
	} bytes = { { 0, 1 }, -7, { 3 }, { 2 }, "abcde" };
	struct record r;
	uint8_t room[64];

	_Static_assert(sizeof bytes == 28, "as the kernel half lays it out");
	assert_true(record_decode(&p, &bytes, 25, &r));
	assert_int_equal(arg_integer(&r.arg[0]), -7);
	assert_int_equal(r.arg[1].len, 3);
	assert_memory_equal(r.arg[1].p, "abc", 3);
	assert_string_equal(arg_whole(&r.arg[1], room), "abc");
	assert_memory_equal(arg_whole(&r.arg[2], room), "\2\0\0\0de\0", 7);
	assert_false(record_decode(&p, &bytes, 24, &r)); // a tail is cut
	assert_false(record_decode(&p, &bytes, 19, &r));
	assert_false(record_decode(&p, &bytes, 3, &r));
	bytes.b.len = UINT32_MAX;
	assert_false(record_decode(&p, &bytes, 25, &r));
	bytes.head.event = 1;
	assert_false(record_decode(&p, &bytes, 25, &r));
	arena_free(a);
}

// A control record waits for the data before it, and only for that.
static void both(void **state)
{
	struct fake *f = *state, *c;
	void *other = NULL;
	uint64_t record[2];

	setup(&other);
	c = other;
	write_record(f, "before", 0);
	record[0] = *f->producer;
	memcpy(&record[1], "control!", 8);
	uint32_t *head = write_record(f, "behind", BPF_RINGBUF_BUSY_BIT);
	uint8_t *at = c->data;
	memcpy(at, &(uint32_t){ sizeof record }, 4);
	memcpy(at + BPF_RINGBUF_HDR_SZ, record, sizeof record);
	*c->producer = BPF_RINGBUF_HDR_SZ + sizeof record;
	str_clear(&f->seen);
	assert_int_equal(ring_drain_both(f->ring, c->ring, see, f), 2);
	assert_string_equal(f->seen.p, "before;control!;");
	assert_int_equal(*c->consumer, *c->producer);
	*head &= ~BPF_RINGBUF_BUSY_BIT;
	assert_int_equal(ring_drain_both(f->ring, c->ring, see, f), 1);
	assert_string_equal(f->seen.p, "before;control!;behind;");
	assert_int_equal(ring_drain_both(f->ring, NULL, see, f), 0);
	assert_int_equal(ring_drain_both(NULL, c->ring, see, f), 0);
	teardown(&other);
}

static void write_control(struct fake *f, uint64_t after, const char *eight)
{
	char record[17] = "";
	uint8_t *at = f->data + (*f->producer & (BYTES - 1));

	memcpy(record, &after, 8);
	memcpy(record + 8, eight, 8);
	memcpy(at, &(uint32_t){ 16 }, 4);
	memcpy(at + BPF_RINGBUF_HDR_SZ, record, 16);
	*f->producer += BPF_RINGBUF_HDR_SZ + 16;
}

struct slow {
	struct fake *data, *control;
};

// An action that takes so long that programs write both kinds of records meanwhile.
static void see_slowly(void *arg, const void *record, size_t n)
{
	struct slow *s = arg;

	see(s->data, record, n);
	if (memcmp(record, "control1", 8) != 0)
		return;
	write_record(s->data, "second", 0);
	write_control(s->control, *s->data->producer, "control2");
	write_record(s->data, "third", 0);
}

static void meanwhile(void **state)
{
	void *other = NULL;

	setup(&other);
	struct slow s = { .data = *state, .control = other };
	write_record(s.data, "first", 0);
	write_control(s.control, *s.data->producer, "control1");
	for (int i = 0; i < 3; i++)
		ring_drain_both(s.data->ring, s.control->ring, see_slowly, &s);
	assert_string_equal(s.data->seen.p, "first;control1;second;control2;third;");
	teardown(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order, setup, teardown), cmocka_unit_test_setup_teardown(busy, setup, teardown),
		cmocka_unit_test_setup_teardown(wrapped, setup, teardown), cmocka_unit_test_setup_teardown(batches, setup, teardown),
		cmocka_unit_test_setup_teardown(both, setup, teardown), cmocka_unit_test_setup_teardown(meanwhile, setup, teardown),
		cmocka_unit_test(decoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
