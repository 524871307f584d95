"""A plant's own order book week by week: the sheets it plans from, cut by the week in which an order may begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dure import Own, Source

from ..files import opens
from ..model.forms import Request
from ..model.jobs import Closed
from .variants import WEEK

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def read(path: Path) -> pl.DataFrame:
    """One row a week: its Monday, or its number where no date is known, and its orders as the JSON of a request.

    Raises the first mistake of the sheets: a trial on half an order book would tell about another plant.
    """
    import polars as pl

    opened = opens([path], {})
    if opened.faults:
        raise opened.faults[0]
    return pl.DataFrame(
        [{"week": name, "request": request.model_dump_json()} for name, request in weekly(opened.request)]
    )


PLANT = Source(
    name="plant",
    title=("우리 공장의 수주, 공정, 달력", "orders, routings and calendar of one's own plant"),
    origin=Own(),
    access="restricted",
    read=read,
)


def weekly(book: Request) -> list[tuple[str, Request]]:
    """The orders of each week as a request of its own that begins on Monday at 0 o'clock.

    An order belongs to the week of its release. What was running or planned is left out: a week is planned from its
    beginning, and the plan of that time may be the practice.
    """
    monday = 0
    if book.begins is not None:
        since = timedelta(days=book.begins.weekday(), hours=book.begins.hour, minutes=book.begins.minute)
        monday = -int(since.total_seconds() // 60)
    weeks = []
    for number in sorted({(job.release - monday) // WEEK for job in book.jobs}):
        start = monday + number * WEEK
        begins = None if book.begins is None else book.begins + timedelta(minutes=start)
        weeks.append((_named(number, begins), _week(book, start, begins)))
    return weeks


def _named(number: int, begins: datetime | None) -> str:
    return f"{number + 1}" if begins is None else begins.date().isoformat()


def _week(book: Request, start: int, begins: datetime | None) -> Request:
    jobs = [
        job.model_copy(update={"release": job.release - start, "due": None if job.due is None else job.due - start})
        for job in book.jobs
        if start <= job.release < start + WEEK
    ]
    closed = [
        Closed(machine=closing.machine, start=max(0, closing.start - start), end=closing.end - start)
        for closing in book.closed
        if closing.end > start
    ]
    families = {operation.family for job in jobs for operation in job.operations}
    set_ups = [set_up for set_up in book.set_ups if {set_up.before, set_up.after} <= families]
    cleared = {"now": 0, "pins": [], "previous": [], "move_weight": 0}
    fields = {"jobs": jobs, "closed": closed, "set_ups": set_ups, "begins": begins}
    return Request.model_validate({**dict(book), **cleared, **fields})
