"""What a question is, and the kinds of answers a table may hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure.project.form import Form

if TYPE_CHECKING:
    from dure.project.case import Builder
    from dure.project.project import Project
    from dure.record import Localised, TableReading


class Number(Form):
    """A number that was answered."""

    value: float


class Word(Form):
    """A word that was answered."""

    value: str


@dataclass(frozen=True)
class Answers:
    """The judged rows of a table as one frame, in the table's order; everything after the reading works on its columns.

    Parameters
    ----------
    name
        Of the file: what the round is called.
    frame
        One row a case: ``row`` Int64, its number in the sheet; ``case`` String, unique; ``site`` String, "" without sites;
        ``time`` Datetime, null where unknown; ``block`` String; ``truth`` and, for the n-th of `methods`, ``answer n``: Float64,
        or String where words are judged (a truth may be Null where costs are). Truth and answers are never null otherwise.
    methods
        Names of the columns that hold answers: the practice, then the offers.
    kpi
        Which of KINDS it is judged by.
    """

    name: str
    frame: pl.DataFrame
    methods: tuple[str, ...]
    kpi: str

    def of(self, method: str) -> pl.Series:
        """The answers of a method."""
        return self.frame[f"answer {self.methods.index(method)}"]


@dataclass(frozen=True)
class Question:
    """A table ready to be judged."""

    answers: Answers
    project: Project  # what the trial says of itself: title, KPI, methods, blocks
    offers: tuple[Builder, ...]  # the second offer and those after it
    notes: tuple[Localised, ...]
    reading: TableReading  # signed in the evidence


Sums = dict[str, pl.Series]
_ROOT = 1.34e154  # about the root of the largest number


@dataclass(frozen=True)
class _Kind:
    """One of the KPIs a table can be judged by: its formula, and each case's sums from the columns of truths and answers."""

    name: str
    unit: str | None  # None: the truth column's
    better: str
    of: str
    sums: Callable[[pl.Series, pl.Series], Sums]


def _squares(truth: pl.Series, answer: pl.Series) -> Sums:
    """Squared errors by the C library's power: that of Polars differs in the last digit of one in a thousand."""
    errors = (answer - truth).to_list()
    squares = (error**2 if abs(error) < _ROOT else math.inf for error in errors)
    return {"squares": pl.Series(np.fromiter(squares, float, len(errors)))}


KINDS = {
    "mae": _Kind("mean absolute error", None, "lower", "errors / cases",
                 lambda truth, answer: {"errors": (answer - truth).abs()}),
    "rmse": _Kind("root mean square error", None, "lower", "sqrt(squares / cases)", _squares),
    "wape": _Kind("absolute error as a share of the actual", "%", "lower", "100 * errors / actual",
                  lambda truth, answer: {"errors": (answer - truth).abs(), "actual": truth.abs()}),
    "hit": _Kind("share right", "%", "higher", "100 * hits / cases",
                 lambda truth, answer: {"hits": (answer == truth).cast(pl.Float64)}),
    "brier": _Kind("Brier score", "", "lower", "squares / cases", _squares),
    "cost": _Kind("cost", "", "lower", "cost / cases", lambda _truth, answer: {"cost": answer}),
}  # fmt: skip
KPIS = {name: kind.name for name, kind in KINDS.items()}  # what a table can be judged by: its name in words
Notes = list[dict[str, str]]  # what was chosen for the person, in both languages
