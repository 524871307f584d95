"""Orders: what is wanted, how many, from when, until when, how urgent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import Findings, Moment, Rows, _, moments, same

URGENT = 10  # weight of an urgent order beside one that is not
_YES = ("o", "y", "yes", "true", "1", "v", "●", "○", "◎", "긴급", "특급", "급", "유", "예", "urgent", "rush")
_WORDS = {"상": 5, "높음": 5, "high": 5, "a": 5, "vip": 5, "중": 3, "보통": 3, "medium": 3, "normal": 3, "b": 3,
          "하": 1, "낮음": 1, "low": 1, "c": 1, "d": 1}  # fmt: skip
_HEAVIEST = 1000


@dataclass(frozen=True)
class Order:
    """An order as it stands in the sheet; `rows` and `place` say where."""

    name: str
    item: str
    item_name: str
    quantity: float | None
    release: Moment | None
    due: Moment | None
    weight: int
    rows: Rows
    place: int

    @property
    def product(self) -> str:
        """What is made, and how many, as people say it."""
        pieces = "" if self.quantity is None else f"× {self.quantity:g}"
        return " ".join(part for part in (self.item, self.item_name, pieces) if part)[:200]

    def at(self, *names: str) -> str:
        """Its cell, for messages."""
        return self.rows.at(self.place, *names)


def orders(sheets: Sequence[Rows], findings: Findings, year: int | None) -> dict[str, Order]:
    """Orders by name; an order with a mistake is in `findings.bad` by its name.

    A sheet with a row an operation repeats its orders: the first row of each says what the order is.
    """
    known: dict[str, Order] = {}
    for rows in sheets:
        repeats = "machine" in rows.headers
        weights = _weights(rows, findings)
        releases, dues = (moments(rows, name, findings, year) for name in ("release", "due"))
        columns = {name: rows.column(name) for name in ("order", "line", "item", "item_name", "quantity", "due")}
        for place in range(len(rows)):
            cells = {name: column[place] or "" for name, column in columns.items()}
            if not any(cells[name] for name in ("order", "item", "item_name")):
                continue
            name = _name(cells, rows, place, findings)
            if not name or (repeats and name in known):
                continue
            quantity = _quantity(cells["quantity"], name, rows, place, findings)
            order = Order(
                name, cells["item"], cells["item_name"], quantity, releases[place], dues[place], weights[place], rows, place
            )  # fmt: skip
            _fits(order, known, written=cells["due"], findings=findings)
            known.setdefault(name, order)
    return known


def _name(cells: dict[str, str], rows: Rows, place: int, findings: Findings) -> str:
    if not cells["order"]:
        cure = _("Give it a number, or delete the row.")
        findings.fault(_("the order has no number"), rows.at(place, "order"), cure)
        return ""
    return "-".join(part for part in (cells["order"], cells["line"]) if part)[:100]


def _quantity(text: str, name: str, rows: Rows, place: int, findings: Findings) -> float | None:
    if "quantity" not in rows.headers:
        return None
    number = re.fullmatch(r"([\d,]+(?:\.\d+)?)\s*\D*", text)
    if number and (pieces := float(number[1].replace(",", ""))) > 0:
        return pieces
    merge = "" if text else rows.merge(place, "quantity")
    if merge:
        problem = _("the cell is part of the merged cells {cells}", cells=merge)
        cure = _("Write the number of pieces into every row.")
    else:
        problem = _("‘{text}’ is no number of pieces", text=text) if text else _("the number of pieces is missing")
        cure = _("Write how many pieces are ordered.")
    findings.fault(problem, rows.at(place, "quantity"), cure, name)
    return None


def _fits(order: Order, known: dict[str, Order], *, written: str, findings: Findings) -> None:
    """A duplicate, a due date before the release, a due date that could not be read."""
    if order.name in known:
        first = known[order.name]
        problem = _(
            "the order {name} is there twice (first: {where})", name=order.name, where=first.rows.row(first.place)
        )
        findings.fault(problem, order.at("order"), _("Delete one of the rows, or number them apart."), order.name)
    if order.due and order.release and order.due.end <= order.release.time:
        problem = _(
            "due {due} is before the release {release}", due=_date_text(order.due), release=_date_text(order.release)
        )
        findings.fault(problem, order.at("due"), _("Correct one of the two dates."), order.name)
    if written and order.due is None:
        findings.bad.add(order.name)


def _date_text(moment: Moment) -> str:
    return f"{moment.time:%Y-%m-%d}" if moment.day else f"{moment.time:%Y-%m-%d %H:%M}"


def _weights(rows: Rows, findings: Findings) -> list[int]:
    """Weight of a minute late: a weight or a grade, else a rank turned round; ten times as much where urgent."""
    columns = {name: rows.column(name) for name in ("weight", "grade", "rank", "urgent")}
    ranks = [int(text) if text and text.isdigit() else None for text in columns["rank"]]
    last = max((rank for rank in ranks if rank is not None), default=0)
    if last:
        findings.note(_("‘{header}’: 1 is the most urgent", header=rows.headers["rank"]))
    weights = []
    for place in range(len(rows)):
        weight = 1 if ranks[place] is None else last + 1 - (ranks[place] or 0)
        for name in ("grade", "weight"):
            text = columns[name][place]
            weight = weight if text is None else _weight(text, rows, place, name, findings)
        worded = columns["urgent"][place] or (columns["rank"][place] if ranks[place] is None else None)
        if same(worded) in _YES:
            weight *= URGENT
        weights.append(min(weight, _HEAVIEST))
    if any(columns["urgent"]):
        findings.note(_("urgent orders count {times} times", times=URGENT))
    return weights


def _weight(text: str, rows: Rows, place: int, name: str, findings: Findings) -> int:
    word = _WORDS.get(same(text)) or _WORDS.get(same(text).removesuffix("등급").removesuffix("급"))
    if word:
        findings.note(
            _("‘{header}’ counts as a weight: A or high 5, B or normal 3, C or low 1", header=rows.headers[name])
        )
        return word
    number = re.fullmatch(r"(\d+)(\.\d+)?", text)
    if number:
        return max(0, min(round(float(text)), _HEAVIEST))
    cure = _("Write a number, 1 for a usual order.")
    findings.fault(_("‘{text}’ is no weight", text=text), rows.at(place, name), cure)
    return 1
