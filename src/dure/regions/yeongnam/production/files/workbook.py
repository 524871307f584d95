"""The workbook that a foreman prints: orders, one page a machine, and the plan as it is read back."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure import language, texts

from ..explain.lines import Line, lateness, lines, moment
from .columns import PLAN_SHEET
from .exports import headers, missing, rows

if TYPE_CHECKING:
    from ..model.forms import Request, Response

_ = texts(__file__)

BOX, LATE = "☐", "▲"
_INK, _LINE, _HEAD, _RED = "#1c2321", "#b8c0bc", "#e8edea", "#a63d2f"


class _Looks:
    """Formats of the cells."""

    def __init__(self, book: Any) -> None:
        grid = {"border": 1, "border_color": _LINE, "font_size": 11, "valign": "vcenter", "font_color": _INK}
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": _INK})
        self.soft = book.add_format({"font_size": 10, "font_color": "#5c6663"})
        self.head = book.add_format({**grid, "bold": True, "bg_color": _HEAD, "align": "center", "text_wrap": True})
        self.text = book.add_format(grid)
        self.centre = book.add_format({**grid, "align": "center"})
        self.number = book.add_format({**grid, "num_format": "#,##0"})
        self.late = book.add_format({**grid, "bold": True, "font_color": _RED, "align": "center"})
        self.box = book.add_format({**grid, "font_size": 16, "align": "center"})
        day = "[$-412]m/d (ddd)" if language() == "ko" else "[$-409]ddd d mmm"
        self.day = book.add_format({**grid, "num_format": day, "align": "center"})
        self.clock = book.add_format({**grid, "num_format": "hh:mm", "align": "center"})
        self.moment = book.add_format({**grid, "num_format": f"{day} hh:mm", "align": "center"})
        self.midnight = book.add_format({**grid, "num_format": f'{day} "24:00"', "align": "center"})
        self.midnight_clock = book.add_format({**grid, "num_format": '"24:00"', "align": "center"})
        self.exact = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})


def save(request: Request, response: Response, path: Path) -> None:
    """Write the workbook. Raises UserError where the library is missing."""
    try:
        import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
    except ModuleNotFoundError:
        raise missing("xlsxwriter") from None
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        looks, taken = _Looks(book), {PLAN_SHEET.casefold()}
        _orders(book.add_worksheet(_name(_("Orders"), taken)), looks, request, response)
        for machine, work in lines(request, response).items():
            if work:
                _machine(book.add_worksheet(_name(machine, taken)), looks, request, machine, work)
        _plan(book.add_worksheet(PLAN_SHEET), looks, request, response)


def _name(title: str, taken: set[str]) -> str:
    """A name that a spreadsheet allows: at most 31 letters, without some signs, each different."""
    plain = re.sub(r"[\[\]:*?/\\]", "-", title).strip("' ")[:31] or "-"
    name, number = plain, 1
    while name.casefold() in taken or name.casefold() == "history":
        number += 1
        name = f"{plain[: 28 - len(str(number))]} ({number})"
    taken.add(name.casefold())
    return name


def _page(sheet: Any, title: str, widths: tuple[float, ...], head: int) -> None:
    """A4, one page wide, headers on every page, the title and the page's number around it."""
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    sheet.repeat_rows(head)
    sheet.set_header("&L&14&B" + title.replace("&", "&&")[:120])
    sheet.set_footer("&L&D&R&P / &N")
    sheet.freeze_panes(head + 1, 0)
    sheet.hide_gridlines(2)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)


def _moment(sheet: Any, row: int, column: int, request: Request, minute: int | None, look: Any, looks: _Looks) -> None:
    """A minute as date and time where minute 0 is known, else as a number."""
    if minute is None:
        sheet.write_blank(row, column, None, looks.text)
    elif (at := moment(request, minute)) is not None:
        sheet.write_datetime(row, column, at, look)
    else:
        sheet.write_number(row, column, minute, looks.number)


def _end(sheet: Any, row: int, column: int, request: Request, minute: int | None, looks: _Looks, *, day: bool) -> None:
    """The same for an end: midnight is 24:00 of the day before, as people say it."""
    at = None if minute is None else moment(request, minute)
    if at is not None and at.time() == time(0):
        look = looks.midnight if day else looks.midnight_clock
        sheet.write_datetime(row, column, at - timedelta(minutes=1), look)
    else:
        _moment(sheet, row, column, request, minute, looks.moment if day else looks.clock, looks)


