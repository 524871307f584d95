"""Processes that run a project's code: what they may know of the machine, what they hold, how they are ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress

import psutil

from dure.i18n.texts import language

PATIENCE = 5.0  # seconds that a process has to end before it is killed
# What a run's process may know of the machine: never where the store is, nor any other secret.
KNOWN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
         "PYTHONPATH", "VIRTUAL_ENV", "DURE_HOME", "DURE_PROJECTS", "DURE_MIRROR", "OMP_NUM_THREADS", "NUMBA_CACHE_DIR",
         "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE")  # fmt: skip


def environment() -> Mapping[str, str]:
    """What a process that runs a project's code may know of the machine."""
    known = {name: os.environ[name] for name in KNOWN if name in os.environ}
    return known | {"DURE_LANG": language(), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def memory(pid: int) -> int:
    """Bytes that a process and its children hold."""
    held = 0
    try:
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            held += process.memory_info().rss
    except psutil.Error:
        return held
    return held


def kill_group(pid: int) -> None:
    """End what a process has started, and itself."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
