"""A column of durations (7:30, 7시간 30분) as hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dure.tables.number_column import normalised, numbers
from dure.tables.sheet import named

if TYPE_CHECKING:
    from dure.tables.sheet import Sheet


def hours(sheet: Sheet, header: str) -> pl.Series:
    """A column of durations written ``7:30`` or ``7시간 30분`` as hours; numbers stay as they are.

    Raises UserError as `numbers` does.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype != pl.String:
        return numbers(sheet, header)
    parts = (
        normalised(raw)
        .str.extract_groups(r"^(?P<h>\d+)(?::|\s*시간)\s*(?P<m>\d{1,2})?(?::(?P<s>\d{2}))?(?:분)?$")
        .struct.unnest()
    )
    if parts["h"].null_count() > raw.null_count():
        return numbers(sheet, header)
    return (
        parts["h"].cast(pl.Float64)
        + parts["m"].cast(pl.Float64).fill_null(0) / 60
        + parts["s"].cast(pl.Float64).fill_null(0) / 3600
    )


def is_hours(sheet: Sheet, header: str) -> bool:
    """Whether a column holds durations written ``7:30`` or ``7시간 30분``."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    written = normalised(raw).drop_nulls() if raw.dtype == pl.String else raw.clear()
    return written.len() > 0 and bool(written.str.contains(r"^\d+(:\d{2}(:\d{2})?|\s*시간(\s*\d{1,2}분)?)$").all())
