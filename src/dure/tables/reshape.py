"""What the cells of a sheet look like, and sheets brought into one row a case: 24 hour columns, days in three columns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _
from dure.tables import number_column, time_column
from dure.tables.cells import kind_of
from dure.tables.sheet import texts

if TYPE_CHECKING:
    from dure.tables.sheet import Sheet

_SAMPLE = 400


@dataclass(frozen=True)
class Look:
    """What the cells of a column look like: shares of numbers and times among the filled ones, and the numbers."""

    number: float
    time: float
    values: pl.Series
    texts: list[str]


def look(sheet: Sheet, header: str) -> Look:
    """What a column looks like, from at most some hundred of its cells."""
    raw = sheet.cells[header].drop_nulls()
    sample = raw.gather_every(max(1, raw.len() // _SAMPLE)).head(_SAMPLE)
    first_texts = [
        str(text).removesuffix(" 00:00:00")
        for text in texts(replace(sheet, cells=pl.DataFrame([raw.head(3)]), headers=(header,)), header)
    ]
    kinds = [kind_of(cell) for cell in sample.to_list()]
    kinds = [kind for kind in kinds if kind != "empty"]
    if not kinds:
        return Look(0.0, 0.0, pl.Series([], dtype=pl.Float64), first_texts)
    values = sample.cast(pl.Float64, strict=False) if sample.dtype.is_numeric() else _numbers_in(sample)
    return Look(kinds.count("number") / len(kinds), kinds.count("time") / len(kinds), values.drop_nulls(), first_texts)


def _numbers_in(sample: pl.Series) -> pl.Series:
    """The numbers among texts, for comparing with a range only."""
    text = sample.cast(pl.String).str.normalize("NFKC").str.extract(r"^\s*([-+]?[\d,]*\.?\d+)", 1)
    return text.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)


def spelled(text: str) -> str:
    """A header without what does not matter: width, case, spaces, brackets, 율 or 률."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return (
        re.sub(r"[\s()\[\]{}_\-./·,:#'\"]+", "", plain)
        .replace("률", "율")
        .replace("년월일", "일자")
        .replace("날짜", "일자")
    )


_HOUR = re.compile(
    r"(?:(?P<from>\d{1,2})(?:시|:00)?\s*[~∼-]\s*)?(?:h|hour_?|t|시간)?\s*(?P<to>\d{1,2})\s*(?:시간대|시간|시|h|hr|:00|th)?(?P<rest>(?!\d).*)",
    re.IGNORECASE,
)


def _hour_of(part: str) -> tuple[int, bool, str] | None:
    """The hour a header names, whether it is the end of an interval that was spelt out, and the rest of the header."""
    match = _HOUR.fullmatch(unicodedata.normalize("NFKC", part).strip())
    if not match or int(match["to"]) > 24:  # hours of a day
        return None
    rest = match["rest"].strip(" _-/()")
    return int(match["to"]), match["from"] is not None, rest


def hour_groups(sheet: Sheet) -> dict[str, dict[int, str]]:
    """Groups of 24 headers: name of the group to hour (1..24, as the hour ends) to header."""
    groups: dict[str, dict[int, str]] = {}
    spans: dict[str, bool] = {}
    for header in sheet.headers:
        parts = header.split(" / ")
        for place, part in enumerate(parts):
            hour = _hour_of(part)
            tail = re.fullmatch(r"(.*?\D)[\s_]*(\d{1,2})\s*(?:시간|시|h|hr)?", part) if hour is None else None
            if tail and int(tail[2]) <= 24:  # hours of a day
                hour = int(tail[2]), False, tail[1].strip(" _-")
            if hour:
                name = " ".join([*parts[:place], *parts[place + 1 :], hour[2]]).strip()
                groups.setdefault(name, {})[hour[0]] = header
                spans[name] = spans.get(name, False) or hour[1]
                break
    complete = {}
    for name, hours in groups.items():
        if set(hours) >= set(range(1, 25)):
            complete[name] = {hour: hours[hour] for hour in range(1, 25)}
        elif set(hours) == set(range(24)):
            complete[name] = {(hour + 1 if not spans[name] else hour or 24): header for hour, header in hours.items()}
    return complete


def _ends_at(header: str, hour: int) -> bool:
    """Whether a header of hours ends with this one: ``1시`` and ``0~1시`` end at 1, ``0시`` begins there."""
    return any((named := _hour_of(part)) and named[0] == hour for part in header.split(" / ")) or bool(
        re.search(rf"(?<!\d)0?{hour}\D*$", header)
    )


def _day_header(sheet: Sheet, headers: list[str]) -> str:
    """The column of days: cells that look like dates, else digits under a header that says so; empty where none."""
    looks = {header: look(sheet, header) for header in headers}
    dated = [header for header, look in looks.items() if look.time > 0.5]
    digits = [header for header, look in looks.items() if look.number > 0.5 and _DAY_NAME.search(spelled(header))]
    return next(iter(dated + digits), "")


_DAY_NAME = re.compile("일자|일시|date|거래일|발전일|기준일")
_QUARTER = re.compile(r"(?P<h>\d{1,2})\s*(?::|시)\s*(?P<m>00|15|30|45)(?::00|\s*분)?")
_DAY = 24 * 60


