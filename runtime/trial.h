// SPDX-License-Identifier: Apache-2.0
// trial.h - `test:` and `bench:` probes (--test, --bench): programs run through BPF_PROG_TEST_RUN, one after the other,
// between the begin and the end probes. Nothing is attached, no map is printed.
//
// A test fails when it returns anything but 0, calls errorf(), meets a run-time error (a division by zero, an index out of
// bounds) or exits with a status that is not 0; exit() ends that test and no other. What it printed is shown only then.
//
// A bench is run for about a tenth of a second. The time is the kernel's own (BPF_ENABLE_STATS), less what the same measurement
// gives for a program that does nothing: BPF_PROG_TEST_RUN does not repeat programs of the type that bodies are.
#pragma once

struct run;

// The exit status: 0, 1 when a test failed or there is none, 255 when one could not be run (with a diagnostic).
int trials_run(struct run *r);
