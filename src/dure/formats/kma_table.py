"""Forecasts as tables: a row a value as the service gives them, or a row a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.formats.kma_columns import BOUNDS, COLUMN_NAMES, FORECAST, ITEM_SCHEMA, KST
from dure.i18n.texts import _
from dure.tables import conversion, spelled, unit_of

ITEM = ("baseDate", "baseTime", "category", "fcstDate", "fcstTime", "fcstValue", "nx", "ny")
"""Fields of one value as the service answers it; all but the last three are text."""
ITEM_NAMES = {spelled(name) for name in ITEM[:6]}


def items_of_long(sheet: tables.Sheet) -> pl.DataFrame:
    """Items as the service answers them, one value a row; moments are Korean time. Codes unknown here are passed over."""
    headers = {spelled(header): header for header in sheet.headers}
    text = {name: tables.texts(sheet, headers[spelled(name)]) for name in ITEM if spelled(name) in headers}
    frame = pl.DataFrame(text).with_columns(row=pl.Series(list(sheet.rows)))
    for name in ("nx", "ny"):
        frame = frame if name in text else frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    frame = frame.filter(pl.col("fcstValue").is_not_null()).with_columns(
        *(
            _stamp(pl.col(f"{kind}Date"), pl.col(f"{kind}Time").str.pad_start(4, "0")).alias(column)
            for kind, column in (("base", "issued"), ("fcst", "valid"))
        )
    )
    for column, kind in (("issued", "base"), ("valid", "fcst")):
        if frame[column].null_count():
            at = frame[column].is_null().arg_max() or 0
            stamp = f"{frame[f'{kind}Date'][at]} {frame[f'{kind}Time'][at]}"
            raise UserError(
                _("‘{text}’ is not a date or time", text=stamp),
                where=_("{where} row {row} ‘{column}’", where=sheet.where, row=frame["row"][at], column=f"{kind}Date"),
                cure=_("Write it as 20260701 and 0500."),
            )
    return frame.select(
        grid=pl.concat_str("nx", "ny", separator="_"), issued="issued", valid="valid",
        name=pl.col("category").str.to_lowercase().replace_strict(COLUMN_NAMES, default=None, return_dtype=pl.String),
        text="fcstValue", file=pl.lit(Path(sheet.file).name), row=pl.col("row").cast(pl.Int64),
    ).drop_nulls("name")  # fmt: skip


def _stamp(day: pl.Expr, clock: pl.Expr) -> pl.Expr:
    """20260701 and 0500 (to 2400) as a moment; null where there is none."""
    hour, minute = clock.str.slice(0, 2).cast(pl.Int64, strict=False), clock.str.slice(2).cast(pl.Int64, strict=False)
    inside = (clock.str.len_chars() == 4) & (minute < 60) & ((hour < 24) | ((hour == 24) & (minute == 0)))
    start = day.str.replace_all("-", "").str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("us"))
    return pl.when(inside).then(start + pl.duration(hours=hour, minutes=minute))


def items_of_wide(sheet: tables.Sheet) -> pl.DataFrame:
    """A column for each variable. Korean time, but for a header that says UTC."""
    plain = {
        header: next((spelling for spelling in _spellings(header) if spelling in COLUMN_NAMES), "")
        for header in sheet.headers
    }
    names = {header: COLUMN_NAMES[spelling] for header, spelling in plain.items() if spelling}
    if not names:
        known = ", ".join(column.names[0] for column in BOUNDS.values() if column.names)
        raise UserError(
            _("no column is a forecast's variable"), where=sheet.where, cure=_("Variables: {names}.", names=known)
        )
    if len(set(names.values())) < len(names):
        twice = [header for header in names if list(names.values()).count(names[header]) > 1]
        message = _("these columns say the same: {names}", names=", ".join(twice))
        raise UserError(message, where=sheet.where, cure=_("Keep one of them."))
    issued, valid = _moment(sheet, "issued"), _moment(sheet, "valid")
    lead = next((header for header in sheet.headers if _means(header, _names_of("lead"))), "")
    if issued is None or (valid is None and not lead):
        raise UserError(
            _("the table does not say when a forecast was issued and for when"),
            where=sheet.where,
            cure=_("It needs a column 발표시각 and a column 예보시각, or the hours between them in 선행시간."),
        )
    if valid is None:
        hours = tables.numbers(sheet, lead)
        minutes = (pl.lit(hours) * 60).round().cast(pl.Int64)
        valid = pl.select((pl.lit(issued) + pl.duration(minutes=minutes)).alias(lead)).to_series()
    for series in (issued, valid):
        if series.null_count():
            raise UserError(
                _("the cell is empty"),
                where=sheet.at(series.is_null().arg_max() or 0, series.name),
                cure=_("Fill it in, or delete the row, then give the file again."),
            )
    grids = [tables.texts(sheet, header) for header in sheet.headers if _means(header, _names_of("grid"))]
    base = pl.DataFrame(
        {"issued": issued, "valid": valid, "row": pl.Series(list(sheet.rows), dtype=pl.Int64)}
    ).with_columns(grid=grids[0] if grids else pl.lit(None, dtype=pl.String), file=pl.lit(Path(sheet.file).name))
    parts = [
        base.with_columns(name=pl.lit(name), text=values_of(sheet, header, name)) for header, name in names.items()
    ]
    return pl.concat(parts).drop_nulls("text").select(list(ITEM_SCHEMA)).cast(ITEM_SCHEMA)


def _spellings(header: str) -> tuple[str, str]:
    """A header with its group, and without."""
    return spelled(header), spelled(header.rsplit(" / ", maxsplit=1)[-1])


def values_of(sheet: tables.Sheet, header: str, name: str) -> pl.Series:
    """The cells of a variable as text, numbers in another unit converted. Raises UserError where it measures something else."""
    unit, target = sheet.units.get(header, ""), BOUNDS[name].unit
    if not unit or not target or unit_of(unit) == unit_of(target):
        return tables.texts(sheet, header)
    try:
        factor, offset = conversion(unit, target)
    except ValueError:
        message = _("‘{header}’ is in {unit}; {wanted} belongs here", header=header, unit=unit, wanted=target)
        raise UserError(
            message, where=sheet.where, cure=_("Correct the unit in the header, then give the file again.")
        ) from None
    return (tables.numbers(sheet, header) * factor + offset).cast(pl.String)


def _names_of(name: str) -> tuple[str, ...]:
    return next((*column.names, name) for column in FORECAST if column.name == name)


def _means(header: str, names: Sequence[str]) -> bool:
    plain = {re.sub(r"utc|kst", "", spelling) for spelling in _spellings(header)}
    return bool(plain & {spelled(name) for name in names})


_DAYS = {"issued": ("발표일", "발표일자", "base date"), "valid": ("예보일", "예보일자", "예측일", "fcst date")}


def _moment(sheet: tables.Sheet, name: str) -> pl.Series | None:
    """The moments of a column, or of a day and an hour in two, as Korean time, named by its header; None where there is none."""
    stamps = [header for header in sheet.headers if _means(header, _names_of(name))]
    days = [header for header in sheet.headers if _means(header, _DAYS[name])]
    if days:
        moments = tables.times(sheet, days[0], clock=stamps[0] if stamps else None, midnight=False)
    elif stamps:
        moments = tables.times(sheet, stamps[0], midnight=False)
    else:
        return None
    utc = any("utc" in header.lower() for header in (*days, *stamps))
    return pl.select((pl.lit(moments) + KST).alias(moments.name)).to_series() if utc else moments
