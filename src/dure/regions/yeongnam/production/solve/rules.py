"""Dispatching rules: whenever a machine is free, it takes the waiting operation that a rule puts first.

Panwalkar and Iskander (1977, Operations Research 25:45) list the rules, Haupt (1989, OR Spektrum 11:3) reviews them: first in
first out, shortest and longest processing time, most work and most operations remaining, earliest due date, slack per
remaining operation, critical ratio, weighted shortest processing time, shortest set-up time. Apparent tardiness cost (ATC)
and cost over time (COVERT) are those of Vepsalainen and Morton (1987, Management Science 33:1035). The plans are the
non-delay schedules of Giffler and Thompson (1960, Operations Research 8:487), as a foreman makes them: no machine waits
while an operation that it could do now is there. Where a plan is in force, the foreman's other answers are tried too: push
what cannot stay (right shift), or leave all that can and put the rest into gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.plan import Plan, figures_of, value
from ..model.shop import NEVER, Aim, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES = 30  # orders of insertion tried for a pin that is missed


def best_of(shop: Shop, aim: Aim) -> Plan | None:
    """The smallest objective of the rules' plans, equals decided by makespan, then tardiness; None where pins defeat all."""
    plans = [*dispatched(shop), *kept(shop)] or [*around_pins(shop)]
    return min(plans, key=lambda plan: (value(shop, plan, aim), *figures_of(shop, plan)), default=None)


def dispatched(shop: Shop) -> Iterator[Plan]:
    """The plan of each rule that meets the pins."""
    from .dispatch import RULES, dispatch
    from .floor import blank, work_of

    work = work_of(shop)
    for rule in range(len(RULES)):
        floor = blank(shop)
        if dispatch(shop, work, floor, rule):
            yield Plan(floor.machine, floor.start, floor.end)


def kept(shop: Shop) -> Iterator[Plan]:
    """Plans near the one in force, where there is one: no operation begins earlier than in it, and few begin later.

    Right shift keeps every operation on its machine and in its turn; new orders go into gaps once all others stand, or
    before all others. The third plan leaves everything that can stay and puts only the rest into gaps, on any machine.
    """
    import numpy as np

    if not (shop.old >= 0).any():
        return
    nothing, n = np.full_like(shop.old, -1), len(shop.job)
    began = np.where(shop.pin >= 0, shop.pinned, shop.began)
    fresh = (np.maximum.reduceat(began, shop.first[:-1]) < 0)[shop.job]  # operations of jobs that are all new
    # An operation's rank is its start in the plan in force, in a job never before the rank of the operation before it.
    offset = (began.max() + 2) * shop.job
    rank = np.maximum.accumulate(began + offset) - offset
    urgent = shop.due[shop.job]
    for fresh_rank in (NEVER, -1):
        order = np.lexsort((np.arange(n), urgent * fresh, np.where(fresh, fresh_rank, rank)))
        yield from _inserted(shop, order, began, shop.old, keep=False)
        yield from _inserted(shop, order, nothing, nothing, keep=True)


def _inserted(shop, order, low, only, *, keep: bool) -> Iterator[Plan]:
    from .floor import blank, work_of
    from .insertion import insert, line_of

    floor = blank(shop)
    if insert(shop, work_of(shop), floor, line_of(shop), order, low, only, keep) < 0:
        yield Plan(floor.machine, floor.start, floor.end)


def around_pins(shop: Shop) -> Iterator[Plan]:
    """Plans for pins that defeat every rule: what a pin waits for is placed first, the rest in the order of a rule.

    Where a pin is missed still, its job is placed before all others and it is tried again.
    """
    import numpy as np

    from .floor import blank, work_of
    from .insertion import insert, line_of

    work, nothing = work_of(shop), np.full_like(shop.old, -1)
    loose = shop._replace(pin=nothing)
    for plan in dispatched(loose):
        early = np.zeros(len(shop.release), np.int64)
        for attempt in range(TRIES):
            waits = np.where(work.promised < NEVER, early[shop.job], 1)
            rank = np.where(work.promised < NEVER, work.promised, plan.start)
            floor = blank(shop)
            missed = insert(
                shop,
                work,
                floor,
                line_of(shop),
                np.lexsort((np.arange(len(rank)), rank, waits)),
                nothing,
                nothing,
                False,
            )
            if missed < 0:
                yield Plan(floor.machine, floor.start, floor.end)
                break
            early[shop.job[missed]] = -attempt - 1
