"""Plans made in one pass, compiled: by a dispatching rule, or one operation after the other into the gaps of the machines."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from ..model.shop import NEVER, Shop
from .compiled import inner

if TYPE_CHECKING:
    from ..model.shop import Ints
else:
    Ints = Any

RULES = ("FIFO", "SPT", "LPT", "MWKR", "MOPNR", "EDD", "S/OPN", "CR", "WSPT", "ATC", "COVERT", "SST")
FIFO, SPT, LPT, MWKR, MOPNR, EDD, S_OPN, CR, WSPT, ATC, COVERT, SST = range(len(RULES))
LOOKAHEAD = 3.0  # k of ATC, in mean minutes of what waits
WAITS = 2.0  # b of ATC and COVERT: minutes of waiting to expect for a minute of work


class Work(NamedTuple):
    """What every pass over a shop needs beside it.

    Attributes
    ----------
    owner
        (choices,) the operation of each choice.
    least, left
        (n,) fewest minutes of each operation; of it and of all after it in its job.
    promised
        (n,) when an operation must have begun for the next pin of its job; NEVER without one.
    pin_from, pins
        (m + 1,), (pinned,) pinned operations of each machine in their order.
    room
        (m + 1,) where a machine's queue begins: as long as the list of all that it could do.
    """

    owner: Ints
    least: Ints
    left: Ints
    promised: Ints
    pin_from: Ints
    pins: Ints
    room: Ints


def work_of(shop: Shop) -> Work:
    """The numbers of a shop that do not change from pass to pass."""
    n, machines = len(shop.job), len(shop.table)
    owner = np.repeat(np.arange(n), np.diff(shop.option))
    least = np.minimum.reduceat(shop.minutes, shop.option[:-1])
    since = np.concatenate([[0], np.cumsum(least)])
    left = since[shop.first[shop.job + 1]] - since[:-1]
    promised = np.full(n, NEVER)
    for o in range(n - 1, -1, -1):
        last = o + 1 == shop.first[shop.job[o] + 1]
        promised[o] = NEVER if last or promised[o + 1] == NEVER else promised[o + 1] - least[o]
        promised[o] = shop.pinned[o] if shop.pin[o] >= 0 else promised[o]
    pins = np.flatnonzero(shop.pin >= 0)
    ends = blank(shop).end[pins]
    pins = pins[np.lexsort((ends, shop.pinned[pins], shop.pin[pins]))]
    pin_from = np.concatenate([[0], np.cumsum(np.bincount(shop.pin[pins], minlength=machines))])
    room = np.concatenate([[0], np.cumsum(np.bincount(shop.machine, minlength=machines))])
    return Work(owner, least, left, promised, pin_from, pins, room)


class Floor(NamedTuple):
    """A plan while it is made.

    Attributes
    ----------
    machine, start, end
        (n,) of each operation; the start is -1 until it is placed.
    free, family, pinned
        (m,) when a machine is free, the family of its last operation (-1: none), and the next of its pins.
    arrived
        (n,) when an operation came into the queues.
    queue, waiting
        (choices,), (m,) what waits before each machine, from `Work.room` on, and how many do.
    """

    machine: Ints
    start: Ints
    end: Ints
    free: Ints
    family: Ints
    pinned: Ints
    arrived: Ints
    queue: Ints
    waiting: Ints


def blank(shop: Shop) -> Floor:
    """Only what is pinned is in its place."""
    n, machines = len(shop.job), len(shop.table)
    machine, start, end = shop.pin.copy(), np.full(n, -1), np.zeros(n, np.int64)
    for o in np.flatnonzero(shop.pin >= 0):
        mine = slice(shop.option[o], shop.option[o + 1])
        start[o] = shop.pinned[o]
        end[o] = start[o] + int(shop.minutes[mine][shop.machine[mine] == shop.pin[o]][0])
    zeros = np.zeros(machines, np.int64)
    return Floor(
        machine, start, end, zeros, np.full(machines, -1), zeros.copy(), np.zeros(n, np.int64),
        np.zeros(len(shop.machine), np.int64), zeros.copy(),
    )  # fmt: skip


# ---- what both ways of planning ask of a machine -------------------------------------------------------------------------


@inner
def set_up(shop: Shop, m: int, before: int, after: int) -> int:
    """Minutes of set-up between two families; -1 before: nothing was done here yet."""
    return 0 if before < 0 else shop.change[shop.table[m], before, after]


@inner
def reopening(shop: Shop, m: int, minute: int) -> int:
    """The first closed time of a machine that ends after a minute."""
    low, high = shop.shut[m], shop.shut[m + 1]
    while low < high:
        middle = (low + high) // 2
        if shop.closed[middle, 1] > minute:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def _is_open(shop: Shop, m: int, start: int, end: int) -> bool:
    """Whether no closed time lies between."""
    k = reopening(shop, m, start)
    return k == shop.shut[m + 1] or shop.closed[k, 0] >= end


@inner
def _opening(shop: Shop, m: int, minute: int, length: int) -> int:
    """The first minute from which a machine is open so long."""
    k = reopening(shop, m, minute)
    while k < shop.shut[m + 1] and shop.closed[k, 0] < minute + length:
        minute = shop.closed[k, 1]
        k += 1
    return minute


# ---- dispatching ---------------------------------------------------------------------------------------------------------


@inner
def _priority(shop: Shop, work: Work, rule: int, o: int, minutes: int, change: int, now: int, mean: float) -> float:  # noqa: C901, PLR0911  # one branch a rule
    """What a rule goes by, the smallest first; FIFO is its caller's. Logarithms of ATC, or most would be 0."""
    j = shop.job[o]
    left, takes, due = work.left[o], max(1, minutes + change), shop.due[j]
    if rule == SPT:
        return minutes + change
    if rule == LPT:
        return -minutes
    if rule == MWKR:
        return -left
    if rule == MOPNR:
        return o - shop.first[j + 1]
    if rule == EDD:
        return due
    if rule == S_OPN:
        return (due - now - left) / (shop.first[j + 1] - o)
    if rule == CR:
        return (due - now) / max(1, left)
    if rule == SST:
        return change * 1e9 + min(due, 10**8)
    worth = max(1e-6, shop.weight[j]) / takes
    if rule == WSPT:
        return -worth
    if rule == ATC:
        slack = due - now - minutes - change - (1 + WAITS) * (left - work.least[o])
        return max(0.0, slack) / (LOOKAHEAD * max(1.0, mean)) - log(worth)
    slack = max(0.0, due - now - left)
    urgent = 1 - slack / (WAITS * WAITS * max(1, left))
    return -worth * urgent if urgent > 0 else slack


