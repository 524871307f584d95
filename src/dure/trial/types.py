"""What came of a trial, and the few words that its parts share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure.i18n.texts import _, per_language, translated

if TYPE_CHECKING:
    import polars as pl

    from dure.datasets.data import Data
    from dure.project.case import Round
    from dure.project.project import Project
    from dure.record import About, Kpi, Verdict

# Profiles: open rounds, sealed rounds, blocks of each site that are played; `full` plays all.
PROFILES = {"full": (None, None, None), "quick": (2, 1, 20), "demo": (1, 1, 10)}
KEYS = ("method", "round", "sealed", "site", "block")
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Trial:
    """What came of a trial.

    Attributes
    ----------
    outcomes
        One row a method, round, site and block: cases, unanswered and the named sums, averaged over seeds.
    cases
        One row a seed, round, case and method, with its cause if unanswered. Private.
    answers
        The answers themselves as JSON, or the outcome of a loop that keeps one. Private.
    costs
        Seconds and steps a seed, round and method.
    kpis
        Names, in both languages, and formulas.
    about
        Everything else a stranger needs to judge the numbers.
    verdicts
        One for each site and over all sites, KPI and comparison.
    rounds
        As they were played, with their cases; none where it was read from evidence, or answers from a table.
    """

    project: str
    version: str
    outcomes: pl.DataFrame
    cases: pl.DataFrame
    answers: pl.DataFrame
    costs: pl.DataFrame
    kpis: tuple[Kpi, ...]
    about: About
    verdicts: tuple[Verdict, ...] = ()
    rounds: Sequence[Round] = field(default=(), repr=False)


def quiet(_share: float, _text: str) -> None:
    """Progress that nobody watches."""


TEXT_COLUMNS = ("site", "block", "case", "time", "cause", "why")


def project_settings(data: Data) -> dict[str, Any]:
    """The site's scalars as they were set."""
    return data.settings.model_dump(mode="json") if data.settings is not None else {}


def bilingual(project: Project, text: str) -> dict[str, str]:
    """A project's text in both languages."""
    return per_language(lambda: text_of(project, text))


def text_of(project: Project, text: str) -> str:
    """A project's text in the reader's language."""
    return translated(text, project.folder) if project.folder else _(text)


def file_name(name: str) -> str:
    """A folder's name for a round or method: letters and digits (a person may have named it), and a hash to keep two apart."""
    import hashlib

    plain = "".join(letter if letter.isalnum() else "-" for letter in name)[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def forget(folder: Path) -> None:
    """Remove a finished trial's working folder."""
    shutil.rmtree(folder, ignore_errors=True)
