"""What a question is, and the kinds of answers a table may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dure.project.form import Form

if TYPE_CHECKING:
    from dure.project.case import Builder
    from dure.project.project import Project
    from dure.record import Localised, TableReading


class Asked(Form):
    """A row is asked by its number; the answers were given elsewhere."""

    row: int


class Number(Form):
    """A number that was answered."""

    value: float


class Word(Form):
    """A word that was answered."""

    value: str


@dataclass(frozen=True)
class Question:
    """A table ready to be judged."""

    project: Project
    offers: tuple[Builder, ...]  # the second offer and those after it
    notes: tuple[Localised, ...]
    reading: TableReading  # signed in the evidence


@dataclass(frozen=True)
class _Kind:
    """One of the KPIs a table can be judged by: its formula, its sums from (truth, answer), and the answers' type."""

    name: str
    unit: str | None  # None: the truth column's
    better: str
    of: str
    sums: Callable[[Any, Any], dict[str, float]]


def _error(truth: float, answer: float) -> dict[str, float]:
    return {"errors": abs(answer - truth)}


KINDS = {
    "mae": _Kind("mean absolute error", None, "lower", "errors / cases", _error),
    "rmse": _Kind("root mean square error", None, "lower", "sqrt(squares / cases)",
                  lambda truth, answer: {"squares": (answer - truth) ** 2}),
    "wape": _Kind("absolute error as a share of the actual", "%", "lower", "100 * errors / actual",
                  lambda truth, answer: {"errors": abs(answer - truth), "actual": abs(truth)}),
    "hit": _Kind("share right", "%", "higher", "100 * hits / cases", lambda truth, answer: {"hits": float(answer == truth)}),
    "brier": _Kind("Brier score", "", "lower", "squares / cases", lambda truth, answer: {"squares": (answer - truth) ** 2}),
    "cost": _Kind("cost", "", "lower", "cost / cases", lambda _truth, answer: {"cost": answer}),
}  # fmt: skip
KPIS = {name: kind.name for name, kind in KINDS.items()}  # what a table can be judged by: its name in words
Notes = list[dict[str, str]]  # what was chosen for the person, in both languages
