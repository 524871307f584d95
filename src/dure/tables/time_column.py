"""A column of dates and times as local moments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.tables import dates
from dure.tables.number_column import also_in, normalised
from dure.tables.sheet import named, texts

if TYPE_CHECKING:
    from dure.tables.sheet import Sheet


def times(
    sheet: Sheet,
    header: str,
    zone: str = "Asia/Seoul",
    *,
    clock: str | None = None,
    order: str | None = None,
    year: int | None = None,
    midnight: bool | None = None,
) -> pl.Series:
    """A column as local moments in `zone` (Datetime in microseconds, without a zone); empty cells null.

    Parameters
    ----------
    clock
        Header of a second column that holds the hour or the clock time (1..24, ``13:00``, ``13시``).
    order
        dmy or mdy, where the dates can be read in both ways.
    year
        Where the dates have none; otherwise it is looked for in titles, sheet name and file name.
    midnight
        True: the row at 00:00 carries the day it ends and is moved a day on; False: it does not; None: as the order of
        the rows says.

    24:00 is the next day's 00:00. Raises UserError with row and column where a cell is no moment, where the column
    holds several styles (a row of each is named), or where day and month cannot be told apart.
    """
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype.is_numeric():
        raw = _dated_numbers(sheet, header, raw)
    if raw.dtype == pl.Datetime:
        zoned = raw.dt.convert_time_zone(zone).dt.replace_time_zone(None) if raw.dtype.time_zone else raw  # type: ignore[attr-defined]  # checked above
        moments = zoned.cast(pl.Datetime("us"))
    elif raw.dtype == pl.Date:
        moments = raw.cast(pl.Datetime("us"))
    elif raw.dtype == pl.String:
        moments = _written_times(sheet, header, raw, zone, order, year)
    else:
        raise _no_time(sheet, header, raw.is_not_null().arg_max() or 0)
    if clock is not None:
        moments = moments + _clock(sheet, clock)
    late = dates.old_midnights(moments) if midnight is None else _midnights(moments) & midnight
    if late.any():
        moments = pl.select(pl.when(late).then(moments.dt.offset_by("1d")).otherwise(moments)).to_series()
    return moments.alias(header)


def _midnights(moments: pl.Series) -> pl.Series:
    return (moments.dt.time() == time(0)).fill_null(value=False)


def _dated_numbers(sheet: Sheet, header: str, raw: pl.Series) -> pl.Series:
    """Numbers as spreadsheet days, else as text of digits (20260701, 2026070113)."""
    values = raw.drop_nulls().drop_nans()
    if values.len() and values.is_between(20000, 80000).all():  # 1954 to 2119
        return pl.select(dates.serial(pl.lit(raw))).to_series()
    if values.len() and (values == values.round(0)).all() and values.min() > 19000000:  # type: ignore[operator]  # numbers
        return raw.cast(pl.Int64).cast(pl.String)
    bad = raw.is_not_null()
    raise _no_time(sheet, header, bad.arg_max() or 0)


def _written_times(
    sheet: Sheet, header: str, raw: pl.Series, zone: str, order: str | None, year: int | None
) -> pl.Series:
    text = normalised(raw)
    parsed = dates.parse(text)
    frame = parsed.frame
    bad = frame["style"].is_null() & text.is_not_null()
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    if len(parsed.styles) > 1:
        raise _several_styles(sheet, header, frame, parsed.styles)
    if not parsed.styles:
        return pl.Series(header, [None] * raw.len(), dtype=pl.Datetime("us"))
    if frame["a"].null_count() < frame.height:
        order = order or _order(sheet, header, frame)
    needs_year = frame["y"].is_null().all() and frame["a"].is_null().all() and frame["serial"].is_null().all()
    moments = dates.moments(frame, order or "ymd", (year or _year(sheet, header)) if needs_year else None)
    if (frame["offset"].is_not_null()).any():
        utc = pl.select(pl.lit(moments) - pl.duration(minutes=pl.lit(frame["offset"]))).to_series()
        moments = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    bad = moments.is_null() & text.is_not_null()
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    return moments


def _order(sheet: Sheet, header: str, frame: pl.DataFrame) -> str:
    possible = dates.orders(frame)
    if len(possible) == 1:
        return possible[0]
    place = frame["a"].is_not_null().arg_max() or 0
    if possible:
        message = _("day and month cannot be told apart: ‘{text}’", text=sheet.cells[header][place])
        raise UserError(
            message, where=sheet.at(place, header), cure=_("Write the dates as 2026-07-01 and give the file again.")
        )
    first, second = ((frame[name] > 12).fill_null(value=False).arg_max() or 0 for name in "ab")  # months
    raise _styles_error(sheet, header, [first, second])


def _several_styles(sheet: Sheet, header: str, frame: pl.DataFrame, styles: list[str]) -> UserError:
    return _styles_error(
        sheet, header, sorted((frame["style"] == style).fill_null(value=False).arg_max() or 0 for style in styles)
    )


def _styles_error(sheet: Sheet, header: str, places: Sequence[int]) -> UserError:
    listing = ", ".join(
        _("row {row} ‘{text}’", row=sheet.rows[place], text=sheet.cells[header][place]) for place in places
    )
    return UserError(
        _("dates are written in {count} styles: {said}", count=len(places), said=listing),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write all of them as 2026-07-01 and give the file again."),
    )


def _year(sheet: Sheet, header: str) -> int:
    """The year the titles name, else the sheet's name, else the file's. Raises UserError where none does."""
    for text in (" ".join(sheet.titles), sheet.sheet, Path(sheet.file).stem):
        years = re.findall(r"(?<!\d)((?:19|20)\d\d)(?:(?:0[1-9]|1[0-2])(?:[0-3]\d)?)?(?!\d)", text)
        if years:
            return int(years[0])
    raise UserError(
        _("the dates have no year (‘{text}’)", text=sheet.cells[header].drop_nulls()[0]),
        where=f"{sheet.where} ‘{header}’",
        cure=_("Write the year into the dates or into a title above the table."),
    )


def _no_time(sheet: Sheet, header: str, place: int, count: int = 1) -> UserError:
    text = str(texts(sheet, header)[place])[:60]
    cure = _("Write it as 2026-07-01 13:00 and give the file again.")
    return UserError(
        _("‘{text}’ is not a date or time", text=text), where=sheet.at(place, header), cure=also_in(count) + cure
    )


def _clock(sheet: Sheet, header: str) -> pl.Series:
    """Time of day as a duration: hours 0..24, ``13:00``, ``오후 1시``, ``12~13시`` (its end)."""
    header = named(sheet, header)
    raw = sheet.cells[header]
    if raw.dtype == pl.Datetime:
        return pl.select(pl.lit(raw) - pl.lit(raw).dt.truncate("1d")).to_series()
    if raw.dtype.is_numeric():
        seconds = raw.cast(pl.Float64) * 3600
    else:
        text = normalised(texts(sheet, header))
        half = text.str.extract(r"(?i)(오후|pm)", 1).is_not_null()
        noon = text.str.extract(r"(?i)(오전|오후|am|pm)", 1).is_not_null()
        parts = text.str.extract_groups(
            r"^(?:.*[~∼-])?\D*?(?P<h>\d{1,2})(?:\s*[:시]\s*(?P<m>\d{1,2}))?(?::(?P<s>\d{1,2}))?\D*$"
        ).struct.unnest()
        hour = parts["h"].cast(pl.Float64)
        hour = (
            pl.select(pl.when(pl.lit(noon) & (pl.lit(hour) == 12)).then(0.0).otherwise(pl.lit(hour))).to_series()
            + half.cast(pl.Float64) * 12
        )  # noon
        seconds = hour * 3600 + parts["m"].cast(pl.Float64).fill_null(0) * 60 + parts["s"].cast(pl.Float64).fill_null(0)
    bad = (
        (seconds.is_null() & raw.is_not_null())
        | (seconds > 86400).fill_null(value=False)
        | (seconds < 0).fill_null(value=False)
    )
    if bad.any():
        raise _no_time(sheet, header, bad.arg_max() or 0, int(bad.sum()))
    return (seconds.cast(pl.Int64) * 1_000_000).cast(pl.Duration("us"))
