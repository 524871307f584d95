"""Looks: every opening of sealed rounds is written down before they are opened, and what came of it after they were played.

A look is a distinct (round, project hash): a replay of the same code is none, nor is one by changed code whose outcomes are those
of a look before, known by their replay hash. An opening that was never finished stays a look: nobody knows what it showed. Self-run
evidence prints the count "as this machine admits". A project's own trial.json admits looks too: on a machine that has never opened
the rounds, those still count.

`looks.tsv` in Dure's folder holds a line an opening: moment, project, round, code, run. Another is added when it is finished: the
same with the replay hash and what it was, ``look`` or ``replay``. Lines of older versions end with the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from dure.content_store import home
from dure.errors import UserError
from dure.record import TrialRecord, committed

LOOK, REPLAY = "look", "replay"


@dataclass(frozen=True)
class Look:
    """Sealed rounds opened at once.

    Parameters
    ----------
    code
        The project's hash (`dure.project.code_hash.project_hash`).
    run
        What was asked of this code: profile, seeds, data and the like, by their hash. Another run may show something else.
    """

    project: str
    code: str
    rounds: Sequence[str]
    run: str


class _Line(NamedTuple):
    """A line of the log without its moment; what came of an opening is empty until it is finished."""

    project: str
    round: str
    code: str
    run: str = ""
    replay: str = ""
    kind: str = ""


def log_look(look: Look) -> None:
    """Write down that sealed rounds are opened; what this code was asked before is written down already."""
    _append(_Line(look.project, name, look.code, look.run) for name in _plain(look.rounds))


def settle_look(look: Look, replay: str, folder: Path, *, shown: bool = False) -> int:
    """Write down what came of a look, and count this project's looks so far.

    Parameters
    ----------
    replay
        The hash of the outcomes (`dure.evidence.replay_hash`).
    folder
        The project's, with the trial.json that admits looks.
    shown
        Whether trial.json shows these numbers, though its hash is of more of them.
    """
    record = _admitted(folder)
    known = {line.replay for line in _lines() if line.project == look.project and line.replay}
    if record:
        known.add(record.replay)
    kind = REPLAY if shown or replay in known else LOOK
    settled = {line[:5] for line in _lines()}
    lines = (_Line(look.project, name, look.code, look.run, replay, kind) for name in _plain(look.rounds))
    _append(line for line in lines if line[:5] not in settled)
    return max(_count(look.project), _admitted_count(record, look.code, replay, shown=shown))


def opened_rounds(project: str, folder: Path) -> set[str]:
    """Names of the sealed rounds that somebody has looked at, here or as the project's trial.json admits."""
    record = _admitted(folder)
    return {line.round for line in _lines() if line.project == project} | set(record.about.rounds if record else ())


def _count(project: str) -> int:
    """Looks at the round that was looked at most: codes, but for those whose every run was a replay."""
    runs: dict[_Line, set[str]] = {}
    for line in _lines():
        if line.project == project:
            runs.setdefault(line._replace(replay="", kind=""), set()).add(line.kind)
    looks = {(run.round, run.code) for run, kinds in runs.items() if kinds - {""} != {REPLAY}}
    return max(Counter(name for name, _code in looks).values(), default=0)


def _admitted(folder: Path) -> TrialRecord | None:
    """The project's trial.json where it admits looks and can be read."""
    with suppress(UserError):
        if (record := committed(folder)) and record.about.looks:
            return record
    return None


def _admitted_count(record: TrialRecord | None, code: str, replay: str, *, shown: bool) -> int:
    """The looks that trial.json admits, and this one where it shows something else."""
    if record is None:
        return 0
    same = shown or code == record.about.code or replay == record.replay
    return record.about.looks + (not same)


def _plain(rounds: Iterable[str]) -> list[str]:
    """Names as they stand in a line between tabs, each once."""
    return list(dict.fromkeys(name.replace("\t", " ").replace("\n", " ") for name in rounds))


def _lines() -> list[_Line]:
    """What has been written down."""
    path = home() / "looks.tsv"
    texts = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [_Line(*text.split("\t")[1:7]) for text in texts if text.count("\t") >= 3]


def _append(lines: Iterable[_Line]) -> None:
    """Add what is not there yet: a line is whole or missing, never rewritten."""
    path = home() / "looks.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    logged, moment = set(_lines()), datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.writelines("\t".join((moment, *line)).rstrip("\t") + "\n" for line in lines if line not in logged)
