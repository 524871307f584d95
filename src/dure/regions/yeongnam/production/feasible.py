"""Is this plan possible? Written from the rules of the request alone; it shares no code with those who plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dure import Invalid, texts

if TYPE_CHECKING:
    from .forms import Job, Placed, Request, Response

_ = texts(__file__)


def check(request: Request, response: Response) -> None:
    """Raise Invalid with the first rule that the plan breaks: job, operation, machine, minutes."""
    plan = _each_once(request, response)
    for job in request.jobs:
        _in_order(job, [plan[job.name, number] for number in range(1, len(job.operations) + 1)])
    by_machine: dict[str, list[Placed]] = defaultdict(list)
    for placed in response.operations:
        by_machine[placed.machine].append(placed)
    families = {(job.name, number): op.family for job in request.jobs for number, op in enumerate(job.operations, 1)}
    for machine, work in by_machine.items():
        _one_at_a_time(request, machine, families, sorted(work, key=lambda placed: (placed.start, placed.end)))
    for pin in request.pins:
        placed = plan[pin.job, pin.operation]
        if (placed.machine, placed.start) != (pin.machine, pin.start):
            raise Invalid(
                _("{what} is pinned to {machine} at {start}", what=_name(placed), machine=pin.machine, start=pin.start)
            )
    _numbers(request, response, plan)


def _name(placed: Placed) -> str:
    return _("operation {number} of job {job}", number=placed.operation, job=placed.job)


def _each_once(request: Request, response: Response) -> dict[tuple[str, int], Placed]:
    wanted = {(job.name, number): op for job in request.jobs for number, op in enumerate(job.operations, 1)}
    plan: dict[tuple[str, int], Placed] = {}
    for placed in response.operations:
        key = (placed.job, placed.operation)
        if key not in wanted:
            raise Invalid(_("{what} was not asked for", what=_name(placed)))
        if key in plan:
            raise Invalid(_("{what} is planned twice", what=_name(placed)))
        minutes = wanted[key].machines.get(placed.machine)
        if minutes is None:
            raise Invalid(_("{what} cannot be done on {machine}", what=_name(placed), machine=placed.machine))
        if placed.end - placed.start != minutes:
            raise Invalid(
                _("{what} takes {minutes} min on {machine}, not {planned}",
                  what=_name(placed), minutes=minutes, machine=placed.machine, planned=placed.end - placed.start)
            )  # fmt: skip
        plan[key] = placed
    for job, number in wanted:
        if (job, number) not in plan:
            raise Invalid(_("operation {number} of job {job} is not planned", number=number, job=job))
    return plan


def _in_order(job: Job, plan: list[Placed]) -> None:
    ready = job.release
    for placed in plan:
        if placed.start < ready:
            raise Invalid(
                _("{what} begins at {start}, before its job is ready at {ready}",
                  what=_name(placed), start=placed.start, ready=ready)
            )  # fmt: skip
        ready = placed.end


def _one_at_a_time(request: Request, machine: str, families: dict[tuple[str, int], str], work: list[Placed]) -> None:
    """`work` by start: no two at once, time for the set-up between them, nothing in closed time.

    What takes no time needs no set-up and leaves the machine set as it was.
    """
    everywhere = {(each.before, each.after): each.minutes for each in request.set_ups if each.machine is None}
    here = everywhere | {(each.before, each.after): each.minutes for each in request.set_ups if each.machine == machine}
    closed = [(each.start, each.end) for each in request.closed if each.machine == machine]
    busy, family = 0, None
    for placed in work:
        mine = families[placed.job, placed.operation] if placed.end > placed.start else None
        change = here.get((family, mine), 0) if family is not None and mine is not None else 0
        if placed.start - change < busy:
            raise Invalid(
                _("{what} begins at {start} on {machine}, which is busy until {end} and needs {change} min of set-up",
                  what=_name(placed), start=placed.start, machine=machine, end=busy, change=change)
            )  # fmt: skip
        for start, end in closed:
            if placed.start - change < end and start < placed.end:
                raise Invalid(
                    _("{what} runs on {machine} while it is closed from {start} until {end}",
                      what=_name(placed), machine=machine, start=start, end=end)
                )  # fmt: skip
        busy, family = placed.end, family if mine is None else mine


def _numbers(request: Request, response: Response, plan: dict[tuple[str, int], Placed]) -> None:
    """What the response says of itself."""
    makespan = max(placed.end for placed in plan.values())
    if response.makespan is not None and response.makespan != makespan:
        raise Invalid(_("the makespan is {makespan}, not {said}", makespan=makespan, said=response.makespan))
    late = 0
    for job in request.jobs:
        if job.due is not None:
            late += job.weight * max(0, plan[job.name, len(job.operations)].end - job.due)
    reached = makespan if request.objective == "makespan" else late
    if response.lower_bound is not None and response.lower_bound > reached:
        raise Invalid(
            _(
                "the lower bound {bound} is above what the plan reaches, {reached}",
                bound=response.lower_bound,
                reached=reached,
            )
        )
