"""Plans made by a dispatching rule, compiled: time runs from event to event."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .compiled import inner
from .floor import Floor, Work, is_open, set_up

if TYPE_CHECKING:
    from ..model.shop import Ints, Shop
else:
    Ints = Any

RULES = ("FIFO", "SPT", "LPT", "MWKR", "MOPNR", "EDD", "S/OPN", "CR", "WSPT", "ATC", "COVERT", "SST")
FIFO, SPT, LPT, MWKR, MOPNR, EDD, S_OPN, CR, WSPT, ATC, COVERT, SST = range(len(RULES))
LOOKAHEAD = 3.0  # k of ATC, in mean minutes of what waits
WAITS = 2.0  # b of ATC and COVERT: minutes of waiting to expect for a minute of work


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
    if not is_open(shop, m, now, end):
        return -1
    family = shop.family[o] if minutes else family
    for k in range(work.pin_from[m] + floor.pinned[m], work.pin_from[m + 1]):
        x = work.pins[k]
        takes = floor.end[x] > floor.start[x]
        begin = floor.start[x] - (set_up(shop, m, family, shop.family[x]) if takes else 0)
        if begin < busy or not is_open(shop, m, begin, floor.start[x]):
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
        priority = float(floor.arrived[o])
        if rule != FIFO:
            priority = _priority(shop, work, rule, o, minutes, end - now - minutes, now, total / kept)
        # What a pin waits for goes first, whatever the rule.
        ahead, equal = work.promised[o] - promised, priority - first
        if best < 0 or ahead < 0 or (ahead == 0 and (equal < 0 or (equal == 0 and o < work.owner[best]))):
            best, promised, first = c, work.promised[o], priority
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
            event = heappop(events) % (jobs + machines)
            if event >= jobs:
                touched[event - jobs] = True
                continue
            minute = _go_on(shop, work, floor, event, now, step, touched)
            if minute == -2:
                return False
            if minute >= 0:
                heappush(events, minute * (jobs + machines) + event)
        for m in range(machines - 1, -1, -1):
            if touched[m]:
                touched[m] = False
                _take(shop, work, floor, rule, m, now, events)
    return True
