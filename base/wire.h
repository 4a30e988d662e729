// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// wire.h - bytes that pass between the kernel half and the user half. Included by both; fixed-width fields only.
#pragma once

#ifdef __bpf__
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
#else
#include <stdint.h>
#endif

// Every record starts so. Behind it lies the event's fixed part (offsets in plan_event.args), then the
// packed tails of its variable-length arguments (strings, buffers, stacks), in the order of the arguments, unpadded.
struct wire_event {
	uint32_t event;  // index into plan.events
	uint32_t weight; // how many occurrences this record stands for (1 without sampling)
};

// Control records (event.def) lie in a ring of their own, "control", so that data cannot crowd them out; each has this in
// front of its wire_event. It stands behind the data that was written before it: the reader handles the data ring up to
// `after` first. A program's own order is kept so at no cost for data; records of different CPUs have no order anyway.
// Kernels without ring buffers have perf events in their place, for data and for control on each CPU: the kernel stamps each
// record with the time it was made, and the reader goes by that.
struct wire_control {
	uint64_t after; // the data ring's producer position; 0 in a perf event
};

// In the fixed part, where a packed argument would lie: how many bytes its tail has.
struct wire_tail {
	uint32_t len; // strings: bytes without the NUL; buffers: bytes; stacks: bytes of the wire_stack with its ips
};

// A buffer (buf()) stored whole: in map keys and values, tuples, variables.
struct wire_buffer {
	uint32_t len;
	uint8_t data[];
};

enum wire_how {
#define FRAME(NAME, word, doc) WIRE_HOW_##NAME,
#include "base/frame.def"
	WIRE_HOWS
};

enum wire_stop {
#define STOP(NAME, word, complete, doc) WIRE_STOP_##NAME,
#include "base/frame.def"
	WIRE_STOPS
};

// A stack, stored whole or packed. Unused ips of a whole one are zero. A user stack that was asked for with `why` says how
// each frame was found, in the byte of its ip that user addresses never use, and why there are no more. Others have zeros
// there: two stacks of the same addresses are the same map key, however they were found.
struct wire_stack {
	uint16_t nr;  // valid ips
	uint8_t stop; // enum wire_stop
	uint8_t pad;
	uint32_t pid; // tgid whose address space the ips are of; 0 for kernel stacks
	uint64_t ip[];
};
#define WIRE_FRAME_SHIFT 56 // ip[i] >> 56: enum wire_how
#define WIRE_FRAME_IP(word) ((word) & ((1ull << WIRE_FRAME_SHIFT) - 1))

// A frame of mode build_id, in place of an ip: struct bpf_stack_build_id of the kernel.
enum { WIRE_BUILD_ID_NONE, WIRE_BUILD_ID_VALID, WIRE_BUILD_ID_IP };
struct wire_build_id {
	int32_t status;
	uint8_t id[20];
	uint64_t offset; // in the file; the ip when there is no build ID
};

struct wire_usym {
	uint64_t addr;
	uint32_t pid, pad;
};

struct wire_inet {
	uint32_t family; // 2 (AF_INET) or 10 (AF_INET6)
	uint8_t addr[16];
};

// Aggregates, one per CPU.
struct wire_minmax {
	int64_t value;
	uint64_t set; // 0 until a value was taken
};
struct wire_avg { // avg and stats
	int64_t total;
	uint64_t count;
};

// tseries: one interval of the ring. In a map of its own per interval: the key's end (as of histograms), or the array's index.
enum wire_tseries { WIRE_TSERIES_LAST, WIRE_TSERIES_AVG, WIRE_TSERIES_MAX, WIRE_TSERIES_MIN, WIRE_TSERIES_SUM };
struct wire_epoch {
	uint64_t epoch; // TAI nanoseconds divided by the interval
	int64_t value;
	uint64_t count; // samples, 0: none yet; WIRE_TSERIES_LAST: when the last one came
};

// A scalar map (no key) is an array of one element: was it ever written, then its value.
struct wire_scalar {
	uint64_t set;
	uint8_t value[];
};

// The hash map "targets": tgid (u32, as the PID namespace of the run numbers it) to u64: bit i is set while the process belongs to plan.targets[i].
// The run side keeps it true on fork, exec and exit; programs test it with one lookup, whatever the number of targets.
#define WIRE_TARGETS 64
#define WIRE_TARGET_PIDS 65536 // most processes in it

// Gates of CPU budgets. Of 2^32 events `keep` are let through, and each stands for `worth` / 2^32 of them. When to ask costs too much
// already, programs are on their events for short times only: none is let through before `from` or at `until` and later, by the
// monotonic clock, so that the time that was seen is exact, whenever attaching and detaching were done.
#define WIRE_GATES 32
#define WIRE_GATE_OPEN (1ull << 32)
#define WIRE_GATE_SHUT (~0ull) // from: nothing is let through
struct wire_gate {
	uint64_t keep; // 0: the run side has not written anything yet, all are let through
	uint64_t worth;
	uint64_t from, until; // until 0: at any time
};

// The array map "globals": what the run side tells the programs. One element; mapped by the run side.
struct wire_globals {
	uint64_t start_ns;   // boot-time clock when the run began; elapsed counts from it
	uint32_t cpid;       // tgid of the -c child, 0 if none
	uint32_t target_pid; // -p, 0 if none: implicit filter of the kernel-side providers
	uint32_t own_pid;
	uint32_t ncpus; // possible CPUs
	uint64_t enabled; // 0 after exit: programs still attached do nothing
	uint64_t pidns_dev, pidns_ino; // our PID namespace, 0 in the initial one
	uint64_t live;        // maps with a twin: bit plan_map.twin - 1 is the copy programs use (lang/pass_pair.c)
	uint64_t zeroed;      // the run side's own note: per-CPU ones of them that zero() left, which are printed though nothing is written
	uint64_t exit_status; // of an exit() that found no room in the control ring either: it is never lost
	uint64_t exit_asked;  // 1: there was one
	struct wire_gate gates[WIRE_GATES];
};

// Scratch memory: per CPU, WIRE_SCRATCH_SLOTS slots, since a program can be interrupted by another one, or preempted by
// itself, on its CPU. A slot is claimed by an atomic exchange on `busy`. The plan says how large a slot is.
#define WIRE_SCRATCH_SLOTS 4
struct wire_scratch {
	uint64_t busy;
	uint64_t pad;
	uint8_t frame[];
};

// A map with a twin. Scalars: an array's value is two wire_scalars side by side, a per-CPU array has two elements. Keyed: the
// copy's number (u64) stands behind the key, which is padded to 8 bytes, and before a histogram's bucket.
#define WIRE_TWINS 64
// What becomes of the elements that a print shows. LATER: a record of the same program may follow that clears or zeroes them.
enum { WIRE_TAKE_NONE, WIRE_TAKE_CLEAR, WIRE_TAKE_ZERO, WIRE_TAKE_LATER };

// Lengths that both sides agree on.
// A record of a perf event: its header's size has 16 bits, and header, time and length of the record take 20 bytes of that.
#define WIRE_PERF_MOST 65508
#define WIRE_COMM 16
#define WIRE_STACK_MAX 1024
