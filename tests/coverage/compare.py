#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py BUILD [CASE...] - what bpftrace prints for the scripts of the live cases, and what Spile does, byte by byte.

Each case (all of tests/live/cases without a name) is run with this file in spile's place. It gives every script that the
installed bpftrace takes to bpftrace and, with --legacy-output, to spile, then runs spile as the case wanted it. A script whose
output is another each time (addresses, times, counts of events) is told from one that bpftrace prints differently by a second
run of each. Needs root and an old bpftrace, whose output --legacy-output follows (Debian 12 has 0.17). Status 1: something
differs. Not a test: what differs is to be read, some of it is bpftrace's own defects.
"""
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 8
# options both understand the same way; those that take a value
ALONE = {"-q", "-k", "--unsafe"}
VALUED = {"-e", "-f", "-c", "-B", "-I", "--include"}
NEEDED = re.compile(r"\b(interval|profile|tracepoint|uprobe|uretprobe|usdt|kprobe|software|hardware|watchpoint|iter):|\bexit\(", re.I)


def old_form(script):
    """The script as bpftrace 0.17 wants it: probes in capitals, and an end."""
    script = re.sub(r"(^|[}\n])(\s*)(begin|end)(\s*[{/])", lambda m: m[1] + m[2] + m[3].upper() + m[4], script)
    return script if NEEDED.search(script) else script + "\ninterval:ms:200 { exit(); }\n"


def plain(args):
    """The same arguments with the script inline and in its old form, or None if bpftrace would read them otherwise."""
    kept, script, i = [], None, 0
    while i < len(args):
        a = args[i]
        if a in ALONE:
            kept.append(a)
        elif a in VALUED and i + 1 < len(args):
            i += 1
            if a == "-e":
                script = args[i]
            else:
                kept += [a, args[i]]
        elif a.startswith("-") or script is not None:
            return None # another option, or a positional parameter
        elif os.path.isfile(a):
            script = Path(a).read_text(errors="replace")
        else:
            return None
        i += 1
    return None if script is None else kept + ["-e", old_form(script)]


def output(command):
    env = dict(os.environ, BPFTRACE_STRLEN="64", BPFTRACE_MAX_STRLEN="64")
    try:
        r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, env=env)
    except subprocess.TimeoutExpired:
        return None, ""
    return r.returncode, r.stdout.decode(errors="backslashreplace")


def stand_in(real, log, args):
    """What a case starts in spile's place."""
    wanted = plain(args)
    if wanted:
        theirs = output(["bpftrace", *wanted])
        if theirs[0] == 0:
            ours = output([real, "--legacy-output", *wanted])
            steady = theirs == output(["bpftrace", *wanted]) and ours == output([real, "--legacy-output", *wanted])
            entry = {"args": wanted, "theirs": theirs[1], "ours": ours[1], "status": ours[0], "steady": steady}
        else:
            entry = {"args": wanted, "refused": True}
        with open(log, "a") as f:
            f.write(json.dumps(entry) + "\n")
    os.execv(real, [real, *args])


def run_case(build, case, folder):
    root = Path(__file__).resolve().parent.parent
    log = folder / f"{case}.log"
    fake = folder / case
    fake.mkdir()
    for name in ("tests", "examples"):
        (fake / name).symlink_to(build / name)
    (fake / "spile").write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} --stand-in {build}/spile {log} "$@"\n')
    (fake / "spile").chmod(0o755)
    subprocess.run(["sh", root / "live/run.sh", fake, case], capture_output=True)
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def tell(case, entry):
    print(f"--- {case}: {' '.join(entry['args'])}")
    if entry["status"] != 0:
        print(f"spile ends with {entry['status']}")
    for line in difflib.unified_diff(entry["theirs"].splitlines(), entry["ours"].splitlines(), "bpftrace", "spile", n=1, lineterm=""):
        print(line)


def main():
    if sys.argv[1:2] == ["--stand-in"]:
        stand_in(sys.argv[2], sys.argv[3], sys.argv[4:])
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    cases = sys.argv[2:] or sorted(p.stem for p in Path(__file__).resolve().parent.parent.glob("live/cases/*.sh"))
    count = {"same": 0, "different": 0, "unsteady": 0, "refused": 0}
    seen = set()
    with tempfile.TemporaryDirectory(prefix="spile-compare.") as folder:
        for case in cases:
            for entry in run_case(build, case, Path(folder)):
                key = json.dumps(entry["args"])
                if key in seen:
                    continue
                seen.add(key)
                same = not entry.get("refused") and entry["theirs"] == entry["ours"]
                kind = "refused" if entry.get("refused") else "same" if same else "different" if entry["steady"] else "unsteady"
                count[kind] += 1
                if kind == "different":
                    tell(case, entry)
                    sys.stdout.flush()
    print(f"{count['same']} the same, {count['different']} different, {count['unsteady']} different each time, "
          f"{count['refused']} that bpftrace refuses")
    sys.exit(1 if count["different"] else 0)


main()