@inner
def _pass_pins(shop: Shop, work: Work, floor: Floor, m: int, now: int) -> None:
    """Take up what the pins that have begun mean for a machine."""
    while work.pin_from[m] + floor.pinned[m] < work.pin_from[m + 1]:
        o = work.pins[work.pin_from[m] + floor.pinned[m]]
        if floor.start[o] > now:
            break
        floor.free[m] = max(floor.free[m], floor.end[o])
        if floor.end[o] > floor.start[o]:
            floor.family[m] = shop.family[o]
        floor.pinned[m] += 1


@inner
def _end(shop: Shop, work: Work, floor: Floor, c: int, now: int) -> int:
    """When a choice taken now would end; -1 where its machine is not free or it does not fit before what comes next."""
    m, o, minutes = shop.machine[c], work.owner[c], shop.minutes[c]
    _pass_pins(shop, work, floor, m, now)
    if floor.free[m] > now:
        return -1
    family = floor.family[m]
    busy = end = now + minutes + (set_up(shop, m, family, shop.family[o]) if minutes else 0)
    if not _is_open(shop, m, now, end):
        return -1
    family = shop.family[o] if minutes else family
    for k in range(work.pin_from[m] + floor.pinned[m], work.pin_from[m + 1]):
        x = work.pins[k]
        takes = floor.end[x] > floor.start[x]
        begin = floor.start[x] - (set_up(shop, m, family, shop.family[x]) if takes else 0)
        if begin < busy or not _is_open(shop, m, begin, floor.start[x]):
            return -1
        if takes:
            break
        busy = floor.end[x]
    return end


@inner
def _chosen(shop: Shop, work: Work, floor: Floor, rule: int, m: int, now: int) -> int:
    """The choice that a rule puts first of what a machine could do now; -1 for none. The queue forgets what is done."""
    since, kept, total = work.room[m], 0, 0
    for k in range(since, since + floor.waiting[m]):
        c = floor.queue[k]
        if floor.start[work.owner[c]] < 0:
            floor.queue[since + kept] = c
            kept += 1
            total += shop.minutes[c]
    floor.waiting[m] = kept
    best, promised, first = -1, 0, 0.0
    for k in range(since, since + kept):
        c = floor.queue[k]
        end = _end(shop, work, floor, c, now)
        if end < 0:
            continue
        o, minutes = work.owner[c], shop.minutes[c]
        mine = float(floor.arrived[o])
        if rule != FIFO:
            mine = _priority(shop, work, rule, o, minutes, end - now - minutes, now, total / kept)
        # What a pin waits for goes first, whatever the rule.
        ahead, equal = work.promised[o] - promised, mine - first
        if best < 0 or ahead < 0 or (ahead == 0 and (equal < 0 or (equal == 0 and o < work.owner[best]))):
            best, promised, first = c, work.promised[o], mine
    return best


