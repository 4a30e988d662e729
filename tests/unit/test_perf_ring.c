// SPDX-License-Identifier: Apache-2.0
// The reader of perf events, over memory laid out as the kernel does: two CPUs, for each a buffer of data and one of control.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/perf_event.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/perf_ring.h"

#define BYTES 4096
enum { DATA0, DATA1, CONTROL0, CONTROL1, BUFFERS };

struct fake {
	void *page[BUFFERS];
	struct perf_rings *rings;
	struct str seen;
	size_t peek; // at the control record "peek!!!!": what lies so many behind it is noted
};

static int setup(void **state)
{
	static const bool is_control[] = { false, false, true, true };
	struct fake *f = xcalloc(1, sizeof *f);

	for (int i = 0; i < BUFFERS; i++)
		f->page[i] = xcalloc(1, (size_t)sysconf(_SC_PAGESIZE) + BYTES);
	f->rings = perf_rings_over(f->page, is_control, BUFFERS, BYTES);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	perf_rings_close(f->rings);
	for (int i = 0; i < BUFFERS; i++)
		free(f->page[i]);
	str_free(&f->seen);
	free(f);
	return 0;
}

static void put(struct fake *f, int at, const void *bytes, size_t n)
{
	struct perf_event_mmap_page *page = f->page[at];
	uint8_t *data = (uint8_t *)page + sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < n; i++)
		data[(page->data_head + i) & (BYTES - 1)] = ((const uint8_t *)bytes)[i];
	page->data_head += n;
}

// As perf_output_sample: header, time, size of the record and its padding, the record.
static void write_sample(struct fake *f, int at, uint64_t time, const void *record, size_t n)
{
	uint32_t size = (uint32_t)(ALIGN_UP(n + 4, 8) - 4);
	struct perf_event_header h = { PERF_RECORD_SAMPLE, 0, (uint16_t)(20 + size) };
	uint8_t bytes[1024] = { 0 };

	memcpy(bytes, &h, 8);
	memcpy(bytes + 8, &time, 8);
	memcpy(bytes + 16, &size, 4);
	memcpy(bytes + 20, record, n);
	put(f, at, bytes, h.size);
}

static void data(struct fake *f, int cpu, uint64_t time, const char *text)
{
	write_sample(f, DATA0 + cpu, time, text, strlen(text));
}

static void control(struct fake *f, int cpu, uint64_t time, const char *text)
{
	uint8_t bytes[128] = { 0 };

	memcpy(bytes + sizeof(struct wire_control), text, strlen(text));
	write_sample(f, CONTROL0 + cpu, time, bytes, sizeof(struct wire_control) + strlen(text));
}

static void lost(struct fake *f, int at, uint64_t n)
{
	struct perf_event_header h = { PERF_RECORD_LOST, 0, 24 };
	uint64_t record[3] = { 0, 7, n };

	memcpy(record, &h, 8);
	put(f, at, record, sizeof record);
}

static void see(void *arg, const void *record, size_t n)
{
	struct fake *f = arg;
	size_t m;

	str_add(&f->seen, record, strnlen(record, n));
	str_addc(&f->seen, ';');
	if (n < 8 || memcmp(record, "peek", 4) != 0)
		return;
	const char *next = perf_rings_peek(f->rings, f->peek, &m);
	str_printf(&f->seen, "<%.*s>", next ? (int)strnlen(next, m) : 0, next ? next : "");
}

static const char *drain(struct fake *f, bool all, size_t n)
{
	str_clear(&f->seen);
	str_adds(&f->seen, "");
	assert_int_equal(perf_rings_drain(f->rings, all, see, f), n);
	return f->seen.p;
}

static uint64_t tail(struct fake *f, int at)
{
	return ((struct perf_event_mmap_page *)f->page[at])->data_tail;
}

// By time, whichever CPU; data before control of the same time; all room is given back.
static void merged(void **state)
{
	struct fake *f = *state;

	assert_string_equal(drain(f, false, 0), "");
	data(f, 0, 10, "a");
	data(f, 0, 30, "c");
	data(f, 1, 20, "b");
	data(f, 1, 40, "d");
	control(f, 1, 40, "exit");
	control(f, 0, 15, "print");
	data(f, 1, 50, "e");
	assert_true(perf_rings_pending(f->rings, false) > 0 && perf_rings_pending(f->rings, true) > 0);
	assert_string_equal(drain(f, false, 7), "a;print;b;c;d;exit;e;");
	for (int i = 0; i < BUFFERS; i++)
		assert_int_equal(tail(f, i), ((struct perf_event_mmap_page *)f->page[i])->data_head);
	assert_int_equal(perf_rings_pending(f->rings, false), 0);
}

