"""Run the checks and the tests part by part, and say how long each took.

    python tools/parts.py              every check, and every test but the long ones
    python tools/parts.py check        only lint, format, types and documents
    python tools/parts.py fast         the checks and tests of the library that are quick: a minute or two
    python tools/parts.py long         the long tests, which nothing else runs

What is slow and what is long the tests say themselves (markers, see pyproject.toml).
A part that fails does not keep the others from running; the exit code is 1 when any failed.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PROJECTS = "src/dure/regions"
NO_TESTS = 5  # pytest's exit code when a part has no test yet

CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "documents": [PYTHON, "tools/documents.py"],
}


def tests(folder, marked, *sharing):
    """A pytest run of what is so marked."""
    return [PYTHON, "-m", "pytest", "-m", marked, *sharing, folder]


# Two processes: a file stays in one of them, what it sets up is set up once, until one has nothing left to do.
SHARED = ("-n", "2", "--dist", "worksteal")
TESTS = {
    "tests that measure": tests("tests", "alone"),
    "tests of projects": tests(PROJECTS, "not (alone or long)", *SHARED),
    "tests of the library": tests("tests", "not (alone or long)", *SHARED),
}
FAST = {"quick tests of the library": tests("tests", "not (alone or slow or long)", *SHARED)}
LONG = {
    "long tests of projects": tests(PROJECTS, "long", *SHARED),
    "long tests of the library": tests("tests", "long", *SHARED),
}
SETS = {
    "test": CHECKS | TESTS,
    "check": CHECKS,
    "fast": {name: command for name, command in CHECKS.items() if name != "types"} | FAST,
    "long": LONG,
}


def run(name, command):
    """Seconds and exit code of one part."""
    print(f"\n=== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTHONUTF8": "1"}).returncode
    return time.monotonic() - began, 0 if code == NO_TESTS and "pytest" in command else code


def main():
    """Run the parts asked for, then print the table of seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="?", choices=SETS, default="test")
    done = {name: run(name, command) for name, command in SETS[parser.parse_args().parts].items()}
    print("\nseconds  part")
    for name, (seconds, code) in done.items():
        print(f"{seconds:7.1f}  {name}{'   FAILED' if code else ''}")
    print(f"{sum(seconds for seconds, _ in done.values()):7.1f}  together")
    return int(any(code for _, code in done.values()))


if __name__ == "__main__":
    sys.exit(main())
