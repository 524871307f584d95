"""What a survey finds in a table: columns, moments, a split; and how little is too little."""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dure import tables
from dure.project.form import Form

if TYPE_CHECKING:
    import polars as pl
    from polars._typing import PythonLiteral

    from dure.project.manifest import Text, Word
    from dure.tables import Sheet

FEWEST_ROWS, FEWEST_BLOCKS = 12, 4
NEARLY_THE_TARGET, NEAR = 0.98, 0.9  # correlations: left out; marked "look twice"
NEARLY_EMPTY = 0.2  # a column filled in fewer of the rows is left out
DAY = 86400.0
RESERVED = {
    "last",
    "last_year",
    "row",
    "block",
    "truth",
    "time",
    "datetime",
    "str",
    "float",
}  # names project.py uses itself


@dataclass(frozen=True)
class Known:
    """A column of numbers taken as known beforehand; `correlation` with the target, None where it cannot be told."""

    field: str
    header: str
    unit: str
    low: float
    high: float
    correlation: float | None


@dataclass(frozen=True)
class Moment:
    """The column, or the columns, that hold the time; `clock` holds the hour where that stands apart."""

    headers: tuple[str, ...]
    field: str
    values: pl.Series
    clock: str = ""
    apart: bool = False  # year, month and day in columns of their own


@dataclass
class Survey:
    """A sheet's columns by what they can be used for.

    Attributes
    ----------
    target
        Header of what is to be foreseen.
    known
        Columns of numbers.
    names
        Field to header of columns that hold names (farm, cultivar, plot).
    since
        Field to header of further dates (planting).
    left
        Headers left out and why.
    """

    sheet: Sheet
    target: str
    truth: pl.Series
    target_field: str = ""
    moment: Moment | None = None
    known: list[Known] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)
    left: list[tuple[str, Text]] = field(default_factory=list)

    @property
    def rows(self) -> pl.Series:
        """Which rows are cases: those with the target, and with a time where the sheet has one."""
        has = self.truth.is_not_null()
        return has if self.moment is None else has & self.moment.values.is_not_null()


@dataclass(frozen=True)
class Split:
    """How the cases are split: `kind` is time, groups or rows.

    Attributes
    ----------
    period
        Format of a block's time; of time only.
    block
        Field of the column whose names are blocks; of groups only.
    word
        What a block is called.
    blocks
        How many there are.
    same
        Fields of names: rows that share them are alike.
    step
        Usual seconds between moments; of time only.
    span
        Seconds from the first to the last moment.
    """

    kind: str
    word: Word
    blocks: int
    period: str = ""
    block: str = ""
    same: tuple[str, ...] = ()
    step: float = 0.0
    span: float = 0.0

    @property
    def held(self) -> tuple[int, int]:
        """Open and sealed blocks: the last third, seven where a third is fewer, at most half of all."""
        held = max(-(-self.blocks // 3), min(7, self.blocks // 2))
        opened = max(1, min(held // 3, held - 6))
        return opened, held - opened


def plain_name(text: str) -> str:
    """A header without spaces, points and case, to compare it."""
    return re.sub(r"[\s_·.-]+", "", unicodedata.normalize("NFKC", text)).casefold()


def correlation(first: pl.Series, second: pl.Series) -> float | None:
    """Pearson's, over the rows that have both; None for fewer than eight of them or no spread."""
    both = first.is_not_null() & second.is_not_null()
    a, b = first.filter(both).to_numpy(), second.filter(both).to_numpy()
    if a.size < 8 or not a.std() or not b.std():
        return None
    return float(np.corrcoef(a, b)[0, 1])


def bounds(values: pl.Series) -> tuple[float, float]:
    """What is refused as nonsense: ten times the next power of ten above all seen, and below zero where none was."""
    largest = number(values.abs().max()) or 1.0
    high = 10.0 ** (int(np.ceil(np.log10(max(largest, 1e-9)))) + 1)
    return (0.0 if number(values.min()) >= 0 else -high), high


def number(statistic: PythonLiteral | None) -> float:
    """A statistic of a column of numbers, which polars types as any cell; zero where the column holds none."""
    return float(statistic) if isinstance(statistic, int | float) else 0.0


def field_name(header: str, taken: set[str]) -> str:
    """A Python name from a header, not among `taken`, to which it is added."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", header)).strip("_")
    if not name.isidentifier() or name.startswith("model_"):
        name = f"x{name}"
    while name in taken or keyword.iskeyword(name) or hasattr(Form, name):
        name += "_"
    taken.add(name)
    return name


def texts_of(survey: Survey, header: str) -> pl.Series:
    """A column of the rows that are used, as text."""
    return tables.texts(survey.sheet, header).filter(survey.rows).fill_null("?")
