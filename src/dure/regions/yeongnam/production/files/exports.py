"""A plan as files that people keep: CSV, calendar events; `workbook` has what a foreman prints."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dure import UserError, texts

from ..explain.lines import Line, lines, moment

if TYPE_CHECKING:
    from ..model.forms import Request, Response

_ = texts(__file__)


def headers() -> tuple[str, ...]:
    """Headers of the plan that is read back."""
    return (
        _("Order"), _("Operation no"), _("Machine"), _("Start"), _("End"), _("Minutes"), _("Set-up before"),
        _("Order late by"), _("Product"), _("Operation"),
    )  # fmt: skip


def rows(
    request: Request, response: Response
) -> Iterator[tuple[str, int, str, datetime | int, datetime | int, int, int, int, str, str]]:
    """One row an operation under `headers`, by machine and start; moments where they are known, else minutes."""
    for machine, work in lines(request, response).items():
        for line in work:
            placed = line.placed
            start, end = (moment(request, minute) or minute for minute in (placed.start, placed.end))
            spent = placed.end - placed.start
            yield placed.job, placed.operation, machine, start, end, spent, line.set_up, line.late, line.item, line.name


def save_csv(request: Request, response: Response, path: Path) -> None:
    """One row an operation, UTF-8 with a byte order mark as spreadsheet programs expect it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers())
        for row in rows(request, response):
            writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    """A cell of a CSV; a name that begins like a formula is kept text by an apostrophe."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def save_ics(request: Request, response: Response, path: Path) -> None:
    """One event an operation, in local time, the machine as its place; an event keeps its name when it is planned again.

    Raises UserError where nobody has said when minute 0 is, or where the library is missing.
    """
    if request.begins is None:
        cure = _("Give it: --set begins=2026-07-01T08:00.")
        raise UserError(_("a calendar needs the date and time of minute 0"), where="begins", cure=cure)
    try:
        import icalendar
    except ModuleNotFoundError:
        raise missing("icalendar") from None
    book = icalendar.Calendar()
    book.add("prodid", "-//Dure//yeongnam.production//")
    book.add("version", "2.0")
    stamp = datetime.now(UTC)
    for machine, work in lines(request, response).items():
        for line in work:
            placed = line.placed
            event = icalendar.Event()
            event.add("uid", hashlib.sha256(f"{placed.job}\0{placed.operation}".encode()).hexdigest()[:32] + "@dure")
            event.add("dtstamp", stamp)
            event.add("dtstart", moment(request, placed.start))
            event.add("dtend", moment(request, placed.end))
            event.add("summary", f"{placed.job} · {line.name}")
            event.add("location", machine)
            event.add("description", _remark(line))
            book.add_component(event)
    path.write_bytes(book.to_ical())


def _remark(line: Line) -> str:
    parts = [line.item] if line.item else []
    parts.append(_("{minutes} min", minutes=line.placed.end - line.placed.start))
    parts += [_("set-up before: {minutes} min", minutes=line.set_up)] if line.set_up else []
    parts += [_("the order is late by {minutes} min", minutes=line.late)] if line.late else []
    return ", ".join(parts)


def missing(library: str) -> UserError:
    """That a library of the extra is not installed."""
    cure = _("Install it with: pip install 'dure[production]'")
    return UserError(_("this needs the library {name}", name=library), cure=cure)
