"""Hours among minutes: a value that fits the others of its operation, product or machine only times 60, or by 60."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

FAR, LIKE = 10.0, 2.0  # out of scale: ten times beyond the others; like them: within twice their range
AGREE = 5.0  # the others agree with each other: the largest is at most so many times the smallest
LONG = 24 * 60  # minutes: a column of hours in which most operations take longer than a day holds minutes


class Cell(NamedTuple):
    """A number of minutes without a unit of its own: where it stands, and what it belongs to.

    Attributes
    ----------
    groups
        Product, number, operation, machine.
    """

    place: int
    minutes: float
    text: str
    groups: tuple[str, ...]


def whole_column(cells: Sequence[Cell], unit: str) -> bool:
    """Whether a column whose header says hours holds minutes."""
    return unit == "h" and bool(cells) and median(cell.minutes for cell in cells) > LONG


def out_of_scale(cells: Sequence[Cell], unit: str) -> Iterator[tuple[Cell, float, Cell]]:
    """Each cell out of scale by 60, what its minutes would be in scale, and a cell it was compared with."""
    flagged: set[int] = set()
    for kind, fewest in ((_operation, 3), (_product, 3), (_machine, 3), (_alternative, 1)):
        grouped: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
        for cell in cells:
            if key := kind(cell):
                grouped[key].append(cell)
        for group in grouped.values():
            for cell in group:
                others = [
                    neighbour for neighbour in group if neighbour.place != cell.place and neighbour.place not in flagged
                ]
                in_scale = (
                    _in_scale(cell.minutes, [neighbour.minutes for neighbour in others])
                    if len(others) >= fewest
                    else None
                )
                if fewest == 1 and in_scale is not None and (in_scale > cell.minutes) is (unit == "h"):
                    continue  # of two, the one that is not in the column's unit
                if in_scale is not None and cell.place not in flagged:
                    flagged.add(cell.place)
                    yield cell, in_scale, others[0]


def _in_scale(value: float, others: list[float]) -> float | None:
    low, high = min(others), max(others)
    if high > AGREE * low or low / FAR <= value <= high * FAR:
        return None
    return next((scaled for scaled in (value * 60, value / 60) if low / LIKE <= scaled <= high * LIKE), None)


def _alternative(cell: Cell) -> tuple[str, ...]:
    return cell.groups[:3] if any(cell.groups[1:3]) else ()


def _operation(cell: Cell) -> tuple[str, ...]:
    return cell.groups[2:3] if cell.groups[2] else ()


def _product(cell: Cell) -> tuple[str, ...]:
    return cell.groups[:1]


def _machine(cell: Cell) -> tuple[str, ...]:
    return cell.groups[3:]
