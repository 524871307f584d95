"""What is running, and the plan in force: operations that stay, operations that are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dure import texts

from .cells import Rows, moments, same, suggestion

if TYPE_CHECKING:
    from .plant import Plant

_ = texts(__file__)

_DONE = ("완료", "종료", "끝", "done", "finished", "complete", "completed", "closed")
_WAITING = ("대기", "미착수", "예정", "계획", "waiting", "planned", "open", "notstarted", "released")

Begun = tuple[str, int, str, Any]  # order, number of its operation from 1, machine, start


def running(plant: Plant) -> list[Begun]:
    """Operations that have begun and are not done; of those done, how many steps of the order are left out."""
    placed: list[Begun] = []
    for rows in plant.sheets.get("pins", ()):
        starts = moments(rows, "start", plant.findings)
        columns = {name: rows.column(name) for name in ("order", "number", "operation", "machine", "state")}
        for place in range(len(rows)):
            cells = {name: column[place] or "" for name, column in columns.items()}
            state = same(cells["state"])
            if any(word in state for word in _WAITING) or not cells["order"]:
                continue
            number = _numbered(plant, cells, rows, place)
            if number is None:
                continue
            if any(word in state for word in _DONE):
                plant.done[cells["order"]] = max(number, plant.done.get(cells["order"], 0))
            elif (machine := _one_machine(plant, cells["machine"], rows, place)) and (start := starts[place]):
                placed.append((cells["order"], number, machine, start.time))
    return placed


def _numbered(plant: Plant, cells: Mapping[str, str], rows: Rows, place: int) -> int | None:
    """The number from 1 of an order's operation that a row names by number or name; None where it is unknown."""
    parts = plant.jobs.get(cells["order"])
    if parts is None:
        if cells["order"] not in plant.orders:
            problem = _("there is no order called {name}", name=cells["order"])
            plant.findings.fault(problem, rows.at(place, "order"), suggestion(cells["order"], list(plant.orders)))
        return None
    for name in filter(None, (cells.get("number"), cells.get("operation"))):
        for number, part in enumerate(parts, 1):
            if same(name) in (same(part.step.number), same(part.step.name), same(part.label)):
                return number
    named = cells.get("number") or cells.get("operation") or ""
    problem = _("{order} has no operation {name}", order=cells["order"], name=named)
    plant.findings.fault(
        problem, rows.at(place, "number", "operation"), suggestion(named, [part.label for part in parts])
    )
    return None


def _one_machine(plant: Plant, text: str, rows: Rows, place: int) -> str | None:
    names = plant.machines.find(text)
    if names is None or len(names) != 1:
        problem = _("there is no machine called {name}", name=text)
        plant.findings.fault(problem, rows.at(place, "machine"), suggestion(text, list(plant.machines.names.values())))
        return None
    return names[0]


def in_force(plant: Plant) -> list[Begun]:
    """The plan in force, of the orders that are still there."""
    placed: list[Begun] = []
    for rows in plant.sheets.get("plan", ()):
        numbers = rows.column("start")
        plain = all(text is None or text.isdigit() for text in numbers)
        starts: Sequence[Any] = numbers if plain else moments(rows, "start", plant.findings)
        for place, (name, number, machine) in enumerate(
            zip(*(rows.column(name) for name in ("order", "number", "machine")), strict=True)
        ):
            key, start = same(machine), starts[place]
            if (
                name not in plant.jobs
                or key not in plant.machines.names
                or start is None
                or not (number or "").isdigit()
            ):
                continue
            if int(number or 0) <= len(plant.jobs[name]):
                moment = int(start) if plain else start.time
                placed.append((name, int(number or 0), plant.machines.names[key], moment))
        old = {name for name in rows.column("order") if name and name not in plant.orders}
        if old:
            plant.findings.note(_("the plan in force has {count} orders that are no longer there", count=len(old)))
    return placed


def pinned(
    plant: Plant, running: Sequence[Begun], plan: Sequence[Begun], minute: Callable[[Any], int], now: int
) -> list[dict[str, Any]]:
    """What has begun stays: running operations, and those of the plan that begin before `now`.

    Operations before a running one that the plan does not know are done: they are left out of the order.
    """
    begun = {(name, number): (machine, minute(start)) for name, number, machine, start in plan if minute(start) < now}
    begun |= {(name, number): (machine, minute(start)) for name, number, machine, start in running}
    for name, number, _machine, _start in running:
        if any((name, earlier) not in begun for earlier in range(1, number)):
            plant.done[name] = max(plant.done.get(name, 0), number - 1)
    for name, count in plant.done.items():
        if name in plant.jobs:
            plant.findings.note(
                _("{order}: the first {count} operations are done and left out", order=name, count=count)
            )
            if count >= len(plant.jobs[name]):
                del plant.jobs[name]
    pins = []
    for (name, number), (machine, start) in begun.items():
        position = number - plant.done.get(name, 0)
        if name not in plant.jobs or position < 1:
            continue
        if machine not in plant.jobs[name][number - 1].minutes or start < 0:
            plant.findings.note(
                _("{order}, operation {number} on {machine} is planned again: it does not fit the routing or began before the plan",
                  order=name, number=number, machine=machine)
            )  # fmt: skip
        else:
            pins.append({"job": name, "operation": position, "machine": machine, "start": start})
    return pins


def previous(plant: Plant, plan: Sequence[Begun], minute: Callable[[Any], int]) -> list[dict[str, Any]]:
    """The plan in force as the request holds it."""
    placed = []
    for name, number, machine, start in plan:
        position, parts = number - plant.done.get(name, 0), plant.jobs.get(name, [])
        at = minute(start)
        if position > 0 and parts and machine in parts[number - 1].minutes and at >= 0:
            end = at + parts[number - 1].minutes[machine]
            placed.append({"job": name, "operation": position, "machine": machine, "start": at, "end": end})
    return placed
