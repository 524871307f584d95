"""Any table a person has: workbooks, text files of every encoding and separator, Parquet; values with row and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from dure.errors import UserError, nearest
from dure.i18n.texts import _
from dure.tables.units import unit_of


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table as it was found, nothing converted.

    Parameters
    ----------
    file
        Path of the file.
    sheet
        Name of the sheet; empty for files that have none.
    headers
        Without their units, each different; headers of several rows are joined: ``"7월 / 실적"``.
    cells
        One column a header: text, or numbers, dates, datetimes where the file itself says so; empty cells are null.
    rows
        The number of each row as the person sees it in a spreadsheet.
    units
        Unit of a header that names one.
    dropped
        (row number, why) of rows that are no cases: blank, total, header again, note.
    notes
        How the sheet was read, for the person.
    titles
        Texts above the headers.
    decimal
        Decimal sign that texts of numbers use where they alone do not tell.
    hidden
        Whether the sheet is hidden in its workbook.
    written
        The headers with their units, as in the file.
    filled
        Row numbers, by header, of blanks that were filled from above although no cell is marked as merged: a guess.
    """

    file: str
    sheet: str
    headers: tuple[str, ...]
    cells: pl.DataFrame
    rows: Sequence[int]
    units: dict[str, str] = field(default_factory=dict)
    dropped: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    decimal: str = "."
    hidden: bool = False
    written: tuple[str, ...] = ()
    filled: dict[str, frozenset[int]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """File and sheet, for messages."""
        name = Path(self.file).name
        return _("‘{file}’ sheet ‘{sheet}’", file=name, sheet=self.sheet) if self.sheet else f"‘{name}’"

    @property
    def unit(self) -> str:
        """The unit a title gives for the whole table: ``(단위: kWh)``."""
        units = [match[1] for title in self.titles if (match := re.search(r"단위\s*[:：]\s*([^)\]\s,]+)", title))]
        return unit_of(units[0]) if len(units) == 1 else ""

    def at(self, place: int, header: str) -> str:
        """File, sheet, row and column of a cell, for messages; `place` counts the table's rows from zero."""
        return _("{where} row {row} ‘{column}’", where=self.where, row=self.rows[place], column=header)


def named(sheet: Sheet, name: str) -> str:
    """The header a person means: with or without its unit or its group, spaces and case aside.

    ``발전량``, ``발전량(kWh)`` and ``실적 / 발전량`` are one header, as long as only one fits. Raises UserError with the
    nearest name.
    """
    if name in sheet.headers:
        return name
    bare_name = _bare(name)
    spelled = (sheet.written, sheet.headers, [header.split(" / ")[-1] for header in sheet.headers])
    for spellings in spelled:
        fit = [header for header, text in zip(sheet.headers, spellings, strict=False) if _bare(text) == bare_name]
        if len(fit) == 1:
            return fit[0]
    close = nearest(name, sheet.headers)
    cure = _("Did you mean {name}?", name=close) if close else _("Columns: {names}.", names=", ".join(sheet.headers))
    raise UserError(_("there is no column {name}", name=name), where=sheet.where, cure=cure)


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def texts(sheet: Sheet, header: str) -> pl.Series:
    """A column as text, empty cells null; whole numbers without a decimal point, dates as 2026-07-01."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_float():
        integral = raw.is_finite() & (raw == raw.round(0)) & (raw.abs() < 1e15)  # exact integers
        return (
            pl.select(
                pl.when(integral).then(raw.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(raw.cast(pl.String))
            )
            .to_series()
            .alias(header)
        )
    if raw.dtype == pl.Datetime:
        return raw.dt.to_string("%Y-%m-%d %H:%M:%S")
    return raw.cast(pl.String)