@inner
def _fastest(shop: Shop, work: Work, floor: Floor, c: int, now: int) -> int:
    """Of the choices of an operation that can be taken now, the one that ends soonest; the given one where equal."""
    o = work.owner[c]
    soonest = _end(shop, work, floor, c, now)
    for other in range(shop.option[o], shop.option[o + 1]):
        end = _end(shop, work, floor, other, now)
        if 0 <= end < soonest:
            c, soonest = other, end
    return c


@inner
def _arrive(shop: Shop, work: Work, floor: Floor, o: int, now: int, touched: Any) -> None:
    """Put an operation into every queue that it may wait in."""
    floor.arrived[o] = now
    for c in range(shop.option[o], shop.option[o + 1]):
        m = shop.machine[c]
        floor.queue[work.room[m] + floor.waiting[m]] = c
        floor.waiting[m] += 1
        touched[m] = True


@inner
def _take(shop: Shop, work: Work, floor: Floor, rule: int, m: int, now: int, events: Any) -> None:
    """Let a machine take what it can do now. Of several that are free, the one that ends soonest does it."""
    width = len(shop.release) + len(floor.free)
    taker = -1
    while taker != m:
        c = _chosen(shop, work, floor, rule, m, now)
        if c < 0:
            return
        c = _fastest(shop, work, floor, c, now)
        o, taker, end = work.owner[c], shop.machine[c], _end(shop, work, floor, c, now)
        floor.machine[o], floor.start[o], floor.end[o] = taker, end - shop.minutes[c], end
        floor.free[taker] = end
        if shop.minutes[c]:
            floor.family[taker] = shop.family[o]
        heappush(events, end * width + shop.job[o])
        heappush(events, end * width + len(shop.release) + taker)


@inner
def _openings(shop: Shop, work: Work, floor: Floor) -> Any:
    """A heap of the minutes at which a job is there or a machine opens or is free of a pin.

    An event is one number: minute * (jobs + machines) + job, or + jobs + machine.
    """
    jobs, machines = len(shop.release), len(floor.free)
    width = jobs + machines
    events = [np.int64(shop.release[j] * width + j) for j in range(jobs)]
    heapify(events)
    for m in range(machines):
        for k in range(shop.shut[m], shop.shut[m + 1]):
            heappush(events, max(shop.now, shop.closed[k, 1]) * width + jobs + m)
        for k in range(work.pin_from[m], work.pin_from[m + 1]):
            heappush(events, max(shop.now, floor.end[work.pins[k]]) * width + jobs + m)
    return events


@inner
def _go_on(shop: Shop, work: Work, floor: Floor, j: int, now: int, step: Ints, touched: Any) -> int:
    """Let a job's next operation into the queues; the minute at which the job is to be asked again, or -1.

    An operation that is pinned is in its place already: where its job comes too late for that, the minute is -2.
    """
    o = step[j]
    if o == shop.first[j + 1]:
        return -1
    if shop.pin[o] < 0 and now < shop.now:
        return shop.now
    step[j] += 1
    if shop.pin[o] >= 0:
        return -2 if now > floor.start[o] else floor.end[o]
    _arrive(shop, work, floor, o, now, touched)
    return -1


@njit(cache=True, error_model="numpy")
def dispatch(shop: Shop, work: Work, floor: Floor, rule: int) -> bool:
    """Make the non-delay plan of a rule on a blank floor; False where a job comes too late for its pin.

    Time runs from event to event: a job arrives at its next machines, or a machine may be free again.
    """
    jobs, machines = len(shop.release), len(floor.free)
    step, touched = shop.first[:-1].copy(), np.zeros(machines, np.bool_)
    events = _openings(shop, work, floor)
    while events:
        now = events[0] // (jobs + machines)
        while events and events[0] // (jobs + machines) == now:
            who = heappop(events) % (jobs + machines)
            if who >= jobs:
                touched[who - jobs] = True
                continue
            again = _go_on(shop, work, floor, who, now, step, touched)
            if again == -2:
                return False
            if again >= 0:
                heappush(events, again * (jobs + machines) + who)
        for m in range(machines - 1, -1, -1):
            if touched[m]:
                touched[m] = False
                _take(shop, work, floor, rule, m, now, events)
    return True


# ---- into the gaps -------------------------------------------------------------------------------------------------------


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
        if begin < busy or not _is_open(shop, m, begin, floor.start[b]):
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
        start = _opening(shop, m, begin, change + minutes) + change
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
