"""Forecasts as the open weather portal (data.kma.go.kr) writes them: a heading, then days, hours and values."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from dure.errors import UserError, nearest
from dure.formats.kma_columns import BOUNDS, COLUMN_NAMES, ITEM_SCHEMA, KST
from dure.i18n.texts import _
from dure.tables import spelled

_HEAD = re.compile(r"format\s*:(?P<names>.*?)location\s*:\s*(?P<nx>\d+)\s*_\s*(?P<ny>\d+)", re.IGNORECASE)
_START = r"(?i)start\s*:\s*((?:19|20)\d\d(?:0[1-9]|1[0-2]))"
_DAY, _CLOCK, _LEAD = r"^(\d{1,2})$", r"^(\d{1,2}?)(?:00)?$", r"^\+?(\d{1,3})$"


def items_of_portal(path: Path, text: str, variable: str) -> pl.DataFrame:
    """`` format: day,hour,forecast,value location:60_74 Start : 20210101``, then ``1,0200,+6,1.0``; day and hour in UTC."""
    first, _end, rest = text.partition("\n")
    head, start = _HEAD.search(first), re.search(_START, first)
    if head is None or start is None:
        raise UserError(
            _("the first line does not name place and month"),
            where=_row(path, 1),
            cure=_("It is written as: format: day,hour,forecast,value location:60_74 Start : 20210101"),
        )
    columns = [name.strip() for name in head["names"].split(",") if name.strip()]
    if [spelled(name) for name in columns[:3]] != ["day", "hour", "forecast"] or len(columns) < 4:
        message = _("these columns are no forecast: {names}", names=", ".join(columns))
        raise UserError(
            message, where=_row(path, 1), cure=_("Forecasts have day, hour, forecast and what is foretold.")
        )
    names = _variable_names(path, columns[3:], variable)
    rows = _rows(rest, start[1])
    issued = pl.col("month") + pl.duration(days=pl.col("day") - 1, hours=pl.col("hour")) + KST
    timed = rows.with_columns(issued=issued, valid=issued + pl.duration(hours="lead"))
    within = (pl.col("month") + pl.duration(days=pl.col("day") - 1)).dt.month() == pl.col("month").dt.month()
    good = within & (pl.col("day") >= 1) & (pl.col("hour") <= 24) & pl.col("valid").is_not_null() & ~pl.col("back")
    bad = timed.select(~(good & (pl.col("cells").list.len() == len(columns))).fill_null(value=False)).to_series()
    if bad.any():
        raise _row_error(path, timed.row(bad.arg_max() or 0, named=True), len(columns))
    timed = timed.with_columns(grid=pl.lit(f"{int(head['nx'])}_{int(head['ny'])}"), file=pl.lit(path.name))
    values = (
        timed.with_columns(name=pl.lit(name), text=pl.col("cells").list.get(3 + at)) for at, name in enumerate(names)
    )
    return pl.concat([frame.filter(pl.col("text") != "").select(list(ITEM_SCHEMA)) for frame in values]).cast(
        ITEM_SCHEMA
    )


def _rows(text: str, month: str) -> pl.DataFrame:
    """Rows below the first line: row, cells, month (its first moment), day, hour, lead, back (the day before is later).

    What cannot be read is null. A line ``Start : 202102..`` begins another month.
    """
    lines = pl.DataFrame({"line": text.split("\n")}).select(
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("row"), pl.col("line").str.strip_chars(' \t\r",')
    )
    start = pl.col("line").str.extract(_START)
    begun = lines.with_columns(start=start, block=start.is_not_null().cum_sum()).with_columns(
        month=(pl.col("start").forward_fill().fill_null(month) + "01").str.to_datetime("%Y%m%d", time_unit="us")
    )
    rows = begun.filter(pl.col("start").is_null() & (pl.col("line") != "")).select(
        "row", "block", "month", cells=pl.col("line").str.split(",").list.eval(pl.element().str.strip_chars())
    )
    parts = zip(("day", "hour", "lead"), (_DAY, _CLOCK, _LEAD), strict=True)
    rows = rows.with_columns(
        pl.col("cells").list.get(at, null_on_oob=True).str.extract(pattern).cast(pl.Int64).alias(name)
        for at, (name, pattern) in enumerate(parts)
    )
    return rows.with_columns(back=(pl.col("day").diff().over("block") < 0).fill_null(value=False))


def _row_error(path: Path, row: dict[str, Any], width: int) -> UserError:
    """What is wrong with one row of `_rows`."""
    cells, month, number = [*row["cells"], "", "", ""], row["month"], row["row"]
    cure = _("Get the file again from the portal.")
    day, hour, lead = row["day"], row["hour"], row["lead"]
    if day is None or day < 1 or (month + timedelta(days=day - 1)).month != month.month:
        message = _("‘{text}’ is no day of {month}", text=cells[0][:30], month=f"{month:%Y-%m}")
        return UserError(message, where=_row(path, number, "day"), cure=cure)
    if row["back"]:
        message = _("day {day} stands after a later one, and no line ‘Start : ...’ begins a month", day=day)
        return UserError(message, where=_row(path, number, "day"), cure=cure)
    if hour is None or hour > 24:  # hours of a day; the last is the next one's first
        return UserError(_("‘{text}’ is no hour", text=cells[1][:30]), where=_row(path, number, "hour"), cure=cure)
    if lead is None:
        message = _("‘{text}’ is no number of hours", text=cells[2][:30])
        return UserError(message, where=_row(path, number, "forecast"), cure=cure)
    message = _("{found} values stand here, {wanted} belong here", found=len(row["cells"]), wanted=width)
    return UserError(message, where=_row(path, number), cure=cure)


def _variable_names(path: Path, columns: list[str], variable: str) -> list[str]:
    """Our names of the portal's columns: ``value`` is what the file's name says, or `variable`."""
    parts = unicodedata.normalize("NFC", path.stem).split("_")
    candidates = [variable] if variable else parts
    from_file_name = [next((COLUMN_NAMES[spelled(part)] for part in candidates if spelled(part) in COLUMN_NAMES), "")]
    is_single = [spelled(name) for name in columns] == ["value"]
    names = from_file_name if is_single else [COLUMN_NAMES.get(spelled(name), "") for name in columns]
    if "" not in names and len(set(names)) == len(names):
        return names
    unknown = variable or next((column for column, name in zip(columns, names, strict=True) if not name), columns[0])
    close = nearest(unknown, tuple(name for column in BOUNDS.values() for name in column.names))
    cure = _("Did you mean {name}?", name=close) if close else _(
        "Leave the file the name the portal gave it, such as 한림읍_풍속_202101_202112.csv."
    )  # fmt: skip
    raise UserError(_("what is foretold here? ‘{name}’ is none of the forecast's variables", name=unknown),
                    where=_row(path, 1), cure=cure)  # fmt: skip


def _row(path: Path, number: int, column: str = "") -> str:
    where = f"‘{path.name}’"
    return _("{where} row {row} ‘{column}’", where=where, row=number, column=column) if column else _(
        "{where} row {row}", where=where, row=number
    )  # fmt: skip
