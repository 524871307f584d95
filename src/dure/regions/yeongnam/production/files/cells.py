"""Cells of a plant's sheets: minutes, moments and clock times as people write them, and mistakes with their cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import polars as pl

from dure import UserError, nearest, tables, texts
from dure.tables import conversion, same_dimension, unit_of

_ = texts(__file__)

DAY = 1440  # minutes


@dataclass(frozen=True)
class Rows:
    """A sheet whose kind is known.

    Parameters
    ----------
    sheet
        As it was found.
    headers
        Header by the name of our column.
    merged
        Tall merged ranges: (first row, last row, letter of the column, what stands in it).
    """

    sheet: tables.Sheet
    headers: Mapping[str, str]
    merged: Sequence[tuple[int, int, str, str]] = ()

    def __len__(self) -> int:
        return self.sheet.cells.height

    def column(self, name: str) -> list[str | None]:
        """A column as text; nothing but None where the sheet does not have it."""
        if name not in self.headers:
            return [None] * len(self)
        cells = tables.texts(self.sheet, self.headers[name]).to_list()
        return [text.strip() or None if text is not None else None for text in cells]

    def at(self, place: int, *names: str) -> str:
        """File, sheet, row and column, for messages."""
        header = next((self.headers[name] for name in names if name in self.headers), "")
        return self.sheet.at(place, header) if header else self.row(place)

    def row(self, place: int) -> str:
        """File, sheet and row, for messages."""
        return _("{where} row {row}", where=self.sheet.where, row=self.sheet.rows[place])

    def merge(self, place: int, name: str) -> str:
        """The merged range (as in C5:C7) that hides a cell; empty where none does."""
        row = self.sheet.rows[place]
        written = dict(zip(self.sheet.rows, self.column(name), strict=True))
        for top, bottom, letter, value in self.merged:
            if top < row <= bottom and same(written.get(top) or "") == same(value):
                return f"{letter}{top}:{letter}{bottom}"
        return ""

    def filled(self) -> Iterator[tuple[str, str]]:
        """Merged ranges whose value stands in all their rows, and that value."""
        places = {row: place for place, row in enumerate(self.sheet.rows)}
        columns = [self.column(name) for name in self.headers]
        for top, bottom, letter, value in self.merged:
            inside = [places[row] for row in range(top, bottom + 1) if row in places]
            if len(inside) > 1 and any(
                all(same(column[place]) == same(value) for place in inside) for column in columns
            ):
                yield f"{letter}{top}:{letter}{bottom}", value


@dataclass
class Findings:
    """What was noticed while reading.

    Parameters
    ----------
    faults
        Mistakes.
    notes
        How things were read.
    bad, products
        Orders that have a mistake, and products (or orders, by the key of the routing) whose routing has one.
    """

    faults: list[UserError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bad: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)

    def fault(self, problem: str, where: str, cure: str, order: str = "", *, product: str = "") -> None:
        """Keep a mistake, and the order or the product it belongs to."""
        self.faults.append(UserError(problem, where=where, cure=cure))
        self.bad |= {order} - {""}
        self.products |= {product} - {""}

    def note(self, text: str) -> None:
        """Keep a remark, once."""
        if text not in self.notes:
            self.notes.append(text)


@cache
def same(text: str | None) -> str:
    """A name without what does not matter: width, case, spaces, kinds of dashes."""
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return re.sub(r"[‐‑–—−]", "-", re.sub(r"\s+", "", plain))


def suggestion(name: str, names: Sequence[str]) -> str:
    """The cure for an unknown name: the nearest one, else all of them."""
    close = nearest(name, list(names))
    if close:
        return _("Did you mean {name}?", name=close)
    return _("Known are: {names}.", names=", ".join(list(names)[:12]) or "-")


# ---- minutes ------------------------------------------------------------------------------------------------------------

_WORDS = {"일": "d", "days": "d", "day": "d", "d": "d", "시간": "h", "hours": "h", "hour": "h", "hrs": "h", "hr": "h", "h": "h",
          "분": "min", "minutes": "min", "minute": "min", "mins": "min", "min": "min", "m": "min",
          "초": "s", "seconds": "s", "second": "s", "secs": "s", "sec": "s", "s": "s"}  # fmt: skip
_PART = rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_DURATION = re.compile(rf"{_PART}(?:\s*{_PART})*(?:\s*/\s*\S+)?")
_CLOCKED = re.compile(r"(\d+):(\d{2})(?::(\d{2}))?")
_FACTOR = {"d": 1440.0, "h": 60.0, "min": 1.0, "s": 1 / 60}
_BRACKET = re.compile(r"[(\[（［]\s*([^)\]）］/]+)")


def minutes(text: str, unit: str = "min") -> tuple[float, bool] | None:
    """Minutes in a cell, and whether the cell itself says the unit; None where it holds none.

    90, "90분", "1시간 30분", "1:30" and "1.5h" are the same; a number alone is in `unit` (d, h, min, s).
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower().replace(",", "")
    if re.fullmatch(r"\d+(\.\d*)?|\.\d+", plain):
        return float(plain) * _FACTOR[unit], False
    if clock := _CLOCKED.fullmatch(plain):
        return int(clock[1]) * 60 + int(clock[2]) + int(clock[3] or 0) / 60, True
    if not _DURATION.fullmatch(plain):
        return None
    return sum(float(number) * _FACTOR[_WORDS[word]] for number, word in re.findall(_PART, plain)), True


