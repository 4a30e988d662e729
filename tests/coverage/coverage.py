#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py ROOT - is every row of the language's and the tools' surface shown by a test?

rows.txt has a line for each: NAME, FILE and TEXT with tabs between. FILE is a test without its ending, TEXT a regular
expression that the file must contain. FILE `-` means that no test shows the row; TEXT is the reason then. Rows that the
code's own tables have (builtins, options, config keys, providers …) must be in rows.txt by their name there, so that a
new row without a test fails here.
"""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
endings = {"live": ("live/cases", ".sh"), "golden": ("golden", ".case"), "unit": ("unit", ".c"), "kernels": ("kernels/cases", ".sh")}


def table(path, pattern):
    return re.findall(pattern, (root / path).read_text(), re.M)


def options():
    for letter, word in table("cli/options.def", r"^OPTION\(([^,]+), \"([^\"]*)\""):
        yield "--" + word if word else "-" + letter.strip("'")


def providers():
    for path in sorted((root / "runtime/attach").glob("*.c")):
        yield from re.findall(r"^const struct probe_type \w+ = \{\n\t\.name = \"(\w+)\"", path.read_text(), re.M)


def environment():
    """Variables that the code asks for; those of config keys are rows of base/config.def."""
    for room in ("base", "lang", "codegen", "runtime", "cli"):
        for path in sorted((root / room).rglob("*.c")):
            yield from re.findall(r'getenv\("(\w+)"\)', path.read_text())


def library():
    for path in sorted((root / "stdlib").glob("*.spile")):
        yield from re.findall(r"^(?:macro|fn) (\w+)", path.read_text(), re.M)


tables = {
    "variable": table("lang/builtin.def", r'^VAR\(\w+, "(\w+)"'),
    "function": table("lang/builtin.def", r'^FUNC\(\w+, "(\w+)"'),
    "library": library(),
    "config": table("base/config.def", r"^CONFIG(?:_OLD)?\((\w+)"),
    "option": options(),
    "command": table("cli/command.def", r'^COMMAND\(\w+, "(\w+)"'),
    "env": environment(),
    "action": [name.lower() for name in table("base/event.def", r"^EVENT\((\w+)")],
    "type": table("base/type.def", r'^TYPE\(\w+, "(\w+)"'),
    "keyword": table("lang/keywords.def", r'^KEYWORD\("(\w+)"'),
    "operator": [name for name in table("lang/op.def", r"^OP\((\w+)") if name != "NONE"],
    "node": table("lang/ast.def", r'^AST_NODE\(\w+, "(\w+)"'),
    "dump": table("cli/dump.def", r'^DUMP\(\w+, "(\w+)"'),
    "provider": providers(),
    "feature": table("base/feature.def", r'^FEATURE\(\w+, "(\w+)"'),
}


def read(name):
    kind, _, rest = name.partition("/")
    if kind not in endings:
        return None
    folder, ending = endings[kind]
    path = root / "tests" / folder / (rest + ending)
    return path.read_text(errors="replace") if path.is_file() else None


def check(number, line, seen, explained):
    fields = line.split("\t")
    where = f"rows.txt:{number}"
    if len(fields) != 3 or not all(fields):
        return f"{where}: a row is NAME, FILE and TEXT with tabs between"
    name, file, text = fields
    if name in seen:
        return f"{where}: {name} is there twice"
    seen.add(name)
    if file == "-":
        explained.append((name, text))
        return None
    test = read(file)
    if test is None:
        return f"{where}: {name}: there is no test {file}"
    return None if re.search(text, test, re.M) else f"{where}: {name}: nothing in {file} looks like {text}"


seen, explained, wrong = set(), [], []
for number, line in enumerate((root / "tests/coverage/rows.txt").read_text().splitlines(), 1):
    if line and not line.startswith("#"):
        wrong.append(check(number, line, seen, explained))
for prefix, names in tables.items():
    names = set(names)
    if not names:
        wrong.append(f"no {prefix} found in the code: has its table moved?")
    wrong += [f"{prefix}.{name} is in the code but not in rows.txt" for name in sorted(names) if f"{prefix}.{name}" not in seen]
wrong = [w for w in wrong if w]
print(f"{len(seen)} rows, {len(seen) - len(explained)} with a test, {len(explained)} explained:")
for name, reason in explained:
    print(f"  {name}: {reason}")
print(*wrong, sep="\n", end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
