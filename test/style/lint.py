#!/usr/bin/env python3
"""Rules of the house that no compiler checks. Prints TAP: one test a rule.

The rules and their reasons are in CONTRIBUTING.md. Exceptions stand below, each a deliberate act.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
COLUMNS_MAX = 120

# Who may include whom, beyond itself. Below a name: everything it may see.
PURE = {"base"}
SHARED = {"base", "fax", "ipc"}
MAY_SEE = {
    "base": set(),
    "fax": PURE,
    "ipc": {"base", "fax"},
    "proto": SHARED,
    "page": PURE,
    "http": PURE,
    "t30": {"base", "page"},
    "sip": SHARED,
    "store": {"base", "fax"},
    "api": SHARED | {"store", "http", "page"},
    "queue": SHARED | {"store", "t30/journal.h"},
    "receive": SHARED | {"store", "page", "t30/journal.h"},
    "media": SHARED | {"store", "http", "page", "render/render_exit.h"},
    "notify": SHARED | {"store", "http"},
    "retention": SHARED | {"store"},
    "render": PURE | {"page"},
    "barcode": PURE | {"page", "fax/barcode.h", "fax/fax_json.h", "render/render_exit.h"},
    "office": PURE | {"render/render_exit.h", "render/sniff.h"},
    "line": SHARED | {"proto", "sip"},
    "modem": SHARED | {"proto", "t30", "page"},
    "carrier": SHARED | {"proto", "t30", "page", "sip"},
    "cli": {"base", "fax"},
}

# Unbounded or ambiguous calls: never, anywhere.
NEVER = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "atoi", "atol", "strtok", "alloca", "system", "popen",
         "gmtime", "localtime", "rand", "srand", "signal_setjmp", "tmpnam", "mktemp"]
# Edges to the operating system: only in these files.
EDGES = {
    "clock_gettime": {"base/clock.c", "t30/clock.c", "modem/clock.c", "carrier/clock.c", "render/main.c"},
    "getenv": {"config.c", "config_trunk.c", "cli/http.c"},
    "fork": {"ipc/spawn.c", "media/render_run.c", "notify/forward_command.c", "office/main.c"},
    "execv": {"ipc/spawn.c"},
    "printf": {"main.c", "cli/cli.c", "cli/watch.c", "carrier/main.c", "office/main.c"},
}
FORBIDDEN_TEXT = [r"/work/", r"/home/[a-z]", r"/root/"]


def sources(*suffixes):
    for path in sorted(SRC.rglob("*")):
        if path.suffix in suffixes:
            yield path, path.relative_to(SRC).as_posix(), path.read_text()


def code_only(text):
    """The text with comments and strings blanked, line for line."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def rule_dependencies():
    """rooms include only what the order of the house allows"""
    for _, name, text in sources(".c", ".h"):
        if "/" not in name:
            continue  # serve.c and its helpers know every room
        room = name.split("/")[0]
        for included in re.findall(r'^#include "([^"]+)"', text, re.M):
            other = included.split("/")[0] if "/" in included else room
            if other != room and other not in MAY_SEE.get(room, set()) and included not in MAY_SEE.get(room, set()):
                yield f"src/{name} includes {included}"


def rule_headers():
    """every file opens with what it is for"""
    for _, name, text in sources(".c", ".h"):
        if not text.startswith("/* "):
            yield f"src/{name} has no opening comment"


def rule_lengths():
    """files and lines stay short"""
    for _, name, text in sources(".c", ".h"):
        lines = text.split("\n")
        if len(lines) > FILE_LINES_MAX:
            yield f"src/{name}: {len(lines)} lines"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f"src/{name}:{number}: {len(line)} columns"


def rule_functions():
    """functions stay short"""
    for _, name, text in sources(".c"):
        start = None
        for number, line in enumerate(code_only(text).split("\n"), 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start:
                if number - start > FUNCTION_LINES_MAX:
                    yield f"src/{name}:{start}: {number - start} lines"
                start = None


def rule_banned():
    """no unbounded calls, and the system only through its edges"""
    for _, name, text in sources(".c", ".h"):
        code = code_only(text)
        for call in NEVER:
            if re.search(rf"(?<![\w.>]){call}\s*\(", code):
                yield f"src/{name} calls {call}"
        for call, where in EDGES.items():
            if name not in where and re.search(rf"(?<![\w.>]){call}\s*\(", code):
                yield f"src/{name} calls {call}"


def rule_goto():
    """one pattern of cleanup"""
    for _, name, text in sources(".c"):
        if re.search(r"\bgoto\b", code_only(text)):
            yield f"src/{name} has a goto"


def rule_names():
    """what is external is called fw_"""
    for _, name, text in sources(".h"):
        for function in re.findall(r"^[a-zA-Z_][\w \*]*?[ \*]([a-z]\w*)\(", code_only(text), re.M):
            if not function.startswith("fw_") and function not in ("PRINTF", "if", "while"):
                yield f"src/{name} declares {function}"


def rule_todo():
    """nothing is left for later in a comment"""
    for path in tracked():
        if path.suffix in (".c", ".h", ".mjs", ".py", ".sh") and path != pathlib.Path(__file__):
            for number, line in enumerate(path.read_text(errors="replace").split("\n"), 1):
                if re.search(r"\b(TODO|FIXME|XXX)\b", line) and "lint.py" not in str(path):
                    yield f"{path.relative_to(ROOT)}:{number}"


def rule_paths():
    """no path of somebody's machine"""
    for path in tracked():
        if path.suffix in (".pdf", ".png", ".tif") or "seeds" in path.parts or path.name == "lint.py":
            continue
        text = path.read_text(errors="replace")
        for pattern in FORBIDDEN_TEXT:
            if re.search(pattern, text):
                yield f"{path.relative_to(ROOT)} has {pattern}"


def rule_tests_are_built():
    """every test and fuzz harness is in the build"""
    build = "\n".join(p.read_text() for p in ROOT.rglob("meson.build") if "build" != p.parts[-2][:5])
    for path in sorted((ROOT / "test").rglob("*.c")):
        short = path.stem.removeprefix(path.parent.name + "_").removesuffix("_test")
        if path.name not in build and f"'{short}'" not in build:
            yield str(path.relative_to(ROOT))


def rule_events():
    """every event is in the API description"""
    api = (ROOT / "doc" / "api.yaml").read_text()
    for event in re.findall(r'X\(\w+, "([a-z.]+)", (?:true|false)\)', (SRC / "fax" / "status.h").read_text()):
        if event not in api:
            yield event


def tracked():
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout.split(b"\0")
    for name in names:
        path = ROOT / name.decode()
        if name and path.is_file():
            yield path


def main():
    rules = [f for n, f in sorted(globals().items()) if n.startswith("rule_")]
    failed = False
    for number, rule in enumerate(rules, 1):
        faults = list(rule())
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ok' if faults else 'ok'} {number} - {rule.__doc__}")
        failed |= bool(faults)
    print(f"1..{len(rules)}")
    sys.exit(failed)


main()
