#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle.py - Spile's user stacks against gdb's, frame by frame, on programs nobody wrote for it.

A program runs; a sample of Spile prints its stack and stops it where it is (SIGSTOP from the probe); gdb attaches and
walks the same stack; the program goes on. A stack is right when it is whole and has the addresses that gdb found.
`--write FILE` writes the table. Run as root: ./dev stacks
"""
import argparse
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FRAMES = 512
WANTED = 99.5


class Case:
    def __init__(self, name, what, command, user=None, stdin=None, load=None, prepare=None):
        self.name, self.what, self.command = name, what, command
        self.user, self.stdin, self.load, self.prepare = user, stdin, load, prepare


class Skip(Exception):
    pass


def which(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Skip("not installed: " + " or ".join(names))


def compiled(tmp, source, *options, compiler="cc"):
    out = os.path.join(tmp, "-".join([os.path.splitext(os.path.basename(source))[0]] + [re.sub(r"\W", "", o) for o in options]))
    if not os.path.exists(out):
        subprocess.run([which(compiler), *options, "-o", out, os.path.join(HERE, "programs", source)], check=True, stderr=subprocess.DEVNULL)
    return out


# Programs ---------------------------------------------------------------------------------------------------------------

BASH = 'f() { local n=$1; if [ "$n" -gt 0 ]; then f $((n - 1)); else s=${s//a/b}; fi; }; while :; do s=aaaa; f 8; done'
PYTHON = """
import json, re
def deep(n): return deep(n - 1) if n else json.dumps(sorted({re.sub('a+', 'b', 'caat%d' % i) for i in range(30)}))
while True: deep(12)
"""
PERL = 'sub f { my $n = shift; return $n ? f($n - 1) : join ",", sort map { s/a+/b/r } map { "caat$_" } 1..50 } while (1) { f(9) }'
SQL = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 100000000) select count(*), sum(x * 3 % 7) from c;\n"
PG = "select count(*) from (select i, md5(i::text) m from generate_series(1, 100000000) i order by m) t;\n"


def postgres(tmp):
    binary = "/usr/lib/postgresql/15/bin/postgres"
    if not os.path.exists(binary):
        raise Skip("not installed: postgresql-15")
    data = os.path.join(tmp, "pg")
    os.makedirs(data)
    shutil.chown(tmp, "postgres")
    shutil.chown(data, "postgres")
    subprocess.run(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", os.path.dirname(binary) + "/initdb", "-D", data, "-A", "trust"],
                   check=True, stdout=subprocess.DEVNULL, cwd="/")
    return [binary, "--single", "-D", data, "postgres"]


def redis(tmp):
    return [which("redis-server"), "--port", "0", "--unixsocket", os.path.join(tmp, "redis.sock"), "--save", "", "--dir", tmp]


def redis_load(tmp, over):
    words = b"".join(b"*3\r\n$5\r\nLPUSH\r\n$1\r\nl\r\n$4\r\n%04d\r\n" % (i % 10000) for i in range(200))
    words += b"*6\r\n$4\r\nSORT\r\n$1\r\nl\r\n$5\r\nLIMIT\r\n$1\r\n0\r\n$2\r\n10\r\n$4\r\nDESC\r\n*2\r\n$3\r\nDEL\r\n$1\r\nl\r\n"
    talk(os.path.join(tmp, "redis.sock"), words, over)


def nginx(tmp):
    open(os.path.join(tmp, "index.html"), "w").write("<p>" * 3000)
    conf = os.path.join(tmp, "nginx.conf")
    open(conf, "w").write("daemon off; master_process off; pid %s/pid; error_log %s/log; events {}\n"
                          "http { access_log off; gzip on; gzip_min_length 1; gzip_comp_level 9; client_body_temp_path %s; proxy_temp_path %s;\n"
                          "fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s; types { text/html html; }\n"
                          "server { listen unix:%s/nginx.sock; root %s; keepalive_requests 100000000; } }\n" % ((tmp,) * 9))
    return [which("nginx", "/usr/sbin/nginx"), "-c", conf, "-e", os.path.join(tmp, "log")]


def nginx_load(tmp, over):
    talk(os.path.join(tmp, "nginx.sock"), b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n" * 20, over)


def talk(path, bytes_, over):
    while not over.is_set():
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            s.settimeout(5)
            while not over.is_set():
                s.sendall(bytes_)
                s.recv(1 << 20)
        except OSError:
            time.sleep(0.05)
        finally:
            s.close()


def git(tmp):
    if not os.path.isdir(os.path.join(tmp, "repo")):
        subprocess.run(["git", "init", "-q", os.path.join(tmp, "repo")], check=True)
        feed = ["blob\nmark :1\ndata 1\na\n"]
        for i in range(400):
            text = "\n".join("line %d %d" % (k, k * i % 9973 % 97) for k in range(3000))
            feed.append("commit refs/heads/master\ncommitter a <a@a> %d +0000\ndata 1\nc\nM 644 inline f\ndata %d\n%s\n" % (1700000000 + i, len(text), text))
        subprocess.run(["git", "-C", os.path.join(tmp, "repo"), "fast-import", "--quiet"], input="".join(feed).encode(), check=True)
    return [which("git"), "-c", "safe.directory=*", "-C", os.path.join(tmp, "repo"), "log", "-p", "-w", "--minimal", "--all", "--stat"]


def gopher(tmp, *options):
    """Stripped of all that gdb walks Go stacks by, which lies in a file of its own: Spile reads none of that."""
    out = os.path.join(tmp, "gopher" + "".join(re.sub(r"\W", "", o) for o in options))
    env = {**os.environ, "HOME": tmp, "GOCACHE": os.path.join(tmp, "cache"), "GO111MODULE": "off", "GOFLAGS": ""}
    subprocess.run([which("go"), "build", *options, "-o", out, os.path.join(HERE, "programs", "gopher.go")], check=True, env=env, stderr=subprocess.DEVNULL)
    subprocess.run(["objcopy", "--only-keep-debug", out, out + ".debug"], check=True)
    subprocess.run(["strip", out], check=True)
    subprocess.run(["objcopy", "--add-gnu-debuglink=" + out + ".debug", out], check=True)
    return ["env", "GODEBUG=asyncpreemptoff=1", "GOGC=off", out]


def frames(what, *options):
    return lambda tmp: [compiled(tmp, "frames.c", *options), what, "1000"]


NO_FP = ("-O2", "-fomit-frame-pointer")
CASES = [
    Case("bash", "a recursive function", lambda tmp: [which("bash"), "-c", BASH]),
    Case("python3.11", "recursion, json, re", lambda tmp: ["/usr/bin/python3.11", "-c", PYTHON]),
    Case("perl", "recursion, sort, regular expressions", lambda tmp: ["/usr/bin/perl", "-e", PERL]),
    Case("postgres", "a sort of hashes, single-user", postgres, user="postgres", stdin=PG),
    Case("redis", "LPUSH, SORT", redis, load=redis_load),
    Case("nginx", "a page compressed with gzip", nginx, load=nginx_load),
    Case("sqlite3", "a recursive query", lambda tmp: [which("sqlite3")], stdin=SQL),
    Case("git", "log -p of 400 commits", git),
    Case("openssl", "speed: sha256, AES, RSA, ECDSA", lambda tmp: [which("openssl"), "speed", "-seconds", "2", "sha256", "aes-128-cbc", "rsa2048", "ecdsap256"]),
    Case("C++ exceptions", "thrown through destructors", lambda tmp: [compiled(tmp, "throws.cc", "-O2", "-std=c++17", compiler="c++"), "1000"]),
    Case("Rust", "traits, iterators, caught panics", lambda tmp: [compiled(tmp, "rusty.rs", "-O", compiler="rustc"), "1000"]),
    Case("Go, stripped", "leaves, recursion, sha256, sort", gopher),
    Case("Go, PIE, stripped", "the same", lambda tmp: gopher(tmp, "-buildmode=pie")),
    Case("C, 300 frames", "-O2 -fomit-frame-pointer", frames("deep", *NO_FP)),
    Case("C, optimised", "-O3 -fomit-frame-pointer, qsort", frames("qsort", "-O3", "-fomit-frame-pointer")),
    Case("C, alloca", "-O2", frames("alloca", *NO_FP)),
    Case("C, signals", "handlers on an alternate stack", frames("signal", *NO_FP)),
    Case("C, longjmp", "-O2", frames("longjmp", *NO_FP)),
    Case("C, aligned frames", "-O2 -mavx2", frames("vector", *NO_FP, "-mavx2")),
    Case("C, vDSO", "clock_gettime", frames("vdso", *NO_FP)),
    Case("C, PLT", "-Wl,-z,lazy, tsearch", frames("plt", *NO_FP, "-Wl,-z,lazy")),
    Case("C, static", "-static", frames("qsort", *NO_FP, "-static")),
    Case("C, static-pie", "-static-pie", frames("signal", *NO_FP, "-static-pie")),
    Case("C, clang", "-O2, handlers", lambda tmp: [compiled(tmp, "frames.c", *NO_FP, "-fuse-ld=lld", compiler="clang-19"), "signal", "1000"]),
]


# One program ------------------------------------------------------------------------------------------------------------

def is_stopped(pid):
    try:
        return open("/proc/%d/stat" % pid).read().rsplit(") ", 1)[1][0] in "tT"
    except OSError:
        return False


class Spile:
    """Prints, for each sample of a process, its stack, and stops it there."""

    def __init__(self, spile, pid):
        script = ('profile:hz:49 /pid == %d/ { printf("S %%d %%d\\n", tid, len(ustack(fp, %d))); print(ustack(raw, why, %d)); '
                  'signal("SIGSTOP"); }' % (pid, FRAMES, FRAMES))
        self.process = subprocess.Popen([spile, "-q", "--unsafe", "-p", str(pid), "-e", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.select = selectors.DefaultSelector()
        self.select.register(self.process.stdout, selectors.EVENT_READ)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""

    def read(self, seconds):
        if self.select.select(seconds):
            self.text += (self.process.stdout.read() or b"").decode()

    def stack(self):
        """The oldest stack there is: thread, frames of the kernel's walk, [(address, how)], why it stopped or None."""
        end = time.time() + 5
        while time.time() < end:
            m = re.search(r"^S (\d+) (\d+)\n\n((?:.+\n)+)\n", self.text, re.M)
            if m:
                break
            self.read(0.1)
        else:
            return None
        self.text = ""
        lines = m.group(3).splitlines()
        stop = lines.pop() if lines[-1].startswith("[stopped") else None
        found = [re.match(r"([0-9a-f]+) \[([^],]*)", line) for line in lines]
        return int(m.group(1)), int(m.group(2)), [(int(f.group(1), 16), f.group(2)) for f in found if f], stop

    def close(self):
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.communicate(timeout=20)[1].decode()
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "did not end"


