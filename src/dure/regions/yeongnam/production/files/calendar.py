"""Working hours, days off, repairs and overtime: when a machine is closed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from .cells import DAY, Findings, Moment, Rows, _, clock, clocks, moments, over_24, same, spans, suggestion, weekdays
from .columns import week_headers

if TYPE_CHECKING:
    from .routings import Machines
from ..model.intervals import merged

_OPEN = re.compile(r"잔업|특근|연장|야근|추가\s*(근무|가동)|overtime|extra|open", re.IGNORECASE)
_EVERY = (
    "",
    "전체",
    "전설비",
    "전기계",
    "모든설비",
    "모든기계",
    "공통",
    "전사",
    "공장",
    "all",
    "allmachines",
    "*",
    "plant",
)
ALL = ""
Span = tuple[datetime, datetime]


@dataclass
class Calendar:
    """When machines work; ALL stands for every machine that has no working hours of its own.

    Attributes
    ----------
    weekly
        Clock spans (minutes since midnight) by machine and day of the week.
    closed, opened
        Spans by machine: opened ones open what is closed by hours or days off.
    """

    weekly: dict[str, dict[int, list[tuple[int, int]]]] = field(default_factory=dict)
    closed: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def hours(self, machine: str) -> dict[int, list[tuple[int, int]]] | None:
        """The working hours of a machine: those of all, and its own; where both overlap, its own alone. None: there are none."""
        own, every = self.weekly.get(machine), self.weekly.get(ALL)
        if own is None or every is None:
            return own or every
        overlap = any(a < d and c < b for day, times in own.items() for a, b in times for c, d in every.get(day, ()))
        return own if overlap else {day: [*own.get(day, ()), *every.get(day, ())] for day in {*own, *every}}

    def stretch(self, machine: str, most: int) -> int:
        """The longest time in minutes that a machine usually works in one piece; `most` where it works day and night."""
        week = self.hours(machine)
        if week is None:
            return most
        fortnight = [(day * DAY + start, day * DAY + end) for day in range(14) for start, end in week.get(day % 7, ())]
        longest = max((end - start for start, end in merged(fortnight)), default=0)
        return most if longest >= 7 * DAY else longest

    def shut(self, machine: str, begins: datetime, last: int) -> list[tuple[int, int]]:
        """Closed times in minutes after `begins`, up to minute `last`."""
        week = self.hours(machine)
        work = [(0, last)] if week is None else list(_worked(week, begins, last))
        off = [self._minutes(span, begins) for name in (ALL, machine) for span in self.closed[name]]
        work = _outside(work, merged(off))
        work += [self._minutes(span, begins) for name in (ALL, machine) for span in self.opened[name]]
        return [
            (max(0, start), min(end, last))
            for start, end in _outside([(0, last)], merged(work))
            if start < last and end > 0
        ]

    @staticmethod
    def _minutes(span: Span, begins: datetime) -> tuple[int, int]:
        start, end = ((moment - begins) / timedelta(minutes=1) for moment in span)
        return int(start), int(end)


def _worked(week: dict[int, list[tuple[int, int]]], begins: datetime, last: int) -> list[tuple[int, int]]:
    worked = []
    midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
    before = int((begins - midnight) / timedelta(minutes=1))
    for day in range(-1, (last + before) // DAY + 1):
        weekday = (midnight + timedelta(days=day)).weekday()
        worked += [(day * DAY + start - before, day * DAY + end - before) for start, end in week.get(weekday, ())]
    return merged(worked)


def _outside(spans_: Sequence[tuple[int, int]], holes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of the spans is in none of the holes; holes in order and apart."""
    rest = []
    for start, end in spans_:
        at = start
        for hole, until in holes:
            if until <= at or hole >= end:
                continue
            if hole > at:
                rest.append((at, hole))
            at = max(at, until)
        if at < end:
            rest.append((at, end))
    return rest


# ---- reading ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """A span that a row gives, to be compared with the others of its kind."""

    start: float
    end: float
    rows: Rows
    place: int


def calendar(sheets: Sequence[Rows], machines: Machines, findings: Findings, year: int | None) -> Calendar:
    """The calendar of all sheets; rows that contradict each other are faults, their times are joined."""
    hours = Calendar()
    lines: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    for rows in sheets:
        _Reader(rows, machines, findings, hours, lines, year).read()
    for same_kind in lines.values():
        _overlaps(same_kind, findings)
    return hours


def _overlaps(lines: list[_Line], findings: Findings) -> None:
    ordered = sorted(lines, key=lambda line: (line.start, line.end))
    for one, other in pairwise(ordered):
        if other.start < one.end and (one.rows, one.place) != (other.rows, other.place):
            problem = _("this time overlaps with {where}", where=one.rows.row(one.place))
            findings.fault(
                problem,
                other.rows.at(other.place, "from", "hours", "date"),
                _("Correct one of the rows, or join them."),
            )


