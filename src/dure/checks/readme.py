"""The commands that a README shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.subject import environment
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def readme_runs(subject: Subject) -> Outcome:
    """The commands its README shows are commands Dure has; the whole check runs them too, but for looks and itself."""
    path = subject.folder / "README.md"
    if not path.is_file():
        return absent(_("it has no README.md"))
    commands = list(_commands(path))
    for line, words in commands:
        if fault := subject.command_fault(words):
            return broken(_("README.md:{line}: {why}", line=line, why=fault))
        if (
            subject.full
            and words[0] not in ("check", "serve")
            and "--sealed" not in words
            and (fault := _failure(subject, words))
        ):
            return broken(_("README.md:{line}: {why}", line=line, why=fault))
    return kept(_("{count} commands", count=len(commands)))


def _commands(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, words after `dure`) of the commands in a page's code blocks."""
    import shlex

    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside and (command := line.strip().removeprefix("$ ")).startswith("dure "):
            yield number, shlex.split(re.split(r"[|>]", command)[0], comments=True)[1:]


def _failure(subject: Subject, words: Sequence[str]) -> str:
    """Why the command failed, empty where it ran."""
    place = subject.place / "readme"
    place.mkdir(exist_ok=True)
    projects = os.pathsep.join(filter(None, [str(subject.folder.parent.parent), os.environ.get("DURE_PROJECTS", "")]))
    command = [sys.executable, "-m", "dure", *words]
    env = {**environment(), "DURE_PROJECTS": projects}
    process = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 - the project's own README
    return "" if process.returncode in (0, 1) else (process.stderr.strip().splitlines() or ["?"])[-1]