def _orders(sheet: Any, looks: _Looks, request: Request, response: Response) -> None:
    """Every order: due, end, late by; the latest first, then by due date."""
    names = (_("Order"), _("Operations"), _("Due"), _("End"), _("Late by [min]"), "", _("Product"))
    _page(sheet, _("Orders"), (18, 10, 19, 19, 12, 5, 30), 2)
    late, ends = lateness(request, response), dict[str, int]()
    for placed in response.operations:
        ends[placed.job] = max(placed.end, ends.get(placed.job, 0))
    count = sum(minutes > 0 for minutes in late.values())
    sheet.write_string(0, 0, _("Plan of the orders"), looks.title)
    sheet.write_string(1, 0, _("{orders} orders, {late} late", orders=len(request.jobs), late=count), looks.soft)
    for column, name in enumerate(names):
        sheet.write_string(2, column, name, looks.head)
    sheet.set_row(2, 24)
    ordered = sorted(request.jobs, key=lambda job: (-max(0, late.get(job.name, 0)), job.due is None, job.due or 0))
    for row, job in enumerate(ordered, 3):
        minutes = max(0, late.get(job.name, 0))
        sheet.write_string(row, 0, job.name, looks.text)
        sheet.write_number(row, 1, len(job.operations), looks.centre)
        sheet.set_row(row, 20)
        _end(sheet, row, 2, request, job.due, looks, day=True)
        _end(sheet, row, 3, request, ends.get(job.name), looks, day=True)
        sheet.write_number(row, 4, minutes, looks.number) if minutes else sheet.write_blank(row, 4, None, looks.text)
        sheet.write_string(row, 5, LATE if minutes else "", looks.late)
        sheet.write_string(row, 6, job.item, looks.text)


def _machine(sheet: Any, looks: _Looks, request: Request, machine: str, work: list[Line]) -> None:
    """One machine: what it does from when to when, with a box to tick off."""
    dated = request.begins is not None
    names = ("", _("Day") if dated else "", _("Start"), _("End"), _("Order"), _("Product"), _("Operation"), _("Minutes"),
             _("Set-up before"), _("Late"), _("Remark"))  # fmt: skip
    _page(sheet, machine, (5, 12 if dated else 2, 8, 8, 16, 26, 18, 8, 14, 6, 16), 2)
    sheet.set_landscape()
    sheet.write_string(0, 0, machine, looks.title)
    spent = sum(line.placed.end - line.placed.start for line in work)
    summary = _("{count} operations, {minutes} min", count=len(work), minutes=f"{spent:,}")
    sheet.write_string(1, 0, summary, looks.soft)
    for column, name in enumerate(names):
        sheet.write_string(2, column, name, looks.head)
    sheet.set_row(2, 24)
    for row, line in enumerate(work, 3):
        placed = line.placed
        sheet.set_row(row, 24)
        sheet.write_string(row, 0, BOX, looks.box)
        if dated:
            _moment(sheet, row, 1, request, placed.start, looks.day, looks)
        else:
            sheet.write_blank(row, 1, None, looks.text)
        _moment(sheet, row, 2, request, placed.start, looks.clock, looks)
        _end(sheet, row, 3, request, placed.end, looks, day=False)
        sheet.write_string(row, 4, placed.job, looks.text)
        sheet.write_string(row, 5, line.item, looks.text)
        sheet.write_string(row, 6, line.name, looks.text)
        sheet.write_number(row, 7, placed.end - placed.start, looks.number)
        before = _("{minutes} min → {family}", minutes=line.set_up, family=line.family) if line.set_up else ""
        sheet.write_string(row, 8, before, looks.text)
        sheet.write_string(row, 9, LATE if line.late else "", looks.late)
        sheet.write_string(row, 10, _("pinned") if line.pinned else "", looks.text)


def _plan(sheet: Any, looks: _Looks, request: Request, response: Response) -> None:
    """One row an operation: given again beside the orders, this is the plan in force."""
    for column, name in enumerate(headers()):
        sheet.write_string(0, column, name, looks.head)
    _page(sheet, _("Plan"), (18, 10, 16, 18, 18, 9, 12, 12, 26, 18), 0)
    for number, row in enumerate(rows(request, response), 1):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write_datetime(number, column, value, looks.exact)
            else:
                sheet.write(number, column, value)
