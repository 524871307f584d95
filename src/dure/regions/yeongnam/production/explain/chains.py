"""What a plan comes to, and why an order is late: told from the operations alone, whoever planned them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..model.forms import Late, Link, Request, Response, Step
from ..model.intervals import Spans, opening
from ..model.plan import Plan, figures_of, plan_of
from ..model.shop import Shop, shop_of

if TYPE_CHECKING:
    from ..model.jobs import Placed

MOST_LINKS = 50_000  # of all chains together; the worst orders come first


class Wait(NamedTuple):
    """What an operation waited for (`Link.waits`), and the operation before it in the chain; -1 where it begins there."""

    reason: str
    before: int


def explained(
    request: Request, placed: Sequence[Placed], *, lower_bound: int | None = None, progress: Sequence[Step] = ()
) -> Response:
    """The whole response of a plan: its figures, and for every late order the chain of operations that makes it late.

    A chain is walked backwards from the order's last operation, each time to what kept the operation from beginning
    earlier. Where several did, the one named is the first of: its pin, its release or `now` (nothing in the shop would
    help), the machine (there a planner can act: another order first, another machine, overtime), the operation before.
    Where closed time came between, the link waits for "closed" and the chain goes on with what came before the closed
    time; without a link before it, the closed time is where the chain begins.

    Late orders come worst first, by weight times minutes. Once the chains have MOST_LINKS links, the others are empty.

    Parameters
    ----------
    placed
        Every operation of the request once, as a plan that keeps the rules has them.
    lower_bound, progress
        Passed on.
    """
    shop = shop_of(request)
    plan = plan_of(shop, request, placed)
    makespan, tardiness, moved = figures_of(shop, plan)
    return Response(
        operations=list(placed),
        makespan=makespan,
        weighted_tardiness=tardiness,
        lower_bound=lower_bound,
        late=_late(request, shop, plan),
        moved=moved if request.previous else None,
        progress=list(progress),
    )


def _late(request: Request, shop: Shop, plan: Plan) -> list[Late]:
    """Orders that are late with their chains, worst first; operations are links only once, however many chains share them."""
    minutes = plan.end[shop.first[1:] - 1] - shop.due
    late = sorted(np.flatnonzero(minutes > 0).tolist(), key=lambda j: (-minutes[j] * shop.weight[j], -minutes[j], j))
    wait = waits(shop, plan) if late else []
    links: dict[int, Link] = {}
    orders, left = [], MOST_LINKS
    for j in late:
        numbers = _chain(wait, int(shop.first[j + 1]) - 1)
        numbers = numbers if len(numbers) <= left else []
        left -= len(numbers)
        for o in numbers:
            if o not in links:
                links[o] = _link(request, shop, plan, o, wait[o].reason)
        orders.append(Late(job=request.jobs[j].name, minutes=int(minutes[j]), chain=[links[o] for o in numbers]))
    return orders


def _chain(wait: Sequence[Wait], last: int) -> list[int]:
    chain = [last]
    while (before := wait[chain[-1]].before) >= 0:
        chain.append(before)
    return chain[::-1]


def _link(request: Request, shop: Shop, plan: Plan, o: int, reason: str) -> Link:
    j = int(shop.job[o])
    return Link(
        job=request.jobs[j].name,
        operation=o - int(shop.first[j]) + 1,
        machine=request.machines[plan.machine[o]],
        start=int(plan.start[o]),
        end=int(plan.end[o]),
        waits=reason,  # type: ignore[arg-type]  # the form checks it
    )


class Before(NamedTuple):
    """The operations before one in its job and on its machine, -1 for none, and its minutes of set-up."""

    job: int
    machine: int
    change: int


def waits(shop: Shop, plan: Plan) -> list[Wait]:
    """What each operation waited for, and the number of the operation before it in its chain."""
    closed = [list(map(tuple, shop.closed[a:b].tolist())) for a, b in zip(shop.shut, shop.shut[1:], strict=False)]
    previous, change = _predecessors(shop, plan)
    starts = set(shop.first.tolist())
    return [
        _wait(shop, plan, o, Before(-1 if o in starts else o - 1, previous[o], change[o]), closed[plan.machine[o]])
        for o in range(len(shop.job))
    ]


def _predecessors(shop: Shop, plan: Plan) -> tuple[list[int], list[int]]:
    """(operation before on the machine or -1, minutes of set-up) of each operation.

    Operations of 0 minutes at the same moment stand in the order of their jobs, so that no chain runs in a circle.
    """
    place = np.arange(len(shop.job)) - shop.first[shop.job]
    previous, change = [-1] * len(place), [0] * len(place)
    last: dict[int, int] = {}
    family: dict[int, int] = {}
    for o in np.lexsort((shop.job, place, plan.end, plan.start)).tolist():
        m, after = int(plan.machine[o]), int(shop.family[o])
        previous[o] = last.get(m, -1)
        if plan.end[o] > plan.start[o]:
            change[o] = int(shop.change[shop.table[m], family[m], after]) if m in family else 0
            family[m] = after
        last[m] = o
    return previous, change


def _wait(shop: Shop, plan: Plan, o: int, before: Before, closed: Spans) -> Wait:
    """What kept an operation and its set-up from beginning earlier."""
    if shop.pin[o] >= 0:
        return Wait("pinned", -1)
    begin, end = int(plan.start[o]) - before.change, int(plan.end[o])
    reasons = _reasons(shop, plan, o, before)
    # max() keeps the first of equals: the order of the reasons decides.
    since, wait = max(reasons, key=lambda reason: reason[0])
    if since == begin:
        return wait
    if since < begin == opening(closed, since, end - begin):
        return Wait("closed", wait.before)
    return Wait("nothing", -1)


def _reasons(shop: Shop, plan: Plan, o: int, before: Before) -> list[tuple[int, Wait]]:
    """(minute from which an operation and its set-up could begin, what it waits for), most telling first."""
    reasons = [(shop.now, Wait("now", -1))] if shop.now else []
    if before.job < 0:
        reasons.insert(0, (int(shop.release[shop.job[o]]) - before.change, Wait("release", -1)))
    # Where its own job's operation before was the last on the machine, it is that which it waits for.
    if before.machine >= 0 and (before.change or before.machine != before.job):
        reason = "set-up" if before.change else "machine"
        reasons.append((int(plan.end[before.machine]), Wait(reason, before.machine)))
    if before.job >= 0:
        reasons.append((int(plan.end[before.job]) - before.change, Wait("operation before", before.job)))
    return reasons
