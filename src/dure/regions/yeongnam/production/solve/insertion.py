"""Plans made by placing one operation after the other into the gaps of the machines, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from ..model.shop import NEVER, Shop
from .compiled import inner
from .floor import Floor, Work, is_open, opening, set_up

if TYPE_CHECKING:
    from ..model.shop import Ints
else:
    Ints = Any


class Line(NamedTuple):
    """The order of what is placed on each machine; -1 stands for nobody.

    Attributes
    ----------
    before, after
        (n,) neighbours of each operation on its machine.
    first, last
        (m,) of each machine.
    """

    before: Ints
    after: Ints
    first: Ints
    last: Ints


def line_of(shop: Shop) -> Line:
    """Nothing is placed."""
    n, machines = len(shop.job), len(shop.table)
    return Line(np.full(n, -1), np.full(n, -1), np.full(machines, -1), np.full(machines, -1))


@inner
def _left_as(shop: Shop, floor: Floor, line: Line, o: int) -> int:
    """The family that a machine is set for once an operation is done; -1 before all."""
    while o >= 0 and floor.end[o] == floor.start[o]:
        o = line.before[o]
    return -1 if o < 0 else shop.family[o]


@inner
def _leaves_room(shop: Shop, floor: Floor, line: Line, m: int, family: int, end: int, b: int) -> bool:
    """Whether the operations from `b` on keep their place and set-up behind one that ends then and leaves that family."""
    busy = end
    while b >= 0:
        takes = floor.end[b] > floor.start[b]
        begin = floor.start[b] - (set_up(shop, m, family, shop.family[b]) if takes else 0)
        if begin < busy or not is_open(shop, m, begin, floor.start[b]):
            return False
        if takes:
            return True
        busy, b = floor.end[b], line.after[b]
    return True


@inner
def _gap(shop: Shop, floor: Floor, line: Line, c: int, o: int, ready: int) -> tuple[int, int]:
    """(start, operation before) of the first gap that takes a choice of an operation, not before a minute."""
    m, minutes = shop.machine[c], shop.minutes[c]
    a = line.last[m]
    while a >= 0 and floor.end[a] > ready:
        a = line.before[a]
    while True:
        before = _left_as(shop, floor, line, a)
        change = set_up(shop, m, before, shop.family[o]) if minutes else 0
        begin = max(ready - change, shop.now, floor.end[a] if a >= 0 else 0)
        start = opening(shop, m, begin, change + minutes) + change
        b = line.first[m] if a < 0 else line.after[a]
        if b < 0 or _leaves_room(shop, floor, line, m, shop.family[o] if minutes else before, start + minutes, b):
            return start, a
        a = b


@inner
def _put(floor: Floor, line: Line, o: int, m: int, start: int, end: int, a: int) -> None:
    """Place an operation on a machine right behind another one (-1: before all)."""
    b = line.first[m] if a < 0 else line.after[a]
    floor.machine[o], floor.start[o], floor.end[o] = m, start, end
    line.before[o], line.after[o] = a, b
    if a < 0:
        line.first[m] = o
    else:
        line.after[a] = o
    if b < 0:
        line.last[m] = o
    else:
        line.before[b] = o


@inner
def _lift(floor: Floor, line: Line, o: int) -> None:
    """Take an operation out of its place."""
    a, b, m = line.before[o], line.after[o], floor.machine[o]
    if a < 0:
        line.first[m] = b
    else:
        line.after[a] = b
    if b < 0:
        line.last[m] = a
    else:
        line.before[b] = a
    floor.start[o] = -1


@inner
def _ready(shop: Shop, floor: Floor, o: int) -> int:
    """From when on an operation may begin: its release, now where it is not pinned, the end of the one before it."""
    ready = shop.release[shop.job[o]]
    if shop.pin[o] < 0:
        ready = max(shop.now, ready)
    return ready if o == shop.first[shop.job[o]] else max(ready, floor.end[o - 1])


@inner
def _stands(shop: Shop, floor: Floor, line: Line, o: int) -> bool:
    """Whether an operation keeps its place behind what is before it on its machine and in its job."""
    if floor.start[o] < _ready(shop, floor, o):
        return False
    a = line.before[o]
    busy = floor.end[a] if a >= 0 else 0
    if shop.pin[o] < 0:
        busy = max(busy, shop.now)
    return _leaves_room(shop, floor, line, floor.machine[o], _left_as(shop, floor, line, a), busy, o)


@inner
def _keep(shop: Shop, floor: Floor, line: Line, o: int) -> None:
    """Place an operation as in the plan in force, where that still can be."""
    for c in range(shop.option[o], shop.option[o + 1]):
        if shop.machine[c] == shop.old[o] and shop.began[o] >= max(shop.now, shop.release[shop.job[o]]):
            start, a = _gap(shop, floor, line, c, o, shop.began[o])
            if start == shop.began[o]:
                _put(floor, line, o, shop.machine[c], start, start + shop.minutes[c], a)


@inner
def _soonest(shop: Shop, floor: Floor, line: Line, o: int, ready: int, only: int) -> None:
    """Place an operation where it ends soonest: on one machine, or on any of its own (`only` is -1 or none of them)."""
    able = False
    for c in range(shop.option[o], shop.option[o + 1]):
        able |= shop.machine[c] == only
    best, begin, behind, end = -1, 0, -1, NEVER
    for c in range(shop.option[o], shop.option[o + 1]):
        if able and shop.machine[c] != only:
            continue
        start, a = _gap(shop, floor, line, c, o, ready)
        if start + shop.minutes[c] < end:
            best, begin, behind, end = shop.machine[c], start, a, start + shop.minutes[c]
    _put(floor, line, o, best, begin, end, behind)


@njit(cache=True, error_model="numpy")
def insert(  # noqa: C901  # one loop after the other
    shop: Shop,
    work: Work,
    floor: Floor,
    line: Line,
    order: Ints,
    low: Ints,
    only: Ints,
    keep: bool,  # noqa: FBT001  # compiled functions take no names
) -> int:
    """Place one operation after the other into the first gap that takes it.

    Parameters
    ----------
    floor, line
        Blank; they become the plan.
    order
        (n,) operations, those of a job in their order.
    low, only
        (n,) an operation is not placed before this minute; on this machine alone (-1: any).
    keep
        Operations of the plan in force are placed as they were first, and lifted only where they cannot stay.

    Returns
    -------
    -1, or the operation that cannot stand at its pin
    """
    for o in work.pins:
        m = floor.machine[o]
        _put(floor, line, o, m, floor.start[o], floor.end[o], line.last[m])
    if keep:
        for o in order:
            if shop.pin[o] < 0 and shop.old[o] >= 0:
                _keep(shop, floor, line, o)
    for o in order:
        if floor.start[o] >= 0:
            if _stands(shop, floor, line, o):
                continue
            if shop.pin[o] >= 0:
                return o
            _lift(floor, line, o)
        _soonest(shop, floor, line, o, max(low[o], _ready(shop, floor, o)), only[o])
    for o in order:  # what was lifted may have been somebody's set-up
        if not _stands(shop, floor, line, o):
            return o
    return -1