def gdb_stack(pid, lwp):
    done = subprocess.run(["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-iex", "set debuginfod enabled off", "-ex", "set backtrace past-main on",
                           "-p", str(pid), "-x", os.path.join(HERE, "gdb_frames.py")],
                          env={**os.environ, "LWP": str(lwp)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    text = done.stdout.decode().split("FRAMES\n")
    if len(text) < 2:
        return None
    rows = [line.split(" ", 1) for line in text[1].split("END")[0].splitlines()]
    found = [(int(a, 16), name) for a, name in rows]
    while found and found[-1][0] == 0:
        found.pop()
    return found


def same(ours, theirs):
    """Equal address by address; a system call that is to be restarted stands two bytes back. A signal that was about to
    be delivered is: then gdb finds the handler at its first instruction, over the stack that was sampled. And a handler that
    was about to be left (in rt_sigreturn) is."""
    if len(theirs) == len(ours) + 2 and theirs[1][1] == "__restore_rt":
        theirs = theirs[2:]
    if len(ours) == len(theirs) + 1 and len(ours) > 1 and ours[1][1] == "signal":
        ours = ours[1:]
    if len(ours) != len(theirs):
        return False
    return all(a == b or (i == 0 and a - b == 2) for i, ((a, _), (b, _)) in enumerate(zip(ours, theirs)))


def run_case(case, spile, samples, tmp, verbose):
    command = case.command(tmp)
    argv = command if not case.user else ["setpriv", "--reuid=" + case.user, "--regid=" + case.user, "--clear-groups"] + command
    target = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    if case.stdin:
        target.stdin.write(case.stdin.encode() * 20)
        target.stdin.flush()
    over = threading.Event()
    if case.load:
        threading.Thread(target=case.load, args=(tmp, over), daemon=True).start()
    result = {"n": 0, "right": 0, "whole": 0, "frames": 0, "fp": 0, "how": {}, "stops": {}}
    time.sleep(0.5)
    tracer = Spile(spile, target.pid)
    try:
        end = time.time() + 240
        while result["n"] < samples and target.poll() is None and time.time() < end:
            if not is_stopped(target.pid):
                tracer.read(0.002)
                continue
            one = tracer.stack()
            if one:
                judge(case, result, one, gdb_stack(target.pid, one[0]), verbose)
            tracer.read(0)
            tracer.text = ""
            os.kill(target.pid, signal.SIGCONT)
    finally:
        over.set()
        said = tracer.close()
        if verbose and said:
            print(said, file=sys.stderr)
        if target.poll() is None:
            os.kill(target.pid, signal.SIGCONT)
            target.kill()
        target.wait()
    return result


def judge(case, result, one, theirs, verbose):
    _, by_pointers, ours, stop = one
    if theirs is None:
        return
    result["n"] += 1
    result["frames"] += len(ours)
    result["fp"] += by_pointers
    result["whole"] += stop is None
    for _, how in ours:
        result["how"][how] = result["how"].get(how, 0) + 1
    if stop:
        result["stops"][stop] = result["stops"].get(stop, 0) + 1
    right = stop is None and same(ours, theirs)
    result["right"] += right
    if not right and verbose:
        print("-- %s: %s" % (case.name, stop), file=sys.stderr)
        for i in range(max(len(ours), len(theirs))):
            a = "%x %s" % ours[i] if i < len(ours) else ""
            b = "%x %s" % theirs[i] if i < len(theirs) else ""
            print("   %-32s %s%s" % (a, b, "" if i < len(ours) and i < len(theirs) and ours[i][0] == theirs[i][0] else "   <"), file=sys.stderr)


# The table --------------------------------------------------------------------------------------------------------------

def row(case, r):
    n = max(r["n"], 1)
    total = max(sum(r["how"].values()), 1)
    how = ", ".join("%s %.3g %%" % (k, 100 * v / total) for k, v in sorted(r["how"].items(), key=lambda kv: -kv[1]) if k != "top")
    return "| %s | %s | %d | %.1f %% | %.1f %% | %.1f | %.1f | %s |" % (
        case.name, case.what, r["n"], 100 * r["whole"] / n, 100 * r["right"] / n, r["frames"] / n, r["fp"] / n, how)


HEAD = """# User stacks, checked against gdb

Made by `sudo ./dev stacks` (tests/unwind/oracle.py). A program is sampled and stopped at the sample; gdb walks the same
stack. Right: whole, and equal to gdb's frame by frame. The last columns: how many frames a stack has, how many of
them the kernel's own walk along frame pointers gives (`ustack(fp)`), and how Spile found its frames.

| program | doing | stacks | whole | right | frames | by the kernel | found by |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", required=True)
    p.add_argument("--samples", type=int, default=20)
    p.add_argument("--only", help="cases whose name contains this")
    p.add_argument("--write", metavar="FILE")
    p.add_argument("-v", "--verbose", action="store_true", help="show the stacks that differ")
    o = p.parse_args()
    rows, n, right, whole = [], 0, 0, 0
    for case in CASES:
        if o.only and o.only not in case.name:
            continue
        tmp = tempfile.mkdtemp(prefix="spile-stacks.")
        os.chmod(tmp, 0o755)
        try:
            r = run_case(case, os.path.join(os.path.abspath(o.build), "spile"), o.samples, tmp, o.verbose)
        except (Skip, subprocess.CalledProcessError) as why:
            print("%-18s skipped: %s" % (case.name, why), flush=True)
            continue
        finally:
            shutil.rmtree(tmp, ignore_errors=True)
        rows.append(row(case, r))
        n, right, whole = n + r["n"], right + r["right"], whole + r["whole"]
        print(rows[-1], r["stops"] or "", flush=True)
    share = 100 * right / max(n, 1)
    sentence = "%d stacks of %d programs: %.2f %% whole, %.2f %% right." % (n, len(rows), 100 * whole / max(n, 1), share)
    print(sentence)
    if o.write and not o.only:
        open(o.write, "w").write(HEAD + "\n".join(rows) + "\n\n" + sentence + "\n")
    return 0 if n and share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