// What is young may still be overtaken by something older, so it waits; at the end nothing does.
static void young(void **state)
{
	struct fake *f = *state;
	uint64_t soon = clock_ns(CLOCK_MONOTONIC) + 1000000000000u;

	data(f, 0, 10, "old");
	data(f, 1, soon, "young");
	assert_string_equal(drain(f, false, 1), "old;");
	data(f, 0, 20, "late");
	assert_string_equal(drain(f, false, 1), "late;");
	assert_string_equal(drain(f, true, 1), "young;");
}

// A buffer that is filling up is emptied first: order is worth less than a record.
static void pressed(void **state)
{
	struct fake *f = *state;
	uint64_t soon = clock_ns(CLOCK_MONOTONIC) + 1000000000000u;
	char text[501] = "";

	memset(text, 'x', 500);
	for (int i = 0; i < 5; i++)
		data(f, 0, soon, text);
	assert_true(perf_rings_is_behind(f->rings));
	drain(f, false, 5);
	assert_false(perf_rings_is_behind(f->rings));
}

static void counted(void **state)
{
	struct fake *f = *state;

	lost(f, DATA0, 5);
	data(f, 0, 10, "a");
	lost(f, DATA0, 2);
	lost(f, CONTROL1, 100); // told otherwise
	assert_string_equal(drain(f, false, 1), "a;");
	assert_int_equal(perf_rings_lost(f->rings), 7);
	assert_string_equal(drain(f, true, 0), "");
	assert_int_equal(perf_rings_lost(f->rings), 7);
}

static void wrapped(void **state)
{
	struct fake *f = *state;
	char text[128], wanted[130];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d %.*s", i, i % 90, "---------------------------------------------------------------------------------------------");
		data(f, i & 1, (uint64_t)i + 1, text);
		snprintf(wanted, sizeof wanted, "%s;", text);
		assert_string_equal(drain(f, false, 1), wanted);
	}
}

// Of the CPU whose record is handled, also what came meanwhile; never data.
static void peeked(void **state)
{
	struct fake *f = *state;

	control(f, 0, 10, "peek!!!!");
	control(f, 1, 11, "other");
	lost(f, CONTROL0, 1);
	control(f, 0, 12, "next");
	control(f, 0, 13, "last");
	f->peek = 0;
	assert_string_equal(drain(f, false, 4), "peek!!!!;<peek!!!!>other;next;last;");
	control(f, 0, 20, "peek!!!!");
	control(f, 0, 22, "next");
	control(f, 0, 23, "last");
	f->peek = 2;
	assert_string_equal(drain(f, false, 3), "peek!!!!;<last>next;last;");
	control(f, 0, 30, "peek!!!!");
	assert_string_equal(drain(f, false, 1), "peek!!!!;<>");
	data(f, 0, 40, "peek!!!!");
	assert_string_equal(drain(f, false, 1), "peek!!!!;<>");
}

// A kernel gone mad: nothing outside the buffer is read, and it ends.
static void mad(void **state)
{
	struct fake *f = *state;
	struct perf_event_mmap_page *page = f->page[DATA0];
	struct perf_event_header h = { PERF_RECORD_SAMPLE, 0, 4 };

	put(f, DATA0, &h, sizeof h); // too short
	assert_string_equal(drain(f, true, 0), "");
	h.size = 4000; // longer than there is
	put(f, DATA0, &h, sizeof h);
	assert_string_equal(drain(f, true, 0), "");
	data(f, 0, 5, "a"); // its length leads out of it
	((uint8_t *)page)[(size_t)sysconf(_SC_PAGESIZE) + 16 + 16] = 200;
	assert_string_equal(drain(f, true, 0), "");
	page->data_head += 1u << 20;
	assert_string_equal(drain(f, true, 0), "");
	data(f, 0, 6, "b");
	assert_string_equal(drain(f, true, 1), "b;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(merged, setup, teardown), cmocka_unit_test_setup_teardown(young, setup, teardown),
		cmocka_unit_test_setup_teardown(pressed, setup, teardown), cmocka_unit_test_setup_teardown(counted, setup, teardown),
		cmocka_unit_test_setup_teardown(wrapped, setup, teardown), cmocka_unit_test_setup_teardown(peeked, setup, teardown),
		cmocka_unit_test_setup_teardown(mad, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