def quarter_groups(sheet: Sheet) -> dict[str, dict[int, str]]:
    """Groups of 96 headers: name of the group to minute of the day (15..1440, as the quarter of an hour ends) to header."""
    groups: dict[str, dict[int, str]] = {}
    for header in sheet.headers:
        *outer, last = header.split(" / ")
        if clock := _QUARTER.fullmatch(unicodedata.normalize("NFKC", last).strip()):
            groups.setdefault(" ".join(outer), {})[int(clock["h"]) * 60 + int(clock["m"])] = header
    ends, starts = set(range(15, _DAY + 1, 15)), set(range(0, _DAY, 15))
    return {
        name: {minute if ends == set(minutes) else minute + 15: header for minute, header in sorted(minutes.items())}
        for name, minutes in groups.items()
        if set(minutes) in (ends, starts)
    }


def wide_hours(sheet: Sheet) -> Sheet:
    """24 hour columns, or 96 of quarters of an hour, become rows; the day becomes the moment each interval ends.

    24시 is the next day's 00:00. Several groups of columns become several columns. Headers 0시 to 23시 name the hour that
    begins. Raises UserError where there is no column of days, or where a cell is no number (with its row and hour).
    """
    quarters = quarter_groups(sheet)
    groups = quarters or {
        name: {hour * 60: header for hour, header in hours.items()} for name, hours in hour_groups(sheet).items()
    }
    timed = {header for columns in groups.values() for header in columns.values()}
    rest = [header for header in sheet.headers if header not in timed]
    day = _day_header(sheet, rest)
    if not day:
        raise UserError(
            _("there is no column of days beside the 24 hours"),
            where=sheet.where,
            cure=_("Add a column with the date of each row."),
        )
    days = time_column.times(sheet, day)
    count = sheet.cells.height
    base = sheet.cells.select(rest).with_columns(days.alias(day), pl.int_range(count).alias("\0row"))
    blocks = []
    names = {name: name or "value" for name in groups}
    for minute in next(iter(groups.values())):
        values = [number_column.numbers(sheet, columns[minute]).alias(names[name]) for name, columns in groups.items()]
        blocks.append(
            base.with_columns(pl.col(day) + pl.duration(minutes=minute), *values, pl.lit(minute).alias("\0minute"))
        )
    long = pl.concat(blocks).sort("\0row", "\0minute")
    units = {header: unit for header, unit in sheet.units.items() if header in rest}
    for name, columns in groups.items():
        unit = sheet.units.get(next(iter(columns.values())), "") or sheet.unit
        if unit:
            units[names[name]] = unit
    cells = long.drop("\0row", "\0minute")
    return replace(
        sheet,
        headers=tuple(cells.columns),
        cells=cells,
        rows=[sheet.rows[place] for place in long["\0row"]],
        units=units,
        notes=(*sheet.notes, *_how_long(groups, quarters=bool(quarters))),
    )


def _how_long(groups: dict[str, dict[int, str]], *, quarters: bool) -> list[str]:
    """How the columns of a day were taken, for the person."""
    if quarters:
        return [_("96 columns of quarters of an hour became rows; each moment is the end of its quarter")]
    notes = [_("24 hour columns became rows; each moment is the end of its hour, 24시 the next day's 00:00")]
    if any(not _ends_at(columns[60], 1) for columns in groups.values()):
        notes.append(_("the headers 0 to 23 were taken as the hours that begin there"))
    return notes


_DAY_PARTS = (("년", "연도", "년도", "year", "yyyy"), ("월", "month", "mm"), ("일", "day", "dd"))


def days_apart(sheet: Sheet) -> list[str]:
    """Headers of year, month and day where a sheet holds them in three columns; empty where it does not."""
    candidates = [
        [header for header in sheet.headers if spelled(header.split(" / ")[-1]) in names] for names in _DAY_PARTS
    ]
    headers = [fits[0] for fits in candidates if len(fits) == 1]
    return (
        headers
        if len(headers) == len(_DAY_PARTS) and all(look(sheet, header).number > 0.5 for header in headers)
        else []
    )


def joined_days(sheet: Sheet) -> Sheet:
    """Year, month and day in three columns become one column of dates, the first of them.

    Raises UserError naming the row where the three are no day.
    """
    headers = days_apart(sheet)
    parts = [number_column.numbers(sheet, header) for header in headers]
    year, month, day = (part.cast(pl.Int64).to_list() for part in parts)
    days = [
        _day(sheet, headers, place, date_parts) for place, date_parts in enumerate(zip(year, month, day, strict=True))
    ]
    name = "년월일"
    rest = [header for header in sheet.headers if header not in headers]
    cells = sheet.cells.select(pl.Series(name, days, dtype=pl.Date), *rest)
    note = _("{names} became one date", names=", ".join(headers))
    return replace(sheet, headers=(name, *rest), cells=cells, notes=(*sheet.notes, note), written=())


def _day(sheet: Sheet, headers: list[str], place: int, parts: tuple[int | None, ...]) -> date | None:
    year, month, day = parts
    if year is None and month is None and day is None:
        return None
    try:
        return date(year or 0, month or 0, day or 0)
    except ValueError:
        raise UserError(
            _("‘{text}’ is not a date or time", text="-".join("" if part is None else str(part) for part in parts)),
            where=sheet.at(place, ", ".join(headers)),
            cure=_("Write it as 2026-07-01 13:00 and give the file again."),
        ) from None


def long(sheet: Sheet) -> Sheet:
    """The sheet with one row a case: days in three columns joined, 24 hour columns turned into rows, where it has them."""
    joined = joined_days(sheet) if days_apart(sheet) else sheet
    return wide_hours(joined) if quarter_groups(joined) or hour_groups(joined) else joined
