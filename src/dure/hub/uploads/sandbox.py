"""What a stranger sent is opened by a process of its own, within its time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from dure.errors import UserError
from dure.hub.jobs.process import environment, kill_group, memory
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.hub.uploads.inspect import ReadingOptions, SourceChoice

BEAT = 0.05  # seconds between two looks at its memory


def apart(words: Sequence[str], *, seconds: float, megabytes: int) -> tuple[bytes, str]:
    """What ``python -m words ...`` says on its standard output, and the last line of its standard error.

    Raises UserError where it takes too long or holds too much.
    """
    command = [sys.executable, "-m", *words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - a module of ours, no shell
            command, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True
        )
        try:
            _watch(process, time.monotonic() + seconds, megabytes * 1_000_000)
        except TimeoutError:
            raise UserError(_("it took more than {seconds} s", seconds=f"{seconds:g}")) from None
        except MemoryError:
            raise UserError(_("it held more than {megabytes} MB", megabytes=megabytes)) from None
        finally:
            kill_group(process.pid)
            process.wait()
        return _read(out), (_read(errors).decode(errors="replace").strip().splitlines() or [""])[-1]


def looked(
    kind: str, path: Path, *options: ReadingOptions | SourceChoice, name: str = "", seconds: float, megabytes: int
) -> Any:
    """What `dure.hub.uploads.inspect` finds in what a stranger sent: the report of this kind.

    It is told under the name that people gave it (empty: none is told).

    Raises UserError with what is wrong with it, and where it cannot be opened at all.
    """
    words = ["dure.hub.uploads.inspect", kind, str(path), *(json.dumps(option) for option in options)]
    output, reason = apart(words, seconds=seconds, megabytes=megabytes)
    try:
        report = json.loads(
            output.decode().replace(path.name, json.dumps(name, ensure_ascii=False)[1:-1]) if name else output
        )
    except ValueError:
        raise UserError(_("it cannot be read ({why})", why=reason[:120] or "?"), where=name) from None
    if "what" in report:
        raise UserError(report["what"], where=report["where"] or name, cure=report["cure"])
    return report


def _watch(process: subprocess.Popen[bytes], until: float, most: int) -> None:
    while True:
        try:
            process.wait(BEAT)
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise TimeoutError from None
            if memory(process.pid) > most:
                raise MemoryError from None
        else:
            return


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