class _Reader:
    """Reads one sheet of a calendar, row by row."""

    def __init__(
        self, rows: Rows, machines: Machines, findings: Findings, calendar: Calendar, lines: dict[tuple[str, ...], list[_Line]],
        year: int | None,
    ) -> None:  # fmt: skip
        self.rows, self.machines, self.findings, self.calendar, self.lines = rows, machines, findings, calendar, lines
        self.week = week_headers(rows.sheet)
        self.texts = {name: rows.column(name) for name in ("machine", "weekday", "hours", "break", "kind", "reason")}
        guessed = rows.sheet.filled.get(
            rows.headers.get("machine", ""), ()
        )  # a blank is every machine, not the one above
        for place, row in enumerate(rows.sheet.rows):
            if row in guessed:
                self.texts["machine"][place] = None
        self.dates = moments(rows, "date", findings, year)
        self.ends = {name: self._ends(name, year) for name in ("from", "to")}
        self.title = " ".join((rows.sheet.sheet, *rows.sheet.titles))

    def _ends(self, name: str, year: int | None) -> list[tuple[Moment | None, int | None]]:
        """Each cell of a column as a moment, or as a clock time: whichever its texts are."""
        written = [text for text in self.rows.column(name) if text]
        if written and all(clock(text) is not None or (over_24(text) and len(text) < 9) for text in written):
            return [(None, value) for value in clocks(self.rows, name, self.findings)]
        return [(value, None) for value in moments(self.rows, name, self.findings, year)]

    def read(self) -> None:
        """Every row: working hours of a week, or a dated time."""
        for place in range(len(self.rows)):
            machines = self._machines(place)
            if machines is None:
                continue
            if self.week:
                self._wide(place, machines)
            elif self.dates[place] or self.ends["from"][place][0]:
                self._dated(place, machines)
            elif self.texts["weekday"][place] or self._clocked(place):
                self._weekly(place, machines)

    def _machines(self, place: int) -> list[str] | None:
        text = self.texts["machine"][place] or ""
        if same(text) in _EVERY:
            return [ALL]
        names = self.machines.find(text)
        if names is None:
            problem = _("there is no machine called {name}", name=text)
            self.findings.fault(
                problem, self.rows.at(place, "machine"), suggestion(text, list(self.machines.names.values()))
            )
        return names

    def _clocked(self, place: int) -> list[tuple[int, int]] | None:
        """The clock spans of a row: its hours, or from and to."""
        text = self.texts["hours"][place]
        if text:
            return self._spans(text, place, "hours")
        start, end = self.ends["from"][place][1], self.ends["to"][place][1]
        if start is None or end is None:
            return None
        return [(start, end if end > start else end + DAY)]

    def _spans(self, text: str, place: int, name: str) -> list[tuple[int, int]] | None:
        read = spans(text)
        if over_24(text) or read is None:
            problem = _("‘{text}’ is no span of time", text=text)
            self.findings.fault(problem, self.rows.at(place, name), _("Write it as 08:00-17:00; a day ends at 24:00."))
            return None
        if any(end == DAY for _start, end in read):
            self.findings.note(_("{where}: 24:00 is taken as 00:00 of the next day", where=self.rows.at(place, name)))
        return read

    def _breaks(self, place: int) -> list[tuple[int, int]]:
        text = self.texts["break"][place]
        return (self._spans(text, place, "break") or []) if text else []

    def _wide(self, place: int, machines: list[str]) -> None:
        """월 화 수 목 금 as columns, each with its hours."""
        for header, day in self.week.items():
            text = self.rows.sheet.cells[header].cast(str).to_list()[place]
            if text and (read := spans(text)):
                self._work(place, machines, {day}, read)
            else:
                self._work(place, machines, {day}, [])

    def _weekly(self, place: int, machines: list[str]) -> None:
        text = self.texts["weekday"][place]
        days = weekdays(text) if text else set(range(5))
        if days is None:
            problem = _("‘{text}’ is no day of the week", text=text)
            self.findings.fault(problem, self.rows.at(place, "weekday"), _("Write it as 월~금 or Mon-Fri."))
            return
        if not text:
            self.findings.note(_("{where}: without a day of the week, Monday to Friday", where=self.rows.row(place)))
        read = self._clocked(place)
        self._work(place, machines, days, read or [])

    def _work(self, place: int, machines: list[str], days: set[int], read: list[tuple[int, int]]) -> None:
        hours = _outside(merged(read), merged(self._breaks(place)))
        for machine in machines:
            week = self.calendar.weekly.setdefault(machine, {})
            for day in days:
                week.setdefault(day, []).extend(hours)
                self.lines["week", machine, str(day)] += [_Line(a, b, self.rows, place) for a, b in read]

    def _dated(self, place: int, machines: list[str]) -> None:
        span = self._span(place)
        if span is None:
            return
        words = " ".join(filter(None, (self.texts["kind"][place], self.texts["reason"][place]))) or self.title
        opens = bool(_OPEN.search(words))
        for machine in machines:
            (self.calendar.opened if opens else self.calendar.closed)[machine].append(span)
            start, end = (moment.timestamp() for moment in span)
            self.lines["open" if opens else "closed", machine].append(_Line(start, end, self.rows, place))

    def _span(self, place: int) -> Span | None:
        """From and to of a dated row; whole days where there is no clock time."""
        (begin, since), (finish, until) = self.ends["from"][place], self.ends["to"][place]
        first = begin or self.dates[place]
        assert first is not None
        clocked = self._clocked(place) if begin is None else None
        if clocked:
            midnight = first.time
            return midnight + timedelta(minutes=clocked[0][0]), midnight + timedelta(minutes=clocked[-1][1])
        if finish is None and until is None and (first.day and since is None):
            return first.time, first.end
        if finish is None:
            cure = _("Write until when.")
            self.findings.fault(_("the end is missing"), self.rows.at(place, "to", "from"), cure)
            return None
        if finish.end <= first.time:
            problem = _("the end {end} is not after the start {start}", end=finish.time, start=first.time)
            self.findings.fault(problem, self.rows.at(place, "to"), _("Correct one of the two."))
            return None
        return first.time, finish.end
