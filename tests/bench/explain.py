#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""explain.py BUILD - what `spile explain` predicts beside what the run itself costs. Root.

A loop makes one hit after the other, pinned to a CPU. Measured is the processor time a round takes with the script running,
less what it takes without: everything the script costs the traced program, its traps included. Predicted is entry and program
of the same script as explain measured them while the same loop ran, of all programs that one round of the loop enters, as often as it
enters them. Both as nanoseconds a hit, medians of three, interleaved.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

build = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parent
ROUNDS = 3
HZ = 19999
HITS = {"push": 500000, "syscall": 3000000, "open": 500000, "spin": 400000}
ENTRIES = {"open": 2}  # a round opens and closes, and both calls enter a program that is on all system calls
SCRIPTS = [  # the loop, the script, and which of its programs one round of the loop enters
    ("syscall", "tracepoint:raw_syscalls:sys_enter {{ @[comm] = count(); }}", "tracepoint:raw_syscalls"),
    ("push", "uprobe:{target}:hit_push {{ @[ustack(5)] = count(); }}", "uprobe:"),
    ("push", "probe slow {{ on call:{target}:hit_push filter arg0 % 4 != 0 measure latency = hist(duration) by comm export text }}", "uprobe:|uretprobe:"),
    ("spin", f"profile:hz:{HZ} /comm == \"target\"/ {{{{ @[comm, ustack(10), kstack(10)] = count(); }}}}", "profile:"),
    ("open", "tracepoint:syscalls:sys_enter_openat {{ @[comm, str(args.filename)] = count(); }}", "tracepoint:syscalls"),
    ("open", "tracepoint:syscalls:sys_enter_openat {{ printf(\"%d %s %s\\n\", pid, comm, str(args.filename)); }}", "tracepoint:syscalls"),
]


def loop(target, what, hits=None):
    return subprocess.Popen([target, what, str(hits or HITS[what])], stdout=subprocess.DEVNULL)


def seconds(process):
    """Processor time of the loop's process: other work on the machine does not count."""
    usage = os.wait4(process.pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def tracing(script):
    said = tempfile.NamedTemporaryFile("r+")  # no pipe: nobody would read the warnings that may follow
    run = subprocess.Popen([build / "spile", "-o", "/dev/null", "-e", script], stderr=said, text=True)
    while run.poll() is None:
        if "Attached" in pathlib.Path(said.name).read_text():
            return run
        time.sleep(0.01)
    raise SystemExit(f"not attached: {script}")


def measured(target, what, script):
    without = seconds(loop(target, what))
    run = tracing(script)
    within = seconds(loop(target, what))
    run.terminate()
    run.wait()
    hits = HZ * within if what == "spin" else HITS[what]
    return (within - without) * 1e9 / hits


def predicted(target, what, script, programs):
    traced = loop(target, what, 10**15)  # it is there as long as explain looks
    text = subprocess.run([build / "spile", "explain", "--seconds", "0.3", "-e", script], capture_output=True, text=True, check=True).stdout
    traced.terminate()
    traced.wait()
    cost = text[text.index("COST"):]
    found = re.findall(rf"^  (?:{programs})\S* +([\d.]+) +(\d+)[ *] +(\d+) ", cost, re.M)
    if not found or any(float(hits) == 0 for hits, _, _ in found):
        raise SystemExit(f"nothing was hit: {script}\n{cost}")
    return ENTRIES.get(what, 1) * sum(float(entry) + float(program) for _, entry, program in found)


with tempfile.TemporaryDirectory() as folder:
    target = pathlib.Path(folder) / "target"
    subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", "-w", "-o", target, root / "target.c"], check=True)
    print("| script | predicted, ns a hit | measured, ns a hit | ratio |\n|---|---:|---:|---:|", flush=True)
    for what, text, programs in SCRIPTS:
        script = text.format(target=target)
        pairs = [(predicted(target, what, script, programs), measured(target, what, script)) for _ in range(ROUNDS)]
        p, m = (statistics.median(v) for v in zip(*pairs))
        shown = text.format(target="…").replace("\n", "\\n")
        print(f"| `{shown}` | {p:.0f} | {m:.0f} | {p / m:.2f} |", flush=True)
