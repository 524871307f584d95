"""Run the checks and the tests part by part, and say how long each took.

    python tools/parts.py              everything
    python tools/parts.py check        only lint, format, types and documents

A part that fails does not keep the others from running; the exit code is 1 when any failed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
NO_TESTS = 5  # pytest's exit code when a part has no test yet

CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "documents": [PYTHON, "tools/documents.py"],
}


def tests(*chosen):
    """A pytest run; a test file stays in one process, so that what it sets up is set up once."""
    return [PYTHON, "-m", "pytest", *chosen]


# What measures seconds runs first and alone; the rest shares the cores.
TESTS = {
    "tests that measure": tests("-m", "alone", "tests"),
    "tests of projects": tests("-m", "not alone", "-n", "2", "--dist", "loadfile", "src/dure/regions"),
    "tests of the library": tests(
        "-m", "not alone", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "tests"
    ),
}


def run(name, command):
    """Seconds and exit code of one part."""
    print(f"\n=== {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTHONUTF8": "1"}).returncode
    return time.monotonic() - began, 0 if code == NO_TESTS and "pytest" in command else code


def main():
    """Run the parts asked for, then print the table of seconds."""
    parts = CHECKS if sys.argv[1:] == ["check"] else CHECKS | TESTS
    done = {name: run(name, command) for name, command in parts.items()}
    print("\nseconds  part")
    for name, (seconds, code) in done.items():
        print(f"{seconds:7.1f}  {name}{'   FAILED' if code else ''}")
    print(f"{sum(seconds for seconds, _ in done.values()):7.1f}  together")
    return int(any(code for _, code in done.values()))


if __name__ == "__main__":
    sys.exit(main())
