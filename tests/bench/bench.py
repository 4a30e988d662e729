#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Spile against other tracers and against probes written by hand, and prints a table (Markdown).

What is compared runs interleaved, so that a busy moment of the machine hits all alike; every figure is a median. A hit's
cost is what a traced loop takes longer than the same loop untraced. See docs/benchmarks.md.
"""
import argparse, os, re, shlex, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))


class Tool:
    def __init__(self, name, command, env=None):
        self.name, self.command, self.env = name, command, env or {}

    def script(self, script, *options):
        return self.command + list(options) + ["-e", script]


class Result:
    """What one run of a tool gave."""

    def __init__(self, command, env, timeout, output=None):
        self.begun = time.clock_gettime(time.CLOCK_MONOTONIC)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output or out, stderr=err, env={**os.environ, **env})
            deadline = self.begun + timeout
            while True:
                pid, status = os.waitpid(p.pid, os.WNOHANG)
                if pid:
                    break
                if time.clock_gettime(time.CLOCK_MONOTONIC) > deadline:
                    p.kill()
                    os.waitpid(p.pid, 0)
                    raise RuntimeError("took more than %d s: %s" % (timeout, shlex.join(command)))
                time.sleep(0.0002)
            self.ended = time.clock_gettime(time.CLOCK_MONOTONIC)
            p.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(errors="replace"), err.read().decode(errors="replace")
        self.wall_ms = (self.ended - self.begun) * 1000
        if p.returncode:
            raise RuntimeError("status %d: %s\n%s" % (p.returncode, shlex.join(command), self.err[-800:]))
        m = re.search(r"bench (\S+) (\S+) (\S+)", self.out)
        self.start, self.ns, self.end = map(float, m.groups()) if m else (None, None, None)


def run(command, env={}, timeout=120, output=None):
    return Result(command, env, timeout, output)


class Bench:
    def __init__(self, args):
        self.args, self.rows = args, []
        self.dir = os.path.join(args.build, "bench")
        os.makedirs(self.dir, exist_ok=True)
        self.spile = Tool("spile", [os.path.join(args.build, "spile")], {"SPILE_CACHE_DIR": os.path.join(self.dir, "cache")})
        self.fresh = Tool("spile, no cache", self.spile.command + ["--no-cache"], self.spile.env)
        self.peers = [Tool("bpftrace", ["bpftrace"])] if shutil.which("bpftrace") else []
        for peer in args.peer:
            name, command = peer.split("=", 1)
            self.peers.append(Tool(name, shlex.split(command)))
        limits = {"BPFTRACE_MAX_PROBES": "10000", "BPFTRACE_MAX_BPF_PROGS": "10000"}
        for tool in [self.spile, self.fresh] + self.peers:
            tool.env = {**tool.env, **limits}

    # --- building what is traced -----------------------------------------------------------------------------------
    def path(self, name):
        return os.path.join(self.dir, name)

    def build(self):
        cc = ["gcc", "-O1", "-D_GNU_SOURCE", "-no-pie", "-fno-pie", "-w"]
        self.target = self.path("bench-target")
        subprocess.check_call(cc + ["-o", self.target, os.path.join(HERE, "target.c")])
        subprocess.check_call(cc + ["-static", "-o", self.path("meter"), os.path.join(HERE, "meter.c")])
        subprocess.check_call(cc + ["-o", self.path("floor"), os.path.join(HERE, "floor.c"), "-lbpf"])
        arch = subprocess.check_output(["gcc", "-print-multiarch"], text=True).strip()
        subprocess.check_call(["clang-19", "-target", "bpf", "-O2", "-g", "-I/usr/include/" + arch, "-c",
                               os.path.join(HERE, "floor.bpf.c"), "-o", self.path("floor.bpf.o")])
        many = self.path("many.c")
        with open(many, "w") as f:
            for i in range(5000):
                f.write("__attribute__((noipa)) int many_%04d(int x) { return x + %d; }\n" % (i, i))
            f.write('#include <stdio.h>\n#include <time.h>\nint main(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);\n'
                    'double s = t.tv_sec + t.tv_nsec / 1e9; many_0000(1); printf("bench %.6f 0 %.6f\\n", s, s); }\n')
        self.many = self.path("bench-many")
        subprocess.check_call(cc + ["-o", self.many, many])

    def file_offset(self, address):
        for line in subprocess.check_output(["readelf", "-lW", self.target], text=True).splitlines():
            f = line.split()
            if f and f[0] == "LOAD" and int(f[2], 16) <= address < int(f[2], 16) + int(f[4], 16):
                return address - int(f[2], 16) + int(f[1], 16)
        raise RuntimeError("no segment holds 0x%x" % address)

    def function_offset(self, name):
        for line in subprocess.check_output(["readelf", "-sW", self.target], text=True).splitlines():
            f = line.split()
            if len(f) > 7 and f[7] == name:
                return self.file_offset(int(f[1], 16))
        raise RuntimeError("no function " + name)

    def usdt_offset(self):
        notes = subprocess.check_output(["readelf", "-nW", self.target], text=True)
        return self.file_offset(int(re.search(r"Location: (0x[0-9a-f]+)", notes).group(1), 16))

    # --- measuring -------------------------------------------------------------------------------------------------
    def row(self, what, unit, figures, note=""):
        """figures: {tool's name: list of values}"""
        medians = {name: statistics.median(v) for name, v in figures.items() if v}
        self.rows.append((what, unit, medians, note))
        print("  %-44s %s" % (what, "  ".join("%s %s" % (k, number(v)) for k, v in medians.items())), file=sys.stderr, flush=True)

    def interleaved(self, measures, runs=None, slow=20):
        """measures: {name: function giving a value}. One that fails or takes longer than `slow` seconds is not repeated."""
        figures, off = {name: [] for name in measures}, set()
        for _ in range(runs or self.args.runs):
            for name, measure in measures.items():
                if name in off:
                    continue
                begun = time.monotonic()
                try:
                    figures[name].append(measure())
                except (RuntimeError, OSError) as e:
                    print("  %s: %s" % (name, str(e).strip()), file=sys.stderr)
                    off.add(name)
                if time.monotonic() - begun > slow:
                    off.add(name)
        return figures

    def memory(self, tool, script):
        path = self.path("peak")
        run([self.path("meter"), path] + tool.script(script), tool.env)
        with open(path) as f:
            return int(f.read()) / 1024

    def startup(self):
        script = "BEGIN { exit(); }"
        run(self.spile.script(script), self.spile.env)  # into the cache
        tools = [self.spile, self.fresh] + self.peers
        seen = self.interleaved({t.name: (lambda t=t: run(t.script(script), t.env)) for t in tools})
        self.row("BEGIN { exit(); }: wall", "ms", {n: [r.wall_ms for r in v] for n, v in seen.items()})
        self.row("BEGIN { exit(); }: peak memory", "MB", self.interleaved({t.name: (lambda t=t: self.memory(t, script)) for t in tools}))
        uprobe = "uprobe:%s:hit_push { @ = count(); }" % self.target
        command = "%s push 1" % self.target
        run(self.spile.script(uprobe, "-c", command), self.spile.env)
        seen = self.interleaved({t.name: (lambda t=t: run(t.script(uprobe, "-c", command), t.env)) for t in tools})
        self.row("one uprobe: start until the command runs", "ms", {n: [(r.start - r.begun) * 1000 for r in v] for n, v in seen.items()})
        self.row("one uprobe: whole run", "ms", {n: [r.wall_ms for r in v] for n, v in seen.items()})

    def detach(self):
        script = " ".join("uprobe:%s:many_%04d { @ = count(); }" % (self.many, i) for i in range(20))
        tools = [self.spile] + self.peers
        run(self.spile.script(script, "-c", self.many), self.spile.env)
        self.row("20 uprobes: command's end until ours", "ms", self.interleaved(
            {t.name: (lambda t=t: (lambda r: (r.ended - r.end) * 1000)(run(t.script(script, "-c", self.many), t.env))) for t in tools}))

    def attach(self):
        """First 100 functions; then 5,000 with those tools that are not slow already (a tracer that attaches and detaches one by
        one needs minutes for 5,000, most of them in the kernel, where it cannot be stopped)."""
        quick = [self.spile, self.fresh] + self.peers
        for glob, what in ("many_00*", "100 functions"), ("many_*", "5,000 functions"):
            script = "uprobe:%s:%s { @ = count(); }" % (self.many, glob)
            run(self.spile.script(script, "-c", self.many), self.spile.env)
            seen = self.interleaved({t.name: (lambda t=t: run(t.script(script, "-c", self.many), t.env)) for t in quick}, slow=2)
            self.row(what + ": start until the command runs", "ms", {n: [(r.start - r.begun) * 1000 for r in v] for n, v in seen.items()})
            self.row(what + ": command's end until ours", "ms", {n: [(r.ended - r.end) * 1000 for r in v] for n, v in seen.items()})
            self.row(what + ": whole run", "ms", {n: [r.wall_ms for r in v] for n, v in seen.items()})
            self.taken_off(what, script, {})
            quick = [t for t in quick if seen[t.name] and seen[t.name][0].wall_ms < 2000]

        # as before Linux 6.6: the kernel takes off one probe after the other
        self.taken_off("100 functions, one by one", "uprobe:%s:many_00* { @ = count(); }" % self.many, {"SPILE_WITHOUT": "uprobe_multi"}, runs=2)

    def taken_off(self, what, script, env, runs=None):
        """Attaching itself, and how long after the end of the run the kernel has all taken off, which a child of Spile's waits for."""
        def measure():
            r = run(self.spile.script(script, "-c", self.many), {**self.spile.env, **env})
            orphans()
            behind = time.clock_gettime(time.CLOCK_MONOTONIC) - r.ended
            idle = run(self.spile.script("begin { @ = 1; }", "-c", self.many), self.spile.env)
            return (r.start - r.begun - (idle.start - idle.begun)) * 1000, behind * 1000

        both = self.interleaved({"spile": measure}, runs, slow=60)["spile"]
        self.row(what + ": attaching alone", "ms", {"spile": [a for a, _ in both]})
        self.row(what + ": our end until the kernel's", "ms", {"spile": [b for _, b in both]})

    def hit(self, what, mode, n, script, floor, peers=True):
        """Nanoseconds that a probe adds to one operation of the target; `peers`: others understand the script too."""
        command = [self.target, mode, str(n)]
        measures = {"untraced": lambda: run(command).ns}
        if floor:
            measures["floor"] = lambda: run([self.path("floor"), self.path("floor.bpf.o")] + floor + command).ns
        for t in [self.spile] + (self.peers if peers else []):
            measures[t.name] = lambda t=t: run(t.script(script, "-c", " ".join(command)), t.env).ns
        figures = self.interleaved(measures)
        base = statistics.median(figures.pop("untraced"))
        self.row(what, "ns/hit", {name: [max(v - base, 0.01) for v in values] for name, values in figures.items()})

    def hits(self):
        t, n = self.target, self.args.hits
        push = [t, str(self.function_offset("hit_push"))]
        self.hit("uprobe count()", "push", n, "uprobe:%s:hit_push { @ = count(); }" % t, ["count", "uprobe"] + push)
        self.hit("uprobe @[arg0 & 255] = count()", "push", n, "uprobe:%s:hit_push { @[arg0 & 255] = count(); }" % t, ["count_keyed", "uprobe"] + push)
        self.hit("uprobe hist(arg0)", "push", n, "uprobe:%s:hit_push { @ = hist(arg0); }" % t, ["histogram", "uprobe"] + push)
        self.hit("uretprobe count()", "push", n, "uretprobe:%s:hit_push { @ = count(); }" % t, ["count", "uretprobe"] + push)
        self.hit("uprobe on endbr64, count()", "endbr", n // 4, "uprobe:%s:hit_endbr { @ = count(); }" % t,
                 ["count", "uprobe", t, str(self.function_offset("hit_endbr"))])
        self.hit("uprobe on test, count()", "sub", n // 4, "uprobe:%s:hit_sub { @ = count(); }" % t,
                 ["count", "uprobe", t, str(self.function_offset("hit_sub"))])
        self.hit("usdt count()", "usdt", n, "usdt:%s:bench:hit { @ = count(); }" % t, ["count", "uprobe", t, str(self.usdt_offset())])
        syscall_number = re.search(r"\b__NR_getpriority\s+(\d+)", subprocess.run(
            ["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-"], input="", capture_output=True, text=True).stdout).group(1)
        syscall = ["count_syscall", "syscall", syscall_number, "-"]
        probe = "tracepoint:syscalls:sys_enter_getpriority"
        self.hit("tracepoint count()", "syscall", n * 4, probe + " { @ = count(); }", syscall)
        self.hit("tracepoint @[pid] = count()", "syscall", n * 4, probe + " { @[pid] = count(); }", None)

    def pair(self, what, mode, n, by_hand, declared):
        """What a call's histogram costs written by hand and as a declarative probe, one after the other, round by round."""
        command = [self.target, mode, str(n)]
        t, env = self.spile, self.spile.env
        scripts = {"spile, by hand": by_hand, "spile, declared": declared}
        for script in scripts.values():
            run(t.script(script, "-c", "%s %s 1" % (self.target, mode)), env)
        measures = {"untraced": lambda: run(command).ns}
        for name, script in scripts.items():
            measures[name] = lambda script=script: run(t.script(script, "-c", " ".join(command)), env).ns
        figures = self.interleaved(measures)
        base = statistics.median(figures.pop("untraced"))
        self.row(what, "ns/hit", {name: [max(v - base, 0.01) for v in values] for name, values in figures.items()})

    def calls(self):
        t, n = self.target, self.args.hits
        self.pair("a function's time: hist(duration)", "push", n,
                  "uprobe:%s:hit_push { @s[tid] = nsecs; } uretprobe:%s:hit_push /@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s, tid); }" % (t, t),
                  "probe p { on call:%s:hit_push measure t = hist(duration) }" % t)
        self.pair("the same by argument, of half of them", "push", n,
                  "uprobe:%s:hit_push /arg0 & 1/ { @s[tid] = (nsecs, arg0 & 7); } uretprobe:%s:hit_push /@s[tid].0/ "
                  "{ @[@s[tid].1] = hist(nsecs - @s[tid].0); delete(@s, tid); }" % (t, t),
                  "probe p { on call:%s:hit_push filter (arg0 & 1) != 0 measure t = hist(duration) by arg0 & 7 }" % t)
        self.pair("a system call's time: hist(duration)", "syscall", n * 2,
                  "tracepoint:syscalls:sys_enter_getpriority { @s[tid] = nsecs; } tracepoint:syscalls:sys_exit_getpriority /@s[tid]/ "
                  "{ @ = hist(nsecs - @s[tid]); delete(@s, tid); }",
                  "probe p { on syscall:getpriority measure t = hist(duration) }")

    def printf(self):
        n = self.args.events
        script = 'tracepoint:syscalls:sys_enter_getpriority { printf("event %d\\n", pid); }'

        def measure(t):
            idle = run(t.script(script, "-c", "%s syscall 1" % self.target), t.env)
            path = self.path("lines")
            with open(path, "wb") as f:
                full = run(t.script(script, "-c", "%s syscall %d" % (self.target, n)), t.env, output=f)
            lines = int(subprocess.run(["grep", "-c", "^event ", path], capture_output=True, text=True).stdout)
            os.unlink(path)
            totals = [int(x) for x in re.findall(r"otal lost event count: (\d+)", full.err)]
            lost = totals[-1] if totals else sum(int(x) for x in re.findall(r"Lost (\d+) events", full.err))
            return lines / ((full.wall_ms - idle.wall_ms) / 1000) / 1e6, 100 * lines / n, 100 * max(0, n - lines - lost) / n

        seen = self.interleaved({t.name: (lambda t=t: measure(t)) for t in [self.spile] + self.peers})
        self.row("printf flat out", "M lines/s", {k: [x[0] for x in v] for k, v in seen.items()})
        self.row("printf flat out: printed", "%", {k: [x[1] for x in v] for k, v in seen.items()})
        self.row("printf flat out: lost without a word", "%", {k: [x[2] for x in v] for k, v in seen.items()})

    # --- names -----------------------------------------------------------------------------------------------------
    def symbols(self):
        """100,000 addresses of one library to lines and inlined calls, and functions' names by address. A table of its own."""
        root = os.path.dirname(os.path.dirname(HERE))
        libraries = [os.path.join(self.args.build, "lib%s.a" % n) for n in ("runtime", "base")]
        for program, extra in ("lines", []), ("lookup", ["-ldw", "-lelf"]):
            subprocess.check_call(["gcc", "-std=gnu17", "-O2", "-no-pie", "-D_GNU_SOURCE", "-I", root, "-o", self.path(program), os.path.join(HERE, program + ".c")] +
                                  libraries + ["-lz", "-lm"] + extra)
        library = self.args.dwarf or largest_debug_file()
        if not library:
            print("symbols: no file with DWARF under /usr/lib/debug (openjdk-17-dbg has a large one); --dwarf names another", file=sys.stderr)
            return
        tools = {"spile": [self.path("lines"), library], "llvm-symbolizer": ["llvm-symbolizer-19", "-a", "-e", library],
                 "addr2line": ["addr2line", "-f", "-i", "-C", "-e", library]}
        tools = {n: c for n, c in tools.items() if shutil.which(c[0])}
        addresses = self.path("addresses")
        with open(addresses, "w") as f:
            f.writelines("0x%x\n" % a for a in code_addresses(library, self.args.addresses))
        runs = max(1, min(3, self.args.runs)) # each takes seconds, or minutes
        seen = {n: [used(c, addresses) for _ in range(runs)] for n, c in tools.items()}
        print("%d addresses of %s (%.0f MB), %d runs each, medians\n" % (self.args.addresses, os.path.basename(library), os.path.getsize(library) / 1e6, runs))
        print("| | unit | " + " | ".join(tools) + " |\n|---|---|" + "---:|" * len(tools))
        for i, (what, unit) in enumerate((("lines and inlined calls: processor time", "s"), ("lines and inlined calls: peak memory", "MB"))):
            print("| %s | %s | %s |" % (what, unit, " | ".join(number(statistics.median(x[i] for x in seen[n])) for n in tools)))
        print("\n| a function's name by its address | functions | table made, ms | spile, ns | libdw, ns |\n|---|---:|---:|---:|---:|")
        for path in "/usr/lib/x86_64-linux-gnu/libc.so.6", os.path.join(self.args.build, "spile-compiler"):
            out = subprocess.run([self.path("lookup"), path], capture_output=True, text=True).stdout.split()
            if len(out) == 4:
                print("| %s | %s |" % (os.path.basename(path), " | ".join(out)))
        print()

    # --- profiles --------------------------------------------------------------------------------------------------
    def first_stack(self, tool, script, pid):
        """Milliseconds from the start of a tool until it prints, and processor milliseconds it took for that. The script prints at its
        first sample and goes on; then the tool is ended."""
        begun = time.clock_gettime(time.CLOCK_MONOTONIC)
        p = subprocess.Popen(tool.command + ["-p", str(pid), "-e", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             env={**os.environ, **tool.env})
        printed = False
        for line in p.stdout:
            if line.startswith(b"first"):
                printed = True
                break
        wall = (time.clock_gettime(time.CLOCK_MONOTONIC) - begun) * 1000
        cpu = processor_ms(p.pid)
        p.kill()
        p.wait()
        if not printed:
            raise RuntimeError("no sample: " + shlex.join(p.args))
        return wall, cpu

    def profile(self):
        """Attaching to a process that runs: what unwind tables cost before the first stack, beside the kernel's own walk."""
        plain = 'profile:hz:997 /pid == %d/ { @[ustack(fp)] = count(); if (!@n) { @n = 1; printf("first\\n"); } }'
        whole = 'profile:hz:997 /pid == %d/ { @[ustack] = count(); if (!@n) { @n = 1; printf("first\\n"); } }'
        tables = os.path.join(self.dir, "cache", "unwind")
        rows = []
        for name, command in busy_programs():
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as busy:
                try:
                    wait_for_libraries(busy.pid)
                    files = mapped_files(busy.pid)

                    def cold():
                        shutil.rmtree(tables, ignore_errors=True)
                        return self.first_stack(self.spile, whole % busy.pid, busy.pid)
                    measures = {"frame pointers": lambda: self.first_stack(self.spile, plain % busy.pid, busy.pid), "tables cold": cold,
                                "tables known": lambda: self.first_stack(self.spile, whole % busy.pid, busy.pid)}
                    for t in self.peers:
                        measures[t.name] = lambda t=t: self.first_stack(t, plain.replace("ustack(fp)", "ustack") % busy.pid, busy.pid)
                    for measure in measures.values(): # into the cache
                        measure()
                    rows.append((name, files, self.interleaved(measures)))
                finally:
                    busy.kill()
        names = list(rows[0][2]) if rows else []
        print("%d runs each, interleaved, medians; from the start to the first sample's line, milliseconds / processor milliseconds of the tracer\n" % self.args.runs)
        print("| | files, MB | " + " | ".join(names) + " |\n|---|---:|" + "---:|" * len(names))
        for name, files, seen in rows:
            cells = ["%s / %s" % (number(statistics.median(x[0] for x in seen[n])), number(statistics.median(x[1] for x in seen[n]))) if seen[n] else "" for n in names]
            print("| %s | %d, %.0f | %s |" % (name, len(files), sum(files) / 1e6, " | ".join(cells)))
        print()

    def storm(self):
        """A system-wide profile while a hundred processes fork and execute programs, and while they do not."""
        seconds = 10
        rows = []
        for what, processes in ("quiet", 0), ("100 processes that fork and exec in a loop", 100):
            out = self.path("storm.folded")
            command = self.spile.command + ["profile", "-v", "-o", out, str(seconds)]
            subprocess.run(self.spile.command + ["profile", "-q", "-o", out, "1"], env={**os.environ, **self.spile.env}, check=True) # into the cache
            with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
                f.write(STORM)
                f.flush()
                storm = subprocess.Popen([sys.executable, f.name, str(processes), str(seconds + 3)], stdout=subprocess.PIPE, text=True)
                time.sleep(1)
                with open(self.path("storm.err"), "w+") as err:
                    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=err, env={**os.environ, **self.spile.env})
                    _, _, usage = os.wait4(p.pid, 0)
                    p.returncode = 0
                    err.seek(0)
                    said = err.read()
                programs = int(storm.communicate()[0])
            whole = re.search(r"user stacks: (\d+) walked, (\S+) % whole", said)
            met = re.search(r"met while running: (\d+)", said)
            with open(out) as f:
                lines = [line.rsplit(" ", 1) for line in f]
            samples = sum(int(n) for _, n in lines)
            pending = sum(int(n) for stack, n in lines if "not read yet]" in stack)
            rows.append((what, programs / (seconds + 3), samples, 100 * (usage.ru_utime + usage.ru_stime) / seconds, usage.ru_maxrss / 1000,
                         whole.group(2) if whole else "", met.group(1) if met else "", 100 * pending / max(samples, 1)))
        print("%d s of spile profile\n" % seconds)
        print("| | programs a second | samples | of one processor, % | peak memory, MB | user stacks whole, % | files met | samples before their table, % |\n|---|" + "---:|" * 7)
        for what, rate, samples, cpu, memory, whole, met, pending in rows:
            print("| %s | %s | %d | %s | %s | %s | %s | %s |" % (what, number(rate), samples, number(cpu), number(memory), whole, met, number(pending)))
        print()

    # --- walking stacks ------------------------------------------------------------------------------------------------
    def deep(self, flag):
        """The program with deep stacks and six libraries to have them in, built with or without frame pointers."""
        flags = ["gcc", "-O2", flag, "-D_GNU_SOURCE", "-w", os.path.join(HERE, "deep.c")]
        program = self.path("deep" + flag)
        libraries = ["%s-%d.so" % (program, i) for i in range(6)]
        subprocess.check_call(flags + ["-no-pie", "-fno-pie", "-o", program, "-ldl"])
        for library in libraries:
            subprocess.check_call(flags + ["-DLIBRARY", "-shared", "-fPIC", "-o", library])
        return program, libraries

    def frame(self, script, program, libraries):
        """Nanoseconds that a probe's hit takes longer for each frame that the stack is deeper. Deeper than 127 the kernel does not go."""
        shallow, deep = 20, 100

        def hit(depth):
            command = shlex.join([program, str(depth), str(self.args.hits // 8)] + libraries)
            probe = "uprobe:%s:hit { %s }" % (program, script)
            return run(["chrt", "-r", "10"] + self.spile.script(probe, "-c", command), self.spile.env).ns
        return (hit(deep) - hit(shallow)) / (deep - shallow)

    def walk(self):
        """User stacks by unwind tables, of a program without frame pointers, beside the kernel's own walk along them, of the same with."""
        bare, bare_libraries = self.deep("-fomit-frame-pointer")
        framed, framed_libraries = self.deep("-fno-omit-frame-pointer")
        shapes = [("one program", "@ = %s;", [], []), ("six libraries by turns", "@ = %s;", bare_libraries, framed_libraries),
                  ("the same, counted: @[ustack] = count()", "@[%s] = count();", bare_libraries, framed_libraries)]
        print("%d runs each, interleaved, medians; load %.1f\n" % (self.args.runs, os.getloadavg()[0]))
        print("| frames in | by tables, ns a frame | by frame pointers, ns a frame | ratio |\n|---|---:|---:|---:|")
        for what, script, of_bare, of_framed in shapes:
            seen = self.interleaved({"tables": lambda: self.frame(script % "ustack(127)", bare, of_bare),
                                     "pointers": lambda: self.frame(script % "ustack(fp, 127)", framed, of_framed)})
            tables, pointers = statistics.median(seen["tables"]), statistics.median(seen["pointers"])
            print("| %s | %s | %s | %.2f |" % (what, number(tables), number(pointers), tables / pointers), flush=True)
        print()

    # --- unwind tables -----------------------------------------------------------------------------------------------
    def tables(self):
        """Unwind tables of all that is installed. A table of its own."""
        root = os.path.dirname(os.path.dirname(HERE))
        subprocess.check_call(["gcc", "-std=gnu17", "-O2", "-no-pie", "-D_GNU_SOURCE", "-I", root, "-o", self.path("tables"), os.path.join(HERE, "tables.c")] +
                              [os.path.join(self.args.build, "lib%s.a" % n) for n in ("runtime", "base")] + ["-lz", "-lm"])
        runs = [subprocess.check_output([self.path("tables"), "/usr/bin", "/usr/lib"], text=True).split() for _ in range(self.args.runs)]
        print("%d runs, median\n\n| files | rows, M | tables, MB | processor time, s |\n|---:|---:|---:|---:|" % len(runs))
        print("| %s | %s |\n" % (" | ".join(runs[0][:3]), number(statistics.median(float(r[3]) for r in runs))))

    # --- scripts that are large --------------------------------------------------------------------------------------
    def compile(self):
        """Processor time of a whole run that ends at once, the compiler's included, by the size of the script."""
        site = "uprobe:%s:hit_push" % self.target
        probe = "%s /arg0 > %%d/ { @[arg1] = count(); }\n" % site
        line = "  @m[%d] = arg1 + 1;\n"
        shapes = [("%s probes" % f"{n:,}", n, lambda n: "".join(probe % i for i in range(n))) for n in (10, 100, 1000)]
        shapes += [("%s lines in one probe" % f"{n:,}", n, lambda n: site + " {\n" + "".join(line % i for i in range(n)) + "}\n") for n in (10, 100, 1000, 3000)]
        shapes += [("10,000 lines in 500 probes", 10000, lambda n: (site + " {\n" + "".join(line % i for i in range(20)) + "}\n") * (n // 20))]
        tools = [self.fresh, self.spile] + self.peers
        runs = max(1, min(3, self.args.runs))
        print("%d runs each, medians; user time in seconds\n" % runs)
        print("| | spile, no cache | spile | " + " | ".join(p.name for p in self.peers) + " |\n|---|" + "---:|" * len(tools))
        script = self.path("large.bt")
        for what, n, text in shapes:
            with open(script, "w") as f:
                f.write(text(n) + "END { clear(@%s); }\n" % ("" if "probes" in what and "lines" not in what else "m"))
            cells = []
            for tool in tools:
                if tool in self.peers and n > 100: # minutes
                    cells.append("")
                    continue
                if tool is self.spile: # into the cache
                    user_time(tool, script)
                cells.append("%.3g" % statistics.median(user_time(tool, script) for _ in range(runs)))
            print("| %s | %s |" % (what, " | ".join(cells)))
        print()

    # --- the table -------------------------------------------------------------------------------------------------
    def table(self):
        names = [n for n in ["floor", "spile", "spile, no cache", "spile, by hand", "spile, declared"] + [p.name for p in self.peers] if any(n in r[2] for r in self.rows)]
        print("%d runs each, interleaved, medians; %s, Linux %s, %d CPUs\n" % (self.args.runs, version(self.peers), os.uname().release, os.cpu_count()))
        pairs = "spile, by hand" in names
        ratios = (["declared / by hand"] if pairs else []) + ["spile / floor"] + ["spile / " + p.name for p in self.peers]
        print("| | unit | " + " | ".join(names + ratios) + " |\n|---|---|" + "---:|" * (len(names) + len(ratios)))
        for what, unit, medians, note in self.rows:
            cells = [number(medians[n]) if n in medians else "" for n in names]
            if pairs:
                cells.append("%.3g" % (medians["spile, declared"] / medians["spile, by hand"]) if "spile, declared" in medians else "")
            for other in ["floor"] + [p.name for p in self.peers]:
                both = "spile" in medians and medians.get(other)
                cells.append("%.3g" % (medians["spile"] / medians[other]) if both else "")
            print("| %s%s | %s | %s |" % (what, " (%s)" % note if note else "", unit, " | ".join(cells)))


STORM = """
import os, sys, time
processes, end = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
reader, writer = os.pipe()
for i in range(processes):
    if os.fork() == 0:
        n = 0
        while time.monotonic() < end:
            if os.fork() == 0:
                os.execv("/bin/true", ["true"])
            os.wait()
            n += 1
        os.write(writer, b"%d\\n" % n)
        os._exit(0)
os.close(writer)
for i in range(processes):
    os.wait()
if not processes:
    time.sleep(float(sys.argv[2]))
with os.fdopen(reader) as f:
    print(sum(int(line) for line in f))
"""

PYTHON_LIBRARIES = """
for name in "json re ssl sqlite3 ctypes decimal hashlib lzma bz2 zlib curses readline pyexpat asyncio multiprocessing unicodedata mmap array math select".split():
    try:
        __import__(name)
    except ImportError:
        pass
while True:
    sum(i * i for i in range(10000))
"""


def busy_programs():
    """Programs that map much, and compute."""
    if os.path.exists("/usr/bin/python3.11"):
        yield "python with libraries", ["/usr/bin/python3.11", "-c", PYTHON_LIBRARIES]
    if shutil.which("node"):
        yield "node", ["node", "-e", "for (;;) { let s = 0; for (let i = 0; i < 1e6; i++) s += i * i; }"]
    if shutil.which("gdb"):
        yield "gdb", ["gdb", "-q", "-nx", "-batch", "-ex", "python while True: sum(i for i in range(1000))"]


def processor_ms(pid):
    """What all threads of a process have run, from the scheduler's own count."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            total += int(f.read().split()[0])
    return total / 1e6


def mapped_files(pid):
    """Sizes of the files that a process maps as code."""
    with open("/proc/%d/maps" % pid) as f:
        paths = {line.split()[5] for line in f if " r-xp " in line and len(line.split()) == 6 and line.split()[5].startswith("/")}
    return [os.path.getsize(p) for p in paths if os.path.exists(p)]


def wait_for_libraries(pid):
    """Until a process maps no more files than half a second before."""
    before = None
    while before != (now := mapped_files(pid)) or not now:
        before = now
        time.sleep(0.5)

def adopt():
    """Makes orphans of what we run our children (PR_SET_CHILD_SUBREAPER)."""
    import ctypes
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def orphans():
    """Waits until the last of them has ended."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


def largest_debug_file():
    found = [(os.path.getsize(p), p) for d, _, names in os.walk("/usr/lib/debug") for p in (os.path.join(d, n) for n in names)
             if p.endswith(".debug") and os.path.isfile(p) and not os.path.islink(p)]
    return max(found)[1] if found else None


def code_addresses(path, n):
    """That many different addresses of a file's executable segments, in no order, the same ones each time."""
    import random
    text = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True).stdout
    spans = [(int(m.group(1), 16), int(m.group(2), 16)) for m in
             re.finditer(r"LOAD\s+\S+ (0x\w+) \S+ \S+ (0x\w+) R E", text)]
    rand, total = random.Random(1), sum(size for _, size in spans)
    chosen = rand.sample(range(total), min(n, total))
    for c in chosen:
        for start, size in spans:
            if c < size:
                yield start + c
                break
            c -= size


def used(command, addresses):
    """Processor seconds and megabytes of a command that reads the addresses."""
    with open(addresses, "rb") as f:
        p = subprocess.Popen(command, stdin=f, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(p.pid, 0)
        p.returncode = 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def user_time(tool, script):
    """Seconds of user time that a run of the script takes which ends at once, its compiler included."""
    p = subprocess.Popen(tool.command + ["-c", "/bin/true", script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **tool.env})
    err = p.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise RuntimeError("status %d: %s\n%s" % (p.returncode, shlex.join(p.args), err[-800:]))
    return usage.ru_utime


def number(v):
    return "%.0f" % v if v >= 1000 else "%.3g" % v


def mount_tracefs():
    """bpftrace needs it mounted. `./dev bench` starts us in a mount namespace of our own, so the host does not see this."""
    for kind, folder in ("debugfs", "/sys/kernel/debug"), ("tracefs", "/sys/kernel/tracing"):
        if not os.path.ismount(folder):
            subprocess.run(["mount", "-t", kind, kind, folder], stderr=subprocess.DEVNULL)


def version(peers):
    out = []
    for p in peers:
        r = subprocess.run(p.command + ["--version"], capture_output=True, text=True)
        out.append("%s is %s" % (p.name, (r.stdout.strip().splitlines() or ["?"])[0]))
    return ", ".join(out) or "no peers"


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    groups = ["startup", "detach", "attach", "hits", "calls", "printf", "profile", "storm", "walk", "symbols", "tables", "compile"]
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help="another tracer with bpftrace's options")
    parser.add_argument("--only", choices=groups, action="append", help="one group of measurements (repeatable)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each (7)")
    parser.add_argument("--hits", type=int, default=400000, help="operations of a traced loop")
    parser.add_argument("--events", type=int, default=2000000, help="lines printed flat out")
    parser.add_argument("--dwarf", metavar="FILE", help="what group symbols asks about (the largest file of /usr/lib/debug)")
    parser.add_argument("--addresses", type=int, default=100000, help="of that file (100000)")
    bench = Bench(parser.parse_args())
    adopt()
    bench.build()
    mount_tracefs()
    for group in bench.args.only or groups:
        print(group, file=sys.stderr)
        getattr(bench, group)()
    if bench.rows:
        bench.table()


main()
