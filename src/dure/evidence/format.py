"""What stands in evidence: its files, rows and hashes, and when two numbers are the same."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.record import LeftOut, TrialRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.trial.types import Trial

ENVELOPE, PRIVATE = "evidence.json", "private"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:dure:trial:v1"
KEYS = ("method", "round", "site", "block")  # a row of outcomes, in words
FEWEST = 5  # cases of a block that others may see
SAME = 1e-6  # relative: a verdict recomputed on another machine may differ by rounding, not by more
SHOWN = 20  # rows that are named one by one
Cell = str | float | None  # of a table of outcomes


def content(trial: Trial) -> TrialRecord:
    """What is said about a trial: project, KPIs, everything a stranger needs, verdicts, replay hash.

    Where the data are not open, cases that were left out are counted, not named.
    """
    about = trial.about
    if any(source.access != "open" for source in about.data):
        about = replace(about, left_out=counted_cases(about.left_out))
    return TrialRecord(trial.project, trial.version, trial.kpis, about, trial.verdicts, replay_hash(trial.outcomes))


def counted_cases(left_out: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """What was left out, counted by round and cause: no case is named."""
    counts: dict[tuple[str, str], int] = {}
    for entry in left_out:
        kind = entry.round, entry.cause
        counts[kind] = counts.get(kind, 0) + entry.count
    return tuple(LeftOut(round=round_name, cause=cause, count=count) for (round_name, cause), count in counts.items())


def rows(outcomes: pl.DataFrame) -> list[tuple[str, str]]:
    """A digest and a readable name for each row of outcomes, in their order.

    The digest is SHA-256 of the row as JSON, columns by name, numbers with all their digits.
    """
    cells = {name: _as_json(outcomes[name], None if name in KEYS else str) for name in sorted(outcomes.columns)}
    labels = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in cells]
    row = "{" + ",".join(f"{label}:%s" for label in labels) + "}"
    digests = (hashlib.sha256((row % values).encode()).hexdigest() for values in zip(*cells.values(), strict=True))
    names = (f"[{', '.join(key)}]" for key in zip(*(cells[key] for key in KEYS), strict=True))
    return list(zip(digests, names, strict=True))


def _as_json(column: pl.Series, default: Callable[[Any], str] | None) -> list[str]:
    """Each cell as JSON has it. A line break ends a cell, since within one it is written as an escape."""
    if column.dtype.is_nested():
        dumps = partial(json.dumps, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=default)
        return [dumps(value) for value in column.to_list()]
    text = json.dumps(column.to_list(), ensure_ascii=False, separators=("\n", ":"), default=default)
    return text[1:-1].split("\n") if column.len() else []


def replay_hash(outcomes: pl.DataFrame) -> str:
    """One hash of all rows, without costs: what a replay on any machine must come to."""
    return hashlib.sha256("".join(digest for digest, _name in rows(outcomes)).encode()).hexdigest()


def commitment_of(salt: bytes, path: Path) -> str:
    """What is signed of a private file: its hash under a salt that stays here."""
    return hmac.new(salt, path.read_bytes(), "sha256").hexdigest()


def files_of(folder: Path) -> Iterator[str]:
    """Every file below, as a path with slashes; links are files, whatever they point at."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def public_files(folder: Path) -> list[str]:
    """The files of a folder that others may see, the envelope aside."""
    return [name for name in files_of(folder) if name != ENVELOPE and not name.startswith(f"{PRIVATE}/")]


class Refused(Exception):
    """The envelope is not what was signed."""


def outcomes(folder: Path) -> pl.DataFrame:
    """The table of outcomes. Raises UserError where it cannot be read."""
    try:
        return pl.read_parquet(Path(folder) / "outcomes.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(_("the outcomes cannot be read: {why}", why=type(error).__name__), where=str(folder)) from None


def alike(left: JsonValue, right: JsonValue, tolerance: float = SAME) -> bool:
    """Whether two JSON values are the same, numbers within a relative tolerance."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[name], right[name], tolerance) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(alike(a, b, tolerance) for a, b in zip(left, right, strict=True))
    if _is_number(left) and _is_number(right):
        return math.isclose(left, right, rel_tol=tolerance, abs_tol=1e-12)
    return left == right


def _is_number(value: JsonValue) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_close(left: Cell, right: Cell, tolerance: float) -> bool:
    """Whether two cells of a table are the same, numbers within a relative tolerance."""
    if isinstance(left, float) and isinstance(right, float) and tolerance:
        return math.isclose(left, right, rel_tol=tolerance)
    return left == right
