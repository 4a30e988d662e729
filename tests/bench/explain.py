#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""explain.py BUILD - what `spile explain` predicts beside what the run itself costs. Root.

A loop makes one hit after the other, pinned to a CPU. Measured is the processor time a round takes with the script running,
less what it takes without: everything the script costs the traced program, its traps included. Predicted is entry and program
of the same script as explain measured them while the same loop ran. Both as nanoseconds a hit, medians of three.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

build = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parent
ROUNDS = 3
HITS = {"push": 1500000, "sub": 150000, "syscall": 4000000}
SCRIPTS = [
    ("push", "uprobe:{target}:hit_push {{ @ = count(); }}"),
    ("push", "uprobe:{target}:hit_push {{ @[arg0 & 255, comm] = hist(arg0); }}"),
    ("push", "uretprobe:{target}:hit_push {{ @ = count(); }}"),
    ("sub", "uprobe:{target}:hit_sub {{ @ = count(); }}"),
    ("syscall", "tracepoint:syscalls:sys_enter_getpriority {{ @[pid, comm] = count(); }}"),
]


def loop(target, what):
    return subprocess.Popen([target, what, str(HITS[what])], stdout=subprocess.DEVNULL)


def ns(process, what):
    """Processor time of the loop's process, a hit: other work on the machine does not count."""
    usage = os.wait4(process.pid, 0)[2]
    return (usage.ru_utime + usage.ru_stime) * 1e9 / HITS[what]


def tracing(script):
    run = subprocess.Popen([build / "spile", "-o", "/dev/null", "-e", script], stderr=subprocess.PIPE, text=True)
    for line in run.stderr:
        if line.startswith("Attached"):
            return run
    raise SystemExit(f"not attached: {script}")


def measured(target, what, script):
    without = ns(loop(target, what), what)
    run = tracing(script)
    within = ns(loop(target, what), what)
    run.terminate()
    run.wait()
    return within - without


def predicted(target, what, script):
    traced = loop(target, what)
    text = subprocess.run([build / "spile", "explain", "--seconds", "0.3", "-e", script], capture_output=True, text=True, check=True).stdout
    traced.terminate()
    traced.wait()
    cost = text[text.index("COST"):]
    entry, program = re.search(r"^  \w+:\S+ +[\d.]+ +(\d+)[ *] +(\d+) ", cost, re.M).groups()
    return int(entry) + int(program)


with tempfile.TemporaryDirectory() as folder:
    target = pathlib.Path(folder) / "target"
    subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", "-w", "-o", target, root / "target.c"], check=True)
    print("| script | predicted, ns a hit | measured, ns a hit | ratio |\n|---|---:|---:|---:|")
    for what, text in SCRIPTS:
        script = text.format(target=target)
        p = statistics.median(predicted(target, what, script) for _ in range(ROUNDS))
        m = statistics.median(measured(target, what, script) for _ in range(ROUNDS))
        print(f"| `{text.format(target='…')}` | {p:.0f} | {m:.0f} | {p / m:.2f} |", flush=True)
