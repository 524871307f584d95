"""What a plan comes to, as a planner reads it before keeping it: what is late and why, when it ends, what it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dure import texts

from ..model.plan import plan_of, value
from ..model.shop import aim_of, shop_of
from ..solve.rules import best_of
from .chains import explained
from .lines import moved
from .wording import clock, named, objective, reason, span

if TYPE_CHECKING:
    from ..model.forms import Late, Request, Response

_ = texts(__file__)
WORST, MOST = 5, 10  # late orders with their reason; lines of what is moved


def summary(request: Request, response: Response) -> str:
    """Late orders first, then the end, the objective, what today's practice comes to, and what is proved.

    With a plan in force, what changes against it.
    """
    answer = explained(request, response.operations, lower_bound=response.lower_bound)
    parts = [_late(request, answer), _figures(request, answer)]
    if request.previous:
        parts += [_moved(request, answer), _shifted(request, answer)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _late(request: Request, answer: Response) -> Iterator[str]:
    due = sum(job.due is not None for job in request.jobs)
    if not due:
        return
    if not answer.late:
        yield _("No order is late.")
        return
    minutes = span(sum(late.minutes for late in answer.late))
    yield _("{count} of {all} orders are late, {minutes} in all.", count=len(answer.late), all=due, minutes=minutes)
    for late in answer.late[:WORST]:
        sentence = _("  {order} is {minutes} late", order=late.job, minutes=span(late.minutes))
        yield f"{sentence}: {_cause(request, late)}" if late.chain else sentence
    if len(answer.late) > WORST:
        yield _("  ... and {count} more", count=len(answer.late) - WORST)


def _cause(request: Request, late: Late) -> str:
    """The last thing that an order waited for outside itself."""
    place = max(n for n, link in enumerate(late.chain) if link.waits != "operation before")
    link, before = late.chain[place], late.chain[place - 1] if place else None
    return reason(request, link, link.waits, before)


def _figures(request: Request, answer: Response) -> Iterator[str]:
    end = answer.makespan or 0
    yield _("The plan ends at {at} ({minutes} from its beginning).", at=clock(request, end), minutes=span(end))
    shop, aim = shop_of(request), aim_of(request)
    reached = value(shop, plan_of(shop, request, answer.operations), aim)
    yield _("Objective {value} ({what}).", value=f"{reached:,}", what=objective(request))
    yield _today(request)
    bound = answer.lower_bound
    if bound is not None and bound >= reached:
        yield _("Proved: no plan is better.")
    elif bound:
        above = f"{100 * (reached / bound - 1):.1f}"
        yield _("Proved: no plan is below {bound}; this one is {above} % above that.", bound=f"{bound:,}", above=above)


def _today(request: Request) -> str:
    """What the best dispatching rule comes to."""
    shop, aim = shop_of(request), aim_of(request)
    plan = best_of(shop, aim)
    if plan is None:
        return _("No dispatching rule keeps to what is pinned.")
    minutes = np.maximum(0, plan.end[shop.first[1:] - 1] - shop.due)
    end, reached = clock(request, int(plan.end.max())), f"{value(shop, plan, aim):,}"
    due = sum(job.due is not None for job in request.jobs)
    if not due:
        return _("The best dispatching rule: end {end}, objective {value}.", end=end, value=reached)
    return _(
        "The best dispatching rule: {count} of {all} orders late, {minutes} in all, end {end}, objective {value}.",
        count=int((minutes > 0).sum()), all=due, minutes=span(int(minutes.sum())), end=end, value=reached,
    )  # fmt: skip


def _moved(request: Request, answer: Response) -> Iterator[str]:
    pairs = moved(request, answer.operations)
    count = len(request.previous)
    if not pairs:
        yield _("Against the plan in force none of {all} operations is moved.", all=f"{count:,}")
        return
    yield _(
        "Against the plan in force {moved} of {all} operations are moved:", moved=f"{len(pairs):,}", all=f"{count:,}"
    )
    for old, new in pairs[:MOST]:
        place = f"{old.machine}, {clock(request, old.start)} -> {new.machine}, {clock(request, new.start)}"
        yield f"  {named(new)}: {place}"
    if len(pairs) > MOST:
        yield _("  ... and {count} more", count=f"{len(pairs) - MOST:,}")


def _shifted(request: Request, answer: Response) -> Iterator[str]:
    """Orders that end later or earlier than in the plan in force, and those that are new."""
    ends = {(placed.job, placed.operation): placed.end for placed in answer.operations}
    last = {job.name: len(job.operations) for job in request.jobs}
    shifts = {
        placed.job: ends[placed.job, placed.operation] - placed.end
        for placed in request.previous
        if placed.operation == last[placed.job]
    }
    later = sorted((name for name in shifts if shifts[name] > 0), key=lambda name: -shifts[name])
    earlier = sorted((name for name in shifts if shifts[name] < 0), key=lambda name: shifts[name])
    if later:
        yield _("Later: {orders}", orders=_listed([f"{name} +{span(shifts[name])}" for name in later]))
    if earlier:
        yield _("Earlier: {orders}", orders=_listed([f"{name} -{span(-shifts[name])}" for name in earlier]))
    known = {placed.job for placed in request.previous} | {pin.job for pin in request.pins}
    new = [job for job in request.jobs if job.name not in known]
    if new:
        lines = [f"{job.name} {clock(request, ends[job.name, last[job.name]])}" for job in new]
        yield _("New orders end: {orders}", orders=_listed(lines))


def _listed(lines: Sequence[str]) -> str:
    rest = _("... and {count} more", count=len(lines) - MOST) if len(lines) > MOST else ""
    return ", ".join([*lines[:MOST], *filter(None, [rest])])