def time_unit(rows: Rows, name: str) -> str:
    """The unit a header gives for its times: d, h, min or s; empty where it gives none."""
    header = rows.headers.get(name, "")
    unit = rows.sheet.units.get(header, "").partition("/")[0]
    if not unit and (bracket := _BRACKET.search(header)):
        unit = unit_of(bracket[1])
    if not unit or not same_dimension(unit, "min"):
        return ""
    return {60.0: "h", 1.0: "min", 1440.0: "d"}.get(round(conversion(unit, "min")[0], 6), "s")


# ---- moments and clock times --------------------------------------------------------------------------------------------

_EXCEL_24 = "1900-01-01"  # 24:00 in a cell formatted as a clock time
_CLOCK = r"(?:(오전|오후|am|pm)\s*)?(\d{1,2})\s*(?::\s*(\d{2})(?::\d{2})?|시\s*(?:(\d{1,2})\s*분|(반))?)\s*(am\b|pm\b)?"
_SPAN = re.compile(rf"{_CLOCK}\s*[~∼〜～\-–—]\s*{_CLOCK}")


def clock(text: str) -> int | None:
    """Minutes since midnight (0 to 1440, more for 25:00): 08:00, 8시 30분, 오후 1시, 24:00, 0.5 (of a day), 8 (hours)."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if plain.startswith(_EXCEL_24):
        return DAY
    if re.fullmatch(r"0?\.\d+", plain):
        return round(float(plain) * DAY)
    if re.fullmatch(r"\d{1,2}", plain):
        return int(plain) * 60
    match = re.fullmatch(_CLOCK, plain)
    return _since_midnight(match.groups()) if match else None


def _since_midnight(parts: Sequence[str | None]) -> int:
    before, hour, minute, other, half, after = parts
    hours = int(hour or 0)
    if (before or after) in ("오후", "pm") and hours < 12:
        hours += 12
    elif (before or after) in ("오전", "am") and hours == 12:
        hours = 0
    return hours * 60 + (30 if half else int(minute or other or 0))


def spans(text: str) -> list[tuple[int, int]] | None:
    """Clock spans in a cell: "08:00-12:00, 13:00~17:00"; an end before its start is on the next day. None: there is none."""
    plain = unicodedata.normalize("NFKC", text).lower()
    times = [_span(match) for match in _SPAN.finditer(plain)]
    return [(start, end if end > start else end + DAY) for start, end in times] or None


def _span(match: re.Match[str]) -> tuple[int, int]:
    parts = match.groups()
    return _since_midnight(parts[:6]), _since_midnight(parts[6:])


def over_24(text: str) -> bool:
    """Whether a text holds a clock time after 24:00, such as 25:00 or 24:30."""
    return any(
        int(hour) > 24 or (int(hour) == 24 and int(minute) > 0)
        for hour, minute in re.findall(r"(?<!\d)(\d{2}):(\d{2})(?!\d)", text)
    )


@dataclass(frozen=True)
class Moment:
    """A date with or without a clock time."""

    time: datetime
    day: bool

    @property
    def end(self) -> datetime:
        """The moment as an end: of the day where it has no clock time."""
        return self.time + timedelta(days=1) if self.day else self.time


def moments(rows: Rows, name: str, findings: Findings, year: int | None = None) -> list[Moment | None]:
    """A column of dates; what cannot be read is a fault, and None."""
    if name not in rows.headers:
        return [None] * len(rows)
    header = rows.headers[name]
    written = [text or "" for text in rows.column(name)]
    late = {place for place, text in enumerate(written) if over_24(text)}
    for place in late:
        _too_late(rows, place, name, written[place], findings)
    sheet, bad = _without(rows.sheet, header, late), set(late)
    try:
        times = tables.times(sheet, header, midnight=False, year=year)
    except UserError as error:
        unreadable = _unreadable(sheet, header, year)
        findings.faults += unreadable.values() or [error]
        bad |= set(unreadable)
        try:
            times = tables.times(_without(sheet, header, set(unreadable)), header, midnight=False, year=year)
        except UserError as again:
            findings.faults += [again] if unreadable else []
            return [None] * len(rows)
    dates: list[Moment | None] = []
    for place, (time, text) in enumerate(zip(times.to_list(), written, strict=True)):
        if re.search(r"24\s*:\s*00|24시", text) and place not in bad:
            _midnight(rows, place, name, findings)
        distant = time is not None and not 2000 <= time.year <= 2100
        if distant:
            cure = _("Correct the year, or leave the cell empty.")
            findings.fault(_("‘{text}’ is too far away to be planned", text=text), rows.at(place, name), cure)
        dates.append(None if time is None or distant else Moment(time, _is_day(time, text)))
    return dates


def _is_day(time: datetime, text: str) -> bool:
    """Whether nobody wrote a clock time; a spreadsheet's date is written with 00:00:00 beside cells of text."""
    clockless = not re.search(r"\d\s*[:시]\s*|T\d", text) or text.endswith("00:00:00")
    return clockless and (time.hour, time.minute) == (0, 0)


