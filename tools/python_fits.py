"""Can this Python make the environment? Said before anything is made, with the cure. Runs on old Pythons too."""

import sys

if sys.version_info < (3, 11):
    have = sys.version.split()[0]
    sys.exit("Dure needs Python 3.11 or later; this is %s. Name another one: make run PYTHON=python3.12" % have)
try:
    for part in ("venv", "ensurepip"):
        __import__(part)
except ImportError:
    sys.exit(
        "This Python cannot make environments: its %s is missing. On Debian and Ubuntu: sudo apt-get install python3-venv. "
        "Elsewhere name a complete Python: make run PYTHON=/path/to/python3" % part
    )
