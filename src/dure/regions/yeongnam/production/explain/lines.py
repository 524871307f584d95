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
    steps = {(job.name, number): each for job in request.jobs for number, each in enumerate(job.operations, 1)}
    items = {job.name: job.item for job in request.jobs}
    pins = {(pin.job, pin.operation) for pin in request.pins}
    work: dict[str, list[Placed]] = defaultdict(list)
    for each in response.operations:
        work[each.machine].append(each)
    found: dict[str, list[Line]] = {}
    for machine in request.machines:
        minutes, family = changes(request.set_ups, machine), None
        found[machine] = []
        for each in sorted(work[machine], key=lambda each: (each.start, each.end)):
            key = (each.job, each.operation)
            own, name = steps[key].family, steps[key].name or str(each.operation)
            set_up = minutes.get((family, own), 0) if family is not None and each.end > each.start else 0
            late_by = max(0, late.get(each.job, 0))
            found[machine].append(Line(each, own, set_up, late_by, key in pins, items[each.job], name))
            family = own if each.end > each.start else family
    return found


def lateness(request: Request, response: Response) -> dict[str, int]:
    """Minutes from the due date to the end of every order that has one; below 0 where it is early."""
    ends: dict[str, int] = defaultdict(int)
    for each in response.operations:
        ends[each.job] = max(ends[each.job], each.end)
    return {job.name: ends[job.name] - job.due for job in request.jobs if job.due is not None}


def moment(request: Request, minute: int) -> datetime | None:
    """The local date and time of a minute; None where nobody has said when minute 0 is."""
    return None if request.begins is None else request.begins.replace(tzinfo=None) + timedelta(minutes=minute)


def moved(request: Request, operations: Sequence[Placed]) -> list[tuple[Placed, Placed]]:
    """Each operation that is not where the plan in force has it: (as in force, as now), by its new start."""
    now = {(each.job, each.operation): each for each in operations}
    pairs = [(each, now[each.job, each.operation]) for each in request.previous]
    changed = [(old, new) for old, new in pairs if (old.machine, old.start) != (new.machine, new.start)]
    return sorted(changed, key=lambda pair: pair[1].start)
