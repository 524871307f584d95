"""A column of numbers as people write them: decimal signs, units in cells, brackets for minus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.tables.cells import MISSING
from dure.tables.sheet import named, texts
from dure.tables.units import unit_of

if TYPE_CHECKING:
    from dure.tables.sheet import Sheet

_ENGLISH = r"^[-+]?([1-9]\d{0,2}(,\d{3})+|\d+)?(\.\d*)?(e[-+]?\d+)?$"
_EUROPEAN = r"^[-+]?([1-9]\d{0,2}([. ]\d{3})+|\d+)?(,\d*)?(e[-+]?\d+)?$"


def normalised(raw: pl.Series) -> pl.Series:
    """Texts in one width and with one minus sign; what stands for a missing value becomes null."""
    plain = raw.str.len_bytes().sum() == raw.str.len_chars().sum()  # ASCII alone is as it is
    text = (raw if plain else raw.str.normalize("NFKC")).str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(MISSING), None)


def uses_comma(cells: pl.DataFrame) -> bool:
    """Whether numbers are written 1.234,5 somewhere and 1,234.5 nowhere."""
    european = english = 0
    for raw in cells.select(pl.col(pl.String)):
        text = raw.drop_nulls().head(2000).str.strip_chars()
        is_english, is_european = text.str.contains(_ENGLISH), text.str.contains(_EUROPEAN)
        european += int((is_european & ~is_english).sum())
        english += int((is_english & ~is_european & text.str.contains(",", literal=True)).sum())
    return european > 0 and english == 0


def numbers(sheet: Sheet, header: str) -> pl.Series:
    """A column as Float64: 1,234.5, 1.234,5, １２, 12 %, 12.3kWh, △12 and (12) as minus 12; blanks, "-", "N/A" null.

    A percentage is its number (12 % is 12). Raises UserError with file, sheet, row and column where a cell is no
    number, where units within the column differ, or where points and commas contradict each other.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_numeric() or raw.dtype == pl.Boolean:
        values = raw.cast(pl.Float64)
        return values.set(values.is_nan(), None)
    if raw.dtype != pl.String:
        filled = raw.is_not_null().arg_max() or 0
        raise _no_number(sheet, header, filled, 1)
    plain = raw.cast(pl.Float64, strict=False)
    if sheet.decimal == "." and plain.null_count() == raw.null_count() and plain.is_finite().all():
        return plain
    text = normalised(raw)
    plain = text.cast(pl.Float64, strict=False)
    odd = (plain.is_null() | plain.is_infinite()) & text.is_not_null()
    if not odd.any() and sheet.decimal == ".":
        return plain
    parts = _signed(text)
    _check_units(sheet, header, parts)
    digits = parts["digits"]
    figures = digits.str.contains(r"[0-9]")
    english, european = figures & digits.str.contains(_ENGLISH), figures & digits.str.contains(_EUROPEAN)
    bad = text.is_not_null() & ~((english | european) & parts["known"]).fill_null(value=False)
    if bad.any():
        raise _no_number(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    only_english, only_european = english & ~european, european & ~english
    if only_english.any() and only_european.any():
        raise _two_decimals(sheet, header, only_english.arg_max() or 0, only_european.arg_max() or 0)
    comma = bool(only_european.any()) or (sheet.decimal == "," and not only_english.any())
    if comma:
        digits = digits.str.replace_all(r"[. ]", "").str.replace(",", ".", literal=True)
    values = digits.str.replace_all(",", "", literal=True).cast(pl.Float64)
    if values.is_infinite().any():
        raise _no_number(sheet, header, values.is_infinite().arg_max() or 0, int(values.is_infinite().sum()))
    return values.alias(header)


def _signed(text: pl.Series) -> pl.DataFrame:
    """Columns digits, unit, known (whether the unit is one)."""
    plain = (
        text.str.to_lowercase()
        .str.replace(r"^[₩$\\]\s*", "")
        .str.replace(r"^[△▲−–]\s*", "-")
        .str.replace(r"^\(\s*(.*\d.*)\)$", "-$1")
    )
    parts = plain.str.extract_groups(
        r"^(?P<digits>[-+]?\s?[\d.,](?:[\d.,]| \d{3})*(?:e[-+]?\d+)?)\s*(?P<unit>.*)$"
    ).struct.unnest()
    units = parts["unit"].unique().drop_nulls().to_list()
    known = [unit for unit in units if not unit or unit_of(unit)]
    return parts.with_columns(
        digits=pl.col("digits").str.replace(r"^([-+])\s", "$1"),
        known=pl.col("unit").is_in(known),
        unit=pl.col("unit").replace({unit: unit_of(unit) for unit in known}),
    )


def _check_units(sheet: Sheet, header: str, parts: pl.DataFrame) -> None:
    """Raise UserError where cells of one column carry different units, or only some a per cent sign."""
    units = parts.filter(pl.col("known"))["unit"].unique(maintain_order=True).to_list()
    spelled_units = [unit for unit in units if unit]
    if len(spelled_units) > 1 or (spelled_units == ["%"] and "" in units):
        rows = [sheet.rows[(parts["unit"] == unit).arg_max() or 0] for unit in units]
        listing = ", ".join(_("row {row} ‘{unit}’", row=row, unit=unit) for row, unit in zip(rows, units, strict=True))
        raise UserError(
            _("several units in one column: {said}", said=listing),
            where=f"{sheet.where} ‘{header}’",
            cure=_("Write the column in one unit and give the file again."),
        )


def cell_unit(sheet: Sheet, header: str) -> str:
    """The unit of a column: from its header, else from its cells (``"12.3kWh"``), else empty."""
    header = named(sheet, header)
    if header in sheet.units or sheet.cells[header].dtype != pl.String:
        return sheet.units.get(header, "")
    text = normalised(sheet.cells[header]).drop_nulls().head(200)
    units = text.str.extract(r"^[^\d]?\s*[\d.,]+\s*(\D+)$", 1).unique().drop_nulls().to_list()
    return unit_of(units[0]) if len(units) == 1 else ""


def _no_number(sheet: Sheet, header: str, place: int, count: int) -> UserError:
    text = str(texts(sheet, header)[place])[:60]
    cure = _("Leave the cell empty or put the number there, then give the file again.")
    return UserError(
        _("‘{text}’ is not a number", text=text), where=sheet.at(place, header), cure=also_in(count) + cure
    )


def also_in(count: int) -> str:
    """That more cells than the one named have the same fault; empty for one."""
    return _("{count} more cells of the column are like it.", count=count - 1) + " " if count > 1 else ""


def _two_decimals(sheet: Sheet, header: str, point: int, comma: int) -> UserError:
    return UserError(
        _("the decimal sign is a point in row {one} (‘{a}’) and a comma in row {other} (‘{b}’)",
          one=sheet.rows[point], a=sheet.cells[header][point], other=sheet.rows[comma], b=sheet.cells[header][comma]),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write all numbers of the column in one way and give the file again."),
    )  # fmt: skip
