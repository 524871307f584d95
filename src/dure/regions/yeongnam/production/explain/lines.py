"""A plan as it is printed and told: machine by machine, order by order, against the plan in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ..model.jobs import Placed, changes

if TYPE_CHECKING:
    from ..model.forms import Request, Response


class Line(NamedTuple):
    """An operation as it is printed.

    Attributes
    ----------
    set_up
        Minutes of set-up right before it.
    late
        Minutes by which its order is late; 0 where it is not.
    item, name
        What is made, and what the operation is called; its number where nobody has named it.
    """

    placed: Placed
    family: str
    set_up: int
    late: int
    pinned: bool
    item: str
    name: str


def lines(request: Request, response: Response) -> dict[str, list[Line]]:
    """Operations by machine, in the order in which it does them; machines without work are there too."""
    late = lateness(request, response)
    steps = {
        (job.name, number): operation for job in request.jobs for number, operation in enumerate(job.operations, 1)
    }
    items = {job.name: job.item for job in request.jobs}
    pins = {(pin.job, pin.operation) for pin in request.pins}
    work: dict[str, list[Placed]] = defaultdict(list)
    for placed in response.operations:
        work[placed.machine].append(placed)
    by_machine: dict[str, list[Line]] = {}
    for machine in request.machines:
        minutes, family = changes(request.set_ups, machine), None
        by_machine[machine] = []
        for placed in sorted(work[machine], key=lambda placed: (placed.start, placed.end)):
            key = (placed.job, placed.operation)
            after, name = steps[key].family, steps[key].name or str(placed.operation)
            set_up = minutes.get((family, after), 0) if family is not None and placed.end > placed.start else 0
            late_by = max(0, late.get(placed.job, 0))
            by_machine[machine].append(Line(placed, after, set_up, late_by, key in pins, items[placed.job], name))
            family = after if placed.end > placed.start else family
    return by_machine


def lateness(request: Request, response: Response) -> dict[str, int]:
    """Minutes from the due date to the end of every order that has one; below 0 where it is early."""
    ends: dict[str, int] = defaultdict(int)
    for placed in response.operations:
        ends[placed.job] = max(ends[placed.job], placed.end)
    return {job.name: ends[job.name] - job.due for job in request.jobs if job.due is not None}


def moment(request: Request, minute: int) -> datetime | None:
    """The local date and time of a minute; None where nobody has said when minute 0 is."""
    return None if request.begins is None else request.begins.replace(tzinfo=None) + timedelta(minutes=minute)


def moved(request: Request, operations: Sequence[Placed]) -> list[tuple[Placed, Placed]]:
    """Each operation that is not where the plan in force has it: (as in force, as now), by its new start."""
    now = {(placed.job, placed.operation): placed for placed in operations}
    pairs = [(placed, now[placed.job, placed.operation]) for placed in request.previous]
    changed = [(old, new) for old, new in pairs if (old.machine, old.start) != (new.machine, new.start)]
    return sorted(changed, key=lambda pair: pair[1].start)