def _without(sheet: tables.Sheet, header: str, places: set[int]) -> tables.Sheet:
    if not places:
        return sheet
    cells = sheet.cells.with_row_index("\0row").with_columns(
        pl.when(pl.col("\0row").is_in(sorted(places))).then(None).otherwise(pl.col(header)).alias(header)
    )
    return replace(sheet, cells=cells.drop("\0row"))


def _unreadable(sheet: tables.Sheet, header: str, year: int | None) -> dict[int, UserError]:
    """Cells of a column that are no date even by themselves, with what is wrong."""
    faults = {}
    for place in range(sheet.cells.height):
        cell = replace(sheet, cells=sheet.cells.slice(place, 1), rows=[sheet.rows[place]])
        try:
            tables.times(cell, header, midnight=False, year=year)
        except UserError as error:
            faults[place] = error
    return faults if len(faults) < sheet.cells.height else {}


def _midnight(rows: Rows, place: int, name: str, findings: Findings) -> None:
    findings.note(_("{where}: 24:00 is taken as 00:00 of the next day", where=rows.at(place, name)))


def _too_late(rows: Rows, place: int, name: str, text: str, findings: Findings) -> None:
    cure = _("Write the next day's time: 25:30 is 01:30 of the next day.")
    findings.fault(_("‘{text}’ is after 24:00", text=text), rows.at(place, name), cure)


def clocks(rows: Rows, name: str, findings: Findings) -> list[int | None]:
    """A column of clock times as minutes since midnight; what cannot be read is a fault, and None."""
    values: list[int | None] = []
    for place, text in enumerate(rows.column(name)):
        value = clock(text) if text else None
        if text and over_24(text):
            _too_late(rows, place, name, text, findings)
            value = None
        elif text and value is None:
            cure = _("Write it as 08:30.")
            findings.fault(_("‘{text}’ is no time of day", text=text), rows.at(place, name), cure)
        elif value == DAY:
            _midnight(rows, place, name, findings)
        values.append(value)
    return values


# ---- days of the week ---------------------------------------------------------------------------------------------------

_DAYS = ("월", "화", "수", "목", "금", "토", "일")
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SETS = {"평일": range(5), "주중": range(5), "weekdays": range(5), "weekday": range(5), "주말": range(5, 7), "weekend": range(5, 7),
         "weekends": range(5, 7), "매일": range(7), "전일": range(7), "daily": range(7), "everyday": range(7)}  # fmt: skip


def weekdays(text: str) -> set[int] | None:
    """Days of the week (Monday is 0) that a text names: 월~금, 월화수, 토요일, 평일, Mon-Fri; None where it names none."""
    plain = same(text.replace("요일", "")).replace("-", "~").replace("∼", "~").rstrip(".")
    if plain in _SETS:
        return set(_SETS[plain])
    names = {**dict(zip(_DAYS, range(7), strict=True)), **dict(zip(_ENGLISH, range(7), strict=True))}
    pattern = r"(월|화|수|목|금|토|일|mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday|s|rs|r)?"
    days: set[int] = set()
    for part in re.split(r"[,/·&+]|and", plain):
        if span := re.fullmatch(rf"{pattern}(?:~|to){pattern}", part):
            first, last = names[span[1]], names[span[2]]
            days |= {day % 7 for day in range(first, last + 1 + 7 * (last < first))}
        elif re.fullmatch(rf"(?:{pattern})+", part):
            days |= {names[day] for day in re.findall(pattern, part)}
        else:
            return None
    return days
