"""What a planner does when something happens: a request and the plan in force become the request to plan anew.

Each function returns another request; nothing is planned or kept. Together they tell a morning: ``down(replan(request,
plan, now), "saw", now, now + 120)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..model.jobs import Closed, Job, Pin, Placed
from ..model.plan import figures_of, plan_of
from ..model.shop import aim_of, shop_of

if TYPE_CHECKING:
    from ..model.forms import Request


def replan(request: Request, plan: Sequence[Placed], now: int) -> Request:
    """The shop at `now`: what has begun is pinned where it runs, the rest of the plan is the plan in force.

    A request without a `move_weight` gets one: moving all that is left costs as much as the plan comes to, an
    operation at least 1. So a better plan is taken where it is worth the upheaval, and the foremen's sheets stay as
    they are where it is not.

    Parameters
    ----------
    plan
        Operations of the plan in force; orders that are new since may be missing.
    now
        Minute of the request.
    """
    begun = {(placed.job, placed.operation): placed for placed in plan if placed.start < now}
    rest = [placed for placed in plan if (placed.job, placed.operation) not in begun]
    pins = [pin for pin in request.pins if (pin.job, pin.operation) not in begun]
    pins += [Pin(**placed.model_dump(exclude={"end"})) for placed in begun.values()]
    weight = request.move_weight or worth(request, plan, len(rest))
    return _with(request, now=now, pins=pins, previous=rest, move_weight=weight)


def worth(request: Request, plan: Sequence[Placed], left: int) -> int:
    """What an operation costs that is moved: all that are left together as much as the plan, each at least 1."""
    shop, aim = shop_of(request), aim_of(request)
    makespan, late, _moved = figures_of(shop, plan_of(shop, request, plan))
    return max(1, round((aim.makespan * makespan + aim.late * late) / max(1, left)))


def down(request: Request, machine: str, start: int, end: int) -> Request:
    """The machine stands still from `start` to `end`.

    What is pinned into that time on it is begun anew, on any machine that can do it: its pin is gone.
    """
    minutes = {
        (job.name, number): operation.machines
        for job in request.jobs
        for number, operation in enumerate(job.operations, 1)
    }  # fmt: skip
    pins = [
        pin
        for pin in request.pins
        if pin.machine != machine
        or pin.start >= end
        or pin.start + minutes[pin.job, pin.operation].get(machine, 0) <= start
    ]
    return _with(request, pins=pins, closed=[*request.closed, Closed(machine=machine, start=start, end=end)])


def rush(request: Request, job: Job) -> Request:
    """One more order; its weight says how much it matters.

    A request that looks at the makespan alone would not hurry it: from now on it looks at late orders too.
    """
    objective = "both" if request.objective == "makespan" else request.objective
    return _with(request, jobs=[*request.jobs, job], objective=objective)


def overtime(request: Request, machine: str, start: int, end: int) -> Request:
    """The machine works from `start` to `end` even where it was to be closed."""
    closed = []
    for closing in request.closed:
        if closing.machine != machine:
            closed.append(closing)
            continue
        spans = ((closing.start, min(closing.end, start)), (max(closing.start, end), closing.end))
        closed += [Closed(machine=machine, start=since, end=until) for since, until in spans if since < until]
    return _with(request, closed=closed)


def _with(request: Request, **fields: Any) -> Request:
    """The request with other fields, all of it looked at again. Raises ValidationError where it does not fit together."""
    return type(request)(**{**dict(request), **fields})
