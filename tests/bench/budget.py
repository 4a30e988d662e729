#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""budget.py BUILD [RUNS [NAME]] - what a run under a budget costs, and whether its weights are right. Root.

A program makes a million calls a second with two threads, by the clock: when one is slow, the next come sooner (tests/live/programs/paced.c). Cost is
all processor time that it, Spile and whatever Spile starts take more than the program takes alone, as the kernel accounts it to the
processes: traps, programs, attaching, Spile's start and end. Weights are compared with the program's own count. The program runs with
real-time priority and Spile with the highest ordinary one, so that other work on the machine does not set the pace.
"""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

build = pathlib.Path(sys.argv[1]).resolve()
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 3  # 2 at least
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""  # scripts whose name has it
RATE, THREADS = 1000000, 2
paced = build / "tests/programs/paced"
# What is called, shares in per cent and seconds of a run, the script. To start and to find out what comes costs some 0.1 s of processor
# time; all calls of the system call cost some 10 % of a processor, and their durations some 50 %.
SCRIPTS = [
    ("call", "a uprobe", {1: 40, 5: 15, 20: 10}, "probe p {{ on uprobe:{paced}:paced measure n = count() export text }}"),
    ("syscall", "a tracepoint", {2: 20, 5: 15}, "probe p {{ on tracepoint:syscalls:sys_enter_getpriority filter in_target(\"it\") measure n = count() export text }}"),
    ("syscall", "a system call, its duration", {2: 20, 5: 15, 20: 10},
     "probe p {{ on syscall:it:getpriority measure n = count(), t = hist(duration) export text }}"),
]


def usage(command):
    """Processor time of a command and all it waited for, and its output."""
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.nice(-20))
        _, status, r = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode()
    if p.returncode:
        raise SystemExit(f"status {p.returncode}: {command}")
    return r.ru_utime + r.ru_stime, text


def command(what, seconds):
    return ["/usr/bin/chrt", "-r", "10", str(paced), what, str(RATE), str(seconds), str(THREADS)]


def made(text):
    n, seconds = re.search(r"^made (\d+) in ([\d.]+) s", text, re.M).groups()
    return int(n), float(seconds)


def traced(what, script, seconds):
    total, text = usage([build / "spile", "-q", "-e", script, "-c", " ".join(command(what, seconds))])
    n, seconds = made(text)
    seen = int(re.findall(r"^p n=(\d+)", text, re.M)[-1])
    return total, seconds, seen / n, n


print(f"| {RATE:,} a second of | budget | taken | of the budget | standard error | sum of weights / calls | standard error |\n|---|---:|---:|---:|---:|---:|---:|", flush=True)
for what, name, shares, text in SCRIPTS:
    for share, length in shares.items() if ONLY in name else ():
        script = f"budget {{ cpu {share}%; }}\n" + text.format(paced=paced)
        usage([build / "spile", "-q", "-e", script, "-c", f"{paced} {what} 1000 0.1"])  # into the cache
        taken, right, calls = [], [], []
        for _ in range(RUNS):
            alone = usage(command(what, length))[0]
            total, seconds, ratio, n = traced(what, script, length)
            taken.append((total - alone) / seconds * 100)
            right.append(ratio)
            calls.append(n / seconds / RATE)
        (t, te), (m, e) = ((statistics.mean(v), statistics.stdev(v) / RUNS ** 0.5) for v in (taken, right))
        pace = "" if min(calls) > 0.98 else f" (only {min(calls):.2f} of the pace)"
        print(f"| {name}{pace} | {share}% | {t:.2f}% | {t / share:.2f} | {te / share:.2f} | {m:.3f} | {e:.3f} |", flush=True)
