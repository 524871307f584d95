"""A plant's sheets read together: every order with the operations that it needs, and their minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dure import texts

from ..model.jobs import LONGEST
from .calendar import Calendar, calendar
from .cells import Findings, Rows, same, suggestion
from .orders import Order, orders
from .routings import Machines, Routings, Step, machines, routings

_ = texts(__file__)


@dataclass
class Part:
    """An operation of an order as it will be asked: a step of the routing, or a part of it."""

    step: Step
    minutes: dict[str, int]
    family: str
    label: str


@dataclass
class Plant:
    """All sheets read; the request is made of it."""

    findings: Findings
    orders: dict[str, Order]
    routings: Routings
    machines: Machines
    calendar: Calendar
    sheets: Mapping[str, list[Rows]]
    jobs: dict[str, list[Part]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)  # steps of an order that are done and left out


def read(sheets: Mapping[str, list[Rows]], findings: Findings, begins: datetime | None) -> Plant:
    """Orders, routings, machines and calendar of the sheets; orders with a mistake have no operations."""
    year = begins.year if begins else None
    names = machines(sheets.get("machines", ()), sheets["routings"], sheets.get("calendar", ()))
    book = orders(sheets["orders"], findings, year)
    key = _key(sheets)
    pieces = any(order.quantity for order in book.values())
    routes = routings(sheets["routings"], names, findings, key=key, pieces=pieces)
    plant = Plant(findings, book, routes, names, calendar(sheets.get("calendar", ()), names, findings, year), sheets)
    for name, order in book.items():
        steps = _steps(plant, order)
        if steps and name not in findings.bad:
            plant.jobs[name] = [part for step in steps for part in _parts(plant, order, step)]
    return plant


def _key(sheets: Mapping[str, list[Rows]]) -> str:
    """What routings and orders have in common: an order, an item, or an item's name."""
    in_routings = set.intersection(*(set(rows.headers) for rows in sheets["routings"]))
    in_orders = set.union(*(set(rows.headers) for rows in sheets["orders"]))
    if "order" in in_routings:
        return "order"
    return next(
        (key for key in ("item", "item_name") if key in in_routings and key in in_orders),
        "item" if "item" in in_routings else "item_name",
    )


def _steps(plant: Plant, order: Order) -> list[Step]:
    """The operations of an order; without any, or with a mistake in them, the order is bad."""
    routes, findings = plant.routings, plant.findings
    product = {"order": order.rows.column("order")[order.place] or "", "item": order.item or order.item_name,
            "item_name": order.item_name or order.item}[routes.key]  # fmt: skip
    key = same(product)
    if key not in routes.steps:
        problem = _("there is no routing for {name}", name=product or order.name)
        findings.fault(
            problem,
            order.at(routes.key, "item", "item_name", "order"),
            suggestion(product, list(routes.names.values())),
            order.name,
        )
        return []
    if key in findings.products:
        findings.bad.add(order.name)
    return [step for step in routes.steps[key] if step.options]


# ---- operations ---------------------------------------------------------------------------------------------------------


def _parts(plant: Plant, order: Order, step: Step) -> list[Part]:
    """The operation, or where it is longer than machines work in one piece, its parts of whole pieces."""
    pieces = order.quantity or 1.0
    fixed = {name: 0.0 if plant.routings.families else time.set_up for name, time in step.options.items()}
    lot_minutes = {name: time.of(pieces) + round(fixed[name]) for name, time in step.options.items()}
    limits = {name: plant.calendar.stretch(name, LONGEST) for name in step.options}
    family = step.family or (order.item or order.item_name if _by_item(plant) else "")
    fit = {name: spent for name, spent in lot_minutes.items() if spent <= limits[name]}
    if fit:
        return [Part(step, fit, family, step.label)]
    count = max(-(-2 * spent // max(1, limits[name])) for name, spent in lot_minutes.items())
    longest = max(time.of(1) + fixed[name] - limits[name] for name, time in step.options.items())
    if (
        pieces < 2
        or longest > 0
        or max(lot_minutes.values()) > LONGEST
        or any(time.lot > 0 for time in step.options.values())
    ):
        _does_not_fit(plant, order, step, lot_minutes, limits)
        return []
    count = min(int(count), int(pieces))
    shares = [int(pieces) // count + (number < int(pieces) % count) for number in range(count)]
    plant.findings.note(_("operations longer than a machine works in one piece are planned in parts of whole pieces"))
    return [
        Part(step, {name: time.of(share) + round(fixed[name] * (number == 0)) for name, time in step.options.items()},
              family, f"{step.label} {number + 1}/{count}")
        for number, share in enumerate(shares)
    ]  # fmt: skip


def _by_item(plant: Plant) -> bool:
    """Whether set-ups are told apart by product: there is a sheet of them, and no column of families."""
    return "set_ups" in plant.sheets and not plant.routings.families


def _does_not_fit(
    plant: Plant, order: Order, step: Step, minutes: Mapping[str, int], limits: Mapping[str, int]
) -> None:
    machine = min(minutes, key=minutes.__getitem__)
    problem = _("{order}, operation {name}: {minutes} min do not fit, {machine} works {limit} min in one piece",
             order=order.name, name=step.label, minutes=minutes[machine], machine=machine, limit=limits[machine])  # fmt: skip
    cure = _("Divide the lot, or give the machine longer hours.")
    plant.findings.fault(problem, step.rows.at(step.place, "minutes", "minutes_each"), cure, order.name)
