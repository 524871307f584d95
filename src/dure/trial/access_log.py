"""Looks: every opening of sealed rounds is written down before they are opened.

A look is a distinct (round, project hash): a replay of the same code is none. Self-run evidence prints the count "as this
machine admits". A project's own trial.json admits looks too: on a machine that has never opened the rounds, those still count.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dure.content_store import home
from dure.errors import UserError
from dure.record import committed


def admitted_looks(folder: Path, code: str) -> int:
    """The looks that a project's trial.json admits, this one by the code with this hash among them; 0 where it admits none."""
    with suppress(UserError):
        if (record := committed(folder)) and record.about.looks:
            return record.about.looks + (record.about.code != code)
    return 0


def opened_rounds(project: str, folder: Path) -> set[str]:
    """Names of the sealed rounds that somebody has looked at, here or as the project's trial.json admits."""
    path = home() / "looks.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    opened = {
        round_name for _moment, name, round_name, _code in (line.split("\t") for line in lines) if name == project
    }
    with suppress(UserError):
        if (record := committed(folder)) and record.about.looks:
            return opened | set(record.about.rounds)
    return opened


def log_look(project: str, code: str, rounds: Iterable[str]) -> int:
    """Write down that `rounds` (sealed ones) are opened by the code with this hash; returns this project's looks so far."""
    path = home() / "looks.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    logged = {tuple(line.split("\t")[1:]) for line in known}
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    fresh = [(project, round_name.replace("\t", " "), code) for round_name in rounds]
    fresh = [look for look in dict.fromkeys(fresh) if look not in logged]
    with path.open(
        "a", encoding="utf-8", newline="\n"
    ) as file:  # appended: a line is whole or missing, never rewritten
        file.writelines("\t".join((moment, *look)) + "\n" for look in fresh)
    of_round: dict[str, int] = {}
    for look in {*logged, *fresh}:
        if look and look[0] == project:
            of_round[look[1]] = of_round.get(look[1], 0) + 1
    return max(of_round.values(), default=0)
