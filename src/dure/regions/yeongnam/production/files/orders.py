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
    def said(self) -> str:
        """What is made, and how many, as people say it."""
        pieces = "" if self.quantity is None else f"× {self.quantity:g}"
        return " ".join(part for part in (self.item, self.item_name, pieces) if part)[:200]

    def at(self, *names: str) -> str:
        """Its cell, for messages."""
        return self.rows.at(self.place, *names)


def orders(sheets: Sequence[Rows], found: Findings, year: int | None) -> dict[str, Order]:
    """Orders by name; an order with a mistake is in `found.bad` by its name.

    A sheet with a row an operation repeats its orders: the first row of each says what the order is.
    """
    known: dict[str, Order] = {}
    for rows in sheets:
        repeats = "machine" in rows.headers
        weights = _weights(rows, found)
        releases, dues = (moments(rows, name, found, year) for name in ("release", "due"))
        columns = {name: rows.column(name) for name in ("order", "line", "item", "item_name", "quantity", "due")}
        for place in range(len(rows)):
            said = {name: column[place] or "" for name, column in columns.items()}
            if not any(said[name] for name in ("order", "item", "item_name")):
                continue
            name = _name(said, rows, place, found)
            if not name or (repeats and name in known):
                continue
            quantity = _quantity(said["quantity"], name, rows, place, found)
            order = Order(
                name, said["item"], said["item_name"], quantity, releases[place], dues[place], weights[place], rows, place
            )  # fmt: skip
            _fits(order, known, written=said["due"], found=found)
            known.setdefault(name, order)
    return known


def _name(said: dict[str, str], rows: Rows, place: int, found: Findings) -> str:
    if not said["order"]:
        cure = _("Give it a number, or delete the row.")
        found.fault(_("the order has no number"), rows.at(place, "order"), cure)
        return ""
    return "-".join(part for part in (said["order"], said["line"]) if part)[:100]


def _quantity(text: str, name: str, rows: Rows, place: int, found: Findings) -> float | None:
    if "quantity" not in rows.headers:
        return None
    number = re.fullmatch(r"([\d,]+(?:\.\d+)?)\s*\D*", text)
    if number and (pieces := float(number[1].replace(",", ""))) > 0:
        return pieces
    merge = "" if text else rows.merge(place, "quantity")
    if merge:
        what = _("the cell is part of the merged cells {cells}", cells=merge)
        cure = _("Write the number of pieces into every row.")
    else:
        what = _("‘{text}’ is no number of pieces", text=text) if text else _("the number of pieces is missing")
        cure = _("Write how many pieces are ordered.")
    found.fault(what, rows.at(place, "quantity"), cure, name)
    return None


def _fits(order: Order, known: dict[str, Order], *, written: str, found: Findings) -> None:
    """A duplicate, a due date before the release, a due date that could not be read."""
    if order.name in known:
        first = known[order.name]
        what = _("the order {name} is there twice (first: {where})", name=order.name, where=first.rows.row(first.place))
        found.fault(what, order.at("order"), _("Delete one of the rows, or number them apart."), order.name)
    if order.due and order.release and order.due.end <= order.release.time:
        what = _("due {due} is before the release {release}", due=_said(order.due), release=_said(order.release))
        found.fault(what, order.at("due"), _("Correct one of the two dates."), order.name)
    if written and order.due is None:
        found.bad.add(order.name)


def _said(moment: Moment) -> str:
    return f"{moment.time:%Y-%m-%d}" if moment.day else f"{moment.time:%Y-%m-%d %H:%M}"


def _weights(rows: Rows, found: Findings) -> list[int]:
    """Weight of a minute late: a weight or a grade, else a rank turned round; ten times as much where urgent."""
    columns = {name: rows.column(name) for name in ("weight", "grade", "rank", "urgent")}
    ranks = [int(text) if text and text.isdigit() else None for text in columns["rank"]]
    last = max((rank for rank in ranks if rank is not None), default=0)
    if last:
        found.note(_("‘{header}’: 1 is the most urgent", header=rows.headers["rank"]))
    weights = []
    for place in range(len(rows)):
        weight = 1 if ranks[place] is None else last + 1 - (ranks[place] or 0)
        for name in ("grade", "weight"):
            text = columns[name][place]
            weight = weight if text is None else _weight(text, rows, place, name, found)
        worded = columns["urgent"][place] or (columns["rank"][place] if ranks[place] is None else None)
        if same(worded) in _YES:
            weight *= URGENT
        weights.append(min(weight, _HEAVIEST))
    if any(columns["urgent"]):
        found.note(_("urgent orders count {times} times", times=URGENT))
    return weights


def _weight(text: str, rows: Rows, place: int, name: str, found: Findings) -> int:
    word = _WORDS.get(same(text)) or _WORDS.get(same(text).removesuffix("등급").removesuffix("급"))
    if word:
        found.note(
            _("‘{header}’ counts as a weight: A or high 5, B or normal 3, C or low 1", header=rows.headers[name])
        )
        return word
    number = re.fullmatch(r"(\d+)(\.\d+)?", text)
    if number:
        return max(0, min(round(float(text)), _HEAVIEST))
    cure = _("Write a number, 1 for a usual order.")
    found.fault(_("‘{text}’ is no weight", text=text), rows.at(place, name), cure)
    return 1
