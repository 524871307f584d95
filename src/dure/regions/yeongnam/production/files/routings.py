"""Routings: which operations make a product, in which order, on which machines, in how many minutes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dure import nearest

from .cells import Findings, Rows, _, minutes, same, suggestion, time_unit
from .scale import Cell, out_of_scale, whole_column

_PER_LOT = re.compile(r"lot|로트|batch|배치|주문당|order|총|total", re.IGNORECASE)
_PER_PIECE = re.compile(r"개당|/\s*(개|ea|pcs?|piece)|per piece|cycle|c/t|s/t|each", re.IGNORECASE)
_APART = re.compile(r"\s*(?:[/,;|+\n]|또는|혹은|\bor\b)\s*")


@dataclass(frozen=True)
class Time:
    """Minutes of an operation on a machine: for each piece, for the lot, for setting up."""

    piece: float
    lot: float
    set_up: float

    def of(self, pieces: float) -> int:
        """Whole minutes for so many pieces, without the set-up; never too few."""
        return math.ceil(self.piece * pieces + self.lot - 1e-9)


@dataclass
class Step:
    """An operation of a routing."""

    number: str
    name: str
    family: str
    rows: Rows
    place: int
    options: dict[str, Time] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Number and name, as the plant says them."""
        return f"{self.number} {self.name}".strip()


