"""Where a table keeps its moments: one column, a day and a clock, or year, month and day apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.scaffold.types import RESERVED, Moment, field_name

if TYPE_CHECKING:
    from dure.tables import Sheet

TIME_NAME = re.compile(
    r"일자|일시|날짜|조사일|측정일|기간|년월|연월|(^|[_ ])(date|time|day|datetime|timestamp|month|week)", re.IGNORECASE
)
_YEAR = re.compile(r"^(년|년도|연도|year|yr)$", re.IGNORECASE)
_MONTH, _DAY = re.compile(r"^(월|month)$", re.IGNORECASE), re.compile(r"^(일|day)$", re.IGNORECASE)
_CLOCK = re.compile(r"^(시|시각|시간|시간대|hour|time|clock)$", re.IGNORECASE)


def moment(sheet: Sheet, target: str) -> Moment | None:
    """The time of a row: the column of dates with most different ones, or columns of year, month and day; None: none.

    Raises UserError where the only column named like a time cannot be read.
    """
    candidates: list[tuple[int, str, pl.Series]] = []
    unread: UserError | None = None
    for header in sheet.headers:
        if header == target or (sheet.cells[header].dtype.is_numeric() and not TIME_NAME.search(header)):
            continue  # 41000 may be a day or a weight: only a header that says so makes it a day
        try:
            values = tables.times(sheet, header)
        except UserError as error:
            unread = (
                error
                if unread is None and re.search(r"일자|일시|날짜|조사일|측정일|date", header, re.IGNORECASE)
                else unread
            )
            continue
        if values.n_unique() > 1 or (values.is_not_null().any() and TIME_NAME.search(header)):
            candidates.append((values.n_unique(), header, values))
    if candidates:
        _count, header, values = max(candidates, key=lambda candidate: candidate[0])
        clock = _clock(sheet, header, values)
        values = tables.times(sheet, header, clock=clock) if clock else values
        return Moment((header,), field_name(header, RESERVED - {"time"}), values, clock)
    parts = _year_month_day(sheet, target)
    if parts is None and unread is not None:
        raise unread
    return parts


def _clock(sheet: Sheet, header: str, values: pl.Series) -> str:
    """A column of hours beside a column of days, or an empty string."""
    if (values.drop_nulls().dt.hour() != 0).any():
        return ""
    for candidate in sheet.headers:
        if _CLOCK.search(candidate) and candidate != header:
            try:
                tables.times(sheet, header, clock=candidate)
            except UserError:
                continue
            return candidate
    return ""


def _year_month_day(sheet: Sheet, target: str) -> Moment | None:
    """Columns 연도, 월, 일 as one moment."""
    headers = [
        next((h for h in sheet.headers if pattern.search(h) and h != target), "") for pattern in (_YEAR, _MONTH, _DAY)
    ]
    if not headers[0]:
        return None
    leading = headers[: headers.index("")] if "" in headers else headers
    try:
        values = dated(sheet, *leading)
    except (UserError, pl.exceptions.PolarsError):
        return None
    return Moment(tuple(leading), "time", values, apart=True) if values.n_unique() > 1 else None


def dated(sheet: Sheet, year: str, month: str = "", day: str = "") -> pl.Series:
    """Moments from columns of year, month and day; the first where one is not given.

    Raises UserError where a cell is no number.
    """
    parts = [
        pl.lit(tables.numbers(sheet, name).cast(pl.Int32) if name else pl.Series([1], dtype=pl.Int32))
        for name in (year, month, day)
    ]
    return pl.select(pl.datetime(*parts)).to_series().cast(pl.Datetime("us"))
