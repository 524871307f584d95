"""Where the table lies in a sheet: its columns, headers, rows kept and dropped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Layout:
    """What was found: cells are addressed as `columns[column][row]`, both from zero.

    Parameters
    ----------
    columns
        Positions of the table's columns.
    headers, units, written
        One of each a column; a unit is empty where the header names none; `written` is the header with its unit.
    keep
        Rows of the table in order.
    dropped
        (row, why) of the rows below the headers that are no cases.
    titles
        Texts above the headers.
    notes
        What a person should know about how the sheet was read.
    fills
        (column, first row, last row) of merged cells whose value holds for all of them.
    """

    columns: list[int]
    headers: list[str]
    units: list[str]
    keep: np.ndarray
    dropped: list[tuple[int, str]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fills: list[tuple[int, int, int]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