@dataclass
class Routings:
    """Operations by product (or order), and whether `key` is an order, an item or an item's name."""

    key: str
    steps: dict[str, list[Step]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # as written, by key
    families: bool = False  # whether a column says them


@dataclass
class Machines:
    """Names of machines as the plant writes them, and groups of them."""

    names: dict[str, str] = field(default_factory=dict)  # as written, by `same`
    groups: dict[str, list[str]] = field(default_factory=dict)

    def find(self, text: str) -> list[str] | None:
        """The machines a cell means: one, a group's, or several (``M1/M2``); None where one is unknown."""
        if same(text) in self.names:
            return [self.names[same(text)]]
        if same(text) in self.groups:
            return self.groups[same(text)]
        parts = [part for part in _APART.split(text) if part]
        matches = [self.find(part) for part in parts] if parts and parts != [text] else [None]
        return None if None in matches else [name for group in matches for name in group or ()]


def machines(lists: Sequence[Rows], routings: Sequence[Rows], calendars: Sequence[Rows]) -> Machines:
    """Machines of the plant: of its list where there is one, else those of the routings."""
    known = Machines()
    for rows in lists:
        for name, group in zip(rows.column("machine"), rows.column("group"), strict=True):
            if name:
                known.names.setdefault(same(name), name)
                known.groups.setdefault(same(group), []).append(name) if group else None
    if not lists:
        known.names = _used(routings, {same(name) for rows in calendars for name in rows.column("machine") if name})
    return known


def _used(routings: Sequence[Rows], trusted: set[str]) -> dict[str, str]:
    """Names of machines in routings, but for those that are another one misspelt; `trusted` ones stand elsewhere too."""
    cells = [text for rows in routings for text in rows.column("machine") if text]
    written = [part for text in cells for part in _APART.split(text) if part]
    times = Counter(same(name) for name in written)
    certain = [key for key in times if times[key] > 1 or key in trusted]
    known: dict[str, str] = {}
    for name in written:
        if same(name) in certain or not _misspelt(same(name), certain):
            known.setdefault(same(name), name)
    return known


def _misspelt(name: str, names: list[str]) -> bool:
    """Whether a name that stands once is another one but for a letter; M1 and M2 are two machines."""
    close = nearest(name, names)
    if not close or len(close) < 3 or re.sub(r"\d", "", name) == re.sub(r"\d", "", close):
        return False
    return (len(name) == len(close) and sum(a != b for a, b in zip(name, close, strict=True)) == 1) or (
        abs(len(name) - len(close)) == 1 and (set(name) <= set(close) or set(close) <= set(name))
    )


def routings(sheets: Sequence[Rows], known: Machines, findings: Findings, *, key: str, pieces: bool) -> Routings:
    """Operations of every product or order, in their order; what has a mistake is in `findings.products`.

    Parameters
    ----------
    key
        order, item or item_name.
    pieces
        Whether orders have a number of pieces: a bare time of a product's operation is then that of a piece.
    """
    routes = Routings(key, families=any("family" in rows.headers for rows in sheets))
    for rows in sheets:
        _read(rows, routes, known, findings, pieces=pieces and key != "order")
    for product, steps in routes.steps.items():
        routes.steps[product] = _in_order(product, routes.names[product], steps, findings)
    return routes


def _read(rows: Rows, routes: Routings, known: Machines, findings: Findings, *, pieces: bool) -> None:
    columns = {name: rows.column(name) for name in (routes.key, "number", "operation", "machine", "family", "before")}
    times = _times(rows, columns, routes.key, findings, pieces=pieces)
    last: tuple[str, str] = ("", "")
    for place in range(len(rows)):
        cells = {name: column[place] or "" for name, column in columns.items()}
        product = same(cells[routes.key])
        if not product:
            if cells["machine"] or cells["operation"]:
                cure = _("Write the product into every row.")
                findings.fault(_("the product is missing"), rows.at(place, routes.key), cure)
            continue
        routes.names.setdefault(product, cells[routes.key])
        steps = routes.steps.setdefault(product, [])
        step = _step(steps, cells, rows, place, last, product, findings)
        last = (product, step.name)
        for name in _machines_of(cells["machine"], rows, place, product, known, findings):
            if name in step.options:
                problem = _("operation {name} is there twice on {machine}", name=step.label, machine=name)
                findings.fault(problem, rows.at(place, "machine"), _("Delete one of the rows."), product=product)
            if (time := times[place]) is not None:
                step.options[name] = time


def _step(
    steps: list[Step], cells: dict[str, str], rows: Rows, place: int, last: tuple[str, str], product: str, findings: Findings
) -> Step:  # fmt: skip
    """The operation a row belongs to: one of the same number, or of the same name in the row before."""
    number, name = cells["number"], cells["operation"]
    for step in steps:
        if number and step.number == number:
            if name and step.name and same(name) != same(step.name):
                problem = _(
                    "number {number} stands for {one} and for {other}", number=number, one=step.name, other=name
                )
                findings.fault(
                    problem, rows.at(place, "number"), _("Give each operation its own number."), product=product
                )
            return step
    if not number and steps and name and last == (product, steps[-1].name) and name == steps[-1].name:
        return steps[-1]
    before = tuple(part for part in _APART.split(cells["before"]) if part and part not in ("-", "0", "없음"))
    steps.append(Step(number, name, cells["family"], rows, place, before=before))
    return steps[-1]


def _machines_of(
    text: str, rows: Rows, place: int, product: str, known: Machines, findings: Findings
) -> list[str]:  # fmt: skip
    if not text:
        findings.fault(_("the machine is missing"), rows.at(place, "machine"), _("Write a machine."), product=product)
        return []
    names = known.find(text)
    if names is None:
        parts = _APART.split(text)
        unknown = next((part for part in parts if part and known.find(part) is None), text)
        problem = _("there is no machine called {name}", name=unknown)
        findings.fault(
            problem, rows.at(place, "machine"), suggestion(unknown, list(known.names.values())), product=product
        )
    return names or []


# ---- minutes ------------------------------------------------------------------------------------------------------------


def _times(
    rows: Rows, columns: dict[str, list[str | None]], key: str, findings: Findings, *, pieces: bool
) -> list[Time | None]:
    """Times of every row; None where one cannot be read."""
    groups = list(zip(columns[key], columns["number"], columns["operation"], columns["machine"], strict=True))
    minutes_of = {name: _column(rows, name, groups, findings) for name in ("minutes_each", "minutes", "set_up")}
    lots = _is_lot(rows, findings, pieces=pieces)
    if (
        not pieces and "minutes" in rows.headers
    ):  # the whole order's minutes are given: the minutes of a piece say no more
        minutes_of["minutes_each"] = [0.0] * len(rows)
    times: list[Time | None] = []
    for place in range(len(rows)):
        piece, lot, set_up = (minutes_of[name][place] for name in ("minutes_each", "minutes", "set_up"))
        if piece is None or lot is None or set_up is None:
            times.append(None)
        else:
            times.append(Time(piece, lot, set_up) if lots else Time(piece + lot, 0.0, set_up))
    return times


def _is_lot(rows: Rows, findings: Findings, *, pieces: bool) -> bool:
    """Whether the plain time column is for the whole lot, not for a piece; a doubt is told."""
    written = " ".join(
        name
        for name, base in zip(rows.sheet.written, rows.sheet.headers, strict=False)
        if base == rows.headers.get("minutes")
    )
    if "minutes" not in rows.headers or not pieces or _PER_LOT.search(written) or "minutes_each" in rows.headers:
        return True
    if not _PER_PIECE.search(written):
        findings.note(
            _("{where}: ‘{header}’ is taken as the time of one piece; write LOT into the header where it is the whole lot's",
              where=rows.sheet.where, header=rows.headers["minutes"])
        )  # fmt: skip
    return False


def _column(rows: Rows, name: str, groups: Sequence[tuple[str | None, ...]], findings: Findings) -> list[float | None]:
    """Minutes of a column; an unreadable cell is a fault of its product, and None."""
    if name not in rows.headers:
        return [0.0] * len(rows)
    unit = time_unit(rows, name) or "min"
    values: list[float | None] = []
    cells = []
    only = name != "set_up" and len({"minutes", "minutes_each"} & set(rows.headers)) == 1
    for place, text in enumerate(rows.column(name)):
        product = same(groups[place][0])
        if text is None:
            values.append(_blank(rows, name, place, groups, values, findings) if only else 0.0)
            continue
        parsed = minutes(text, unit)
        values.append(None if parsed is None else parsed[0])
        if parsed is None:
            cure = _("Write minutes as a number, or close the machine in the calendar.")
            findings.fault(
                _("‘{text}’ is no time in minutes", text=text[:40]), rows.at(place, name), cure, product=product
            )
        elif not parsed[1] and parsed[0] > 0:
            cells.append(Cell(place, parsed[0], text, tuple(same(text) for text in groups[place])))
    _scale(cells, unit, rows, name, findings)
    return values


def _scale(cells: list[Cell], unit: str, rows: Rows, name: str, findings: Findings) -> None:
    """Hours and minutes mixed: a fault of each product, with the reading that fits."""
    if whole_column(cells, unit):
        problem = _("the header says hours, but ‘{text}’ and the others look like minutes", text=cells[0].text)
        cure = _("Write (min) into the header, or the unit into the cells.")
        findings.fault(problem, rows.at(cells[0].place, name), cure)
        findings.products |= {cell.groups[0] for cell in cells}
        return
    for cell, fits, other in out_of_scale(cells, unit):
        row = rows.sheet.rows[other.place]
        problem = _("‘{text}’ is out of scale beside ‘{other}’ in row {row}: hours and minutes are mixed",
                 text=cell.text, other=other.text, row=row)  # fmt: skip
        cure = _("Write {minutes} min if that is meant, or the unit into the cell.", minutes=f"{fits:g}")
        findings.fault(problem, rows.at(cell.place, name), cure, product=cell.groups[0])


def _blank(
    rows: Rows, name: str, place: int, groups: Sequence[tuple[str | None, ...]], values: list[float | None], findings: Findings
) -> float | None:  # fmt: skip
    """An empty cell: merged with the row above of the same operation it has its value; else a fault."""
    merge = rows.merge(place, name)
    if merge and place and groups[place][:3] == groups[place - 1][:3]:
        findings.note(
            _("{where}: merged cells {cells} hold for all their rows", where=rows.at(place, name), cells=merge)
        )
        return values[place - 1]
    problem = _("the cell is part of the merged cells {cells}", cells=merge) if merge else _("the minutes are missing")
    findings.fault(
        problem, rows.at(place, name), _("Write the minutes into every row."), product=same(groups[place][0])
    )
    return None


# ---- order of the operations --------------------------------------------------------------------------------------------


def _in_order(product: str, name: str, steps: list[Step], findings: Findings) -> list[Step]:
    """By predecessors where they are given, else by number, else as they stand."""
    if any(step.before for step in steps):
        return _after_predecessors(product, name, steps, findings)
    numbers = [_number(step.number or step.name) for step in steps]
    if all(number is not None for number in numbers):
        return [step for _n, step in sorted(zip(numbers, steps, strict=True), key=lambda pair: pair[0] or 0)]
    return steps


def _number(text: str) -> float | None:
    match = re.fullmatch(r"\D{0,4}(\d+(?:\.\d+)?)\D{0,3}", text.strip())
    return float(match[1]) if match else None


def _after_predecessors(product: str, name: str, steps: list[Step], findings: Findings) -> list[Step]:
    """Every operation after those it names; of several possible orders, the one by number or by row."""
    places = {same(text): place for place, step in enumerate(steps) for text in (step.name, step.number) if text}
    before: list[set[int]] = []
    for step in steps:
        unknown = [text for text in step.before if same(text) not in places]
        for text in unknown:
            problem = _("{product} has no operation {name} to come before", product=name, name=text)
            cure = suggestion(text, [other_step.number or other_step.name for other_step in steps])
            findings.fault(problem, step.rows.at(step.place, "before"), cure, product=product)
        before.append({places[same(text)] for text in step.before if text not in unknown})
    done: list[int] = []
    while len(done) < len(steps):
        ready = [place for place in range(len(steps)) if place not in done and before[place] <= set(done)]
        if not ready:
            _circle(product, steps, before, set(done), findings)
            return steps
        done.append(min(ready, key=lambda place: (_number(steps[place].number) or 0.0, place)))
    if any(one not in before[other] for one, other in pairwise(done)):
        findings.note(
            _("{product}: operations that could run at the same time are done one after the other", product=name)
        )
    return [steps[place] for place in done]


def _circle(product: str, steps: list[Step], before: list[set[int]], done: set[int], findings: Findings) -> None:
    """Name the operations that wait for each other."""
    place = next(place for place in range(len(steps)) if place not in done)
    way = [place]
    while (place := min(before[place] - done)) not in way:
        way.append(place)
    circle = [*way[way.index(place) :], place]
    labels = " → ".join(steps[number].label for number in reversed(circle))
    rows = ", ".join(str(steps[number].rows.sheet.rows[steps[number].place]) for number in sorted(set(circle)))
    problem = _("the operations run in a circle: {said} (rows {rows})", said=labels, rows=rows)
    cure = _("Correct the operation before in one of these rows.")
    findings.fault(problem, steps[circle[0]].rows.at(steps[circle[0]].place, "before"), cure, product=product)
