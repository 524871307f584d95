"""A column that a source wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dure.i18n.texts import language


@dataclass(frozen=True, slots=True)
class Column:
    """A column a source wants.

    Parameters
    ----------
    name
        In the frame that comes out.
    type
        number (Float64), time (local Datetime), date (Date), text or category (both String).
    unit
        Of the numbers that come out.
    low, high
        Values outside are refused, in `unit`.
    names
        Headers people use for it, Korean and English; a group's header and its own are joined: ``"수량 계획"``.
    required
        Without it the file cannot be used; else the column comes out empty.
    title
        (ko, en).
    key
        Rows must differ in the key columns.
    """

    name: str
    type: Literal["number", "time", "date", "text", "category"]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()
    required: bool = True
    title: tuple[str, str] = ("", "")
    key: bool = False

    @property
    def label(self) -> str:
        """The title in the reader's language, else the name."""
        return self.title[0 if language() == "ko" else 1] or self.name
