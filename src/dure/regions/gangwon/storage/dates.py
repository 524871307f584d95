"""A calendar for data without days and years."""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from dure import UserError

from .forms import _

HOUR = timedelta(hours=1)
NOMINAL = range(2023, 1999, -1)  # years tried for data without a year


def dated(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, int]:
    """The published layout with `time`, the beginning of each hour, and how many rows have no place in the calendar.

    Rows carry month and hour (1 to 24, the hour's end) alone. Days are counted by midnights passed, months by their change; the
    year is invented: the latest whose weekdays agree with day_type and whose February is as long as the file's. Raises
    UserError where month or hour is none.
    """
    months, hours = frame["month"].to_list(), frame["hour"].to_list()
    misplaced = next(
        (
            n
            for n, (m, h) in enumerate(zip(months, hours, strict=True))
            if m not in range(1, 13) or h not in range(1, 25)
        ),
        None,
    )
    if misplaced is not None:
        raise UserError(
            _("month {month} and hour {hour} are no place in a year", month=months[misplaced], hour=hours[misplaced]),
            where=_("{name}, row {row}", name=name, row=misplaced + 2), cure=_("Months run from 1 to 12, hours from 1 to 24."),
        )  # fmt: skip
    runs = list(_runs(months, hours))
    kinds = frame["day_type"].to_list() if "day_type" in frame.columns else []
    year = _year(runs, kinds)
    times: list[datetime | None] = [None] * frame.height
    last_month = 0
    for begin, month, days in runs:
        if last_month and month <= last_month:
            year += 1
        last_month = month
        length = calendar.monthrange(year, month)[1]
        for row, day in enumerate(days, start=begin):
            if 1 <= day <= length:
                times[row] = datetime(year, month, day, hours[row] - 1)  # noqa: DTZ001 - the house's own clock
    placed = (
        frame.with_columns(pl.Series("time", times, dtype=pl.Datetime("us")))
        .drop_nulls("time")
        .unique("time", keep="first", maintain_order=True)
    )
    return placed, frame.height - placed.height


def _runs(months: Sequence[int], hours: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
    """(first row, month, day of each row) of every run of rows of one month.

    A run begins on the first of its month, unless the next month follows it at once: then it ends on its last day. Where it has
    more days than the month, the rows too many come out as days below 1.
    """
    edges = [0, *(row for row in range(1, len(months)) if months[row] != months[row - 1]), len(months)]
    for begin, end in itertools.pairwise(edges):
        day, days = 1, []
        for row in range(begin, end):
            if row > begin and hours[row] <= hours[row - 1]:
                day += 1
            days.append(day)
        month = months[begin]
        follows = end < len(months) and months[end] == month % 12 + 1 and hours[end] == 1 and hours[end - 1] == 24
        length = 28 if month == 2 and day <= 28 else calendar.monthrange(2000, month)[1]
        if (follows and begin == 0) or day > length:
            days = [day_of_run + length - day for day_of_run in days]
        yield begin, month, days


def _year(runs: Sequence[tuple[int, int, list[int]]], kinds: Sequence[int]) -> int:
    """The invented year of the first row."""
    february = max((max(days) for _begin, month, days in runs if month == 2), default=0)

    def fits(year: int) -> bool:
        begin, month, days = runs[0]
        run_year, last = year, 0
        for _begin, run_month, _days in runs:
            run_year += 1 if last and run_month <= last else 0
            last = run_month
            if run_month == 2 and february >= 28 and calendar.isleap(run_year) != (february == 29):
                return False
        day = next((day for day in days if day >= 1), 1)
        kind = kinds[begin + days.index(day)] if kinds and day in days else None
        return kind not in range(1, 8) or date(year, month, day).isoweekday() == kind

    return next((year for year in NOMINAL if fits(year)), NOMINAL[0])
