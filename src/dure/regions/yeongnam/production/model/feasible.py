"""Is this plan possible, and true what it says of itself? Written from the request alone; shares no code with planners."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from dure import Invalid, texts

if TYPE_CHECKING:
    from .forms import Late, Link, Request, Response
    from .jobs import Job, Placed

_ = texts(__file__)
Key = tuple[str, int]  # job and number of the operation


class Machine(NamedTuple):
    """What a machine allows: closed times in order, apart from each other, and minutes of set-up between families."""

    closed: list[tuple[int, int]]
    changes: dict[tuple[str, str], int]

    def open_from(self, minute: int, length: int) -> int:
        """The first minute from which the machine is open so long."""
        place = bisect_right(self.closed, minute, key=lambda span: span[1])
        for start, end in self.closed[place:]:
            if start >= minute + length:
                break
            minute = end
        return minute

    def closed_until(self, minute: int) -> bool:
        """Whether a closed time ends then."""
        place = bisect_right(self.closed, minute, key=lambda span: span[1])
        return place > 0 and self.closed[place - 1][1] == minute


def check(request: Request, response: Response) -> None:
    """Raise Invalid with the first rule that the plan breaks (job, operation, machine, minutes), or what it says wrongly."""
    plan = _planned(request, response)
    pins = {(pin.job, pin.operation): pin for pin in request.pins}
    for job in request.jobs:
        _in_order(job, [plan[job.name, number] for number in range(1, len(job.operations) + 1)])
    machines = _machines(request)
    by_machine: dict[str, list[Placed]] = defaultdict(list)
    for placed in response.operations:
        by_machine[placed.machine].append(placed)
    families = {(job.name, number): op.family for job in request.jobs for number, op in enumerate(job.operations, 1)}
    set_ups: dict[Key, int] = {}
    for machine, work in by_machine.items():
        ordered = sorted(work, key=lambda placed: (placed.start, placed.end))
        set_ups |= _one_at_a_time(machines[machine], families, ordered)
    for key, placed in plan.items():
        pin = pins.get(key)
        if pin and (placed.machine, placed.start) != (pin.machine, pin.start):
            raise Invalid(
                _("{what} is pinned to {machine} at {start}", what=_name(placed), machine=pin.machine, start=pin.start)
            )
        begin = placed.start - set_ups[key]
        if not pin and begin < request.now:
            raise Invalid(
                _("{what} with its set-up begins at {begin}, but it is {now} already",
                  what=_name(placed), begin=begin, now=request.now)
            )  # fmt: skip
    _numbers(request, response, plan)
    _lateness(request, response, plan, machines, set_ups)


def _machines(request: Request) -> dict[str, Machine]:
    machines = {name: Machine([], {}) for name in request.machines}
    for closing in sorted(request.closed, key=lambda closing: closing.start):
        spans = machines[closing.machine].closed
        if spans and closing.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], closing.end))
        else:
            spans.append((closing.start, closing.end))
    # A machine's own set-ups come last: they take the place of every machine's.
    for set_up in sorted(request.set_ups, key=lambda set_up: set_up.machine is not None):
        for name in request.machines if set_up.machine is None else [set_up.machine]:
            machines[name].changes[set_up.before, set_up.after] = set_up.minutes
    return machines


def _name(placed: Placed | Link) -> str:
    return _("operation {number} of job {job}", number=placed.operation, job=placed.job)


def _planned(request: Request, response: Response) -> dict[Key, Placed]:
    operations = {(job.name, number): op for job in request.jobs for number, op in enumerate(job.operations, 1)}
    plan: dict[Key, Placed] = {}
    for placed in response.operations:
        key = (placed.job, placed.operation)
        if key not in operations:
            raise Invalid(_("{what} was not asked for", what=_name(placed)))
        if key in plan:
            raise Invalid(_("{what} is planned twice", what=_name(placed)))
        minutes = operations[key].machines.get(placed.machine)
        if minutes is None:
            raise Invalid(_("{what} cannot be done on {machine}", what=_name(placed), machine=placed.machine))
        if placed.end - placed.start != minutes:
            raise Invalid(
                _("{what} takes {minutes} min on {machine}, not {planned}",
                  what=_name(placed), minutes=minutes, machine=placed.machine, planned=placed.end - placed.start)
            )  # fmt: skip
        plan[key] = placed
    for job, number in operations:
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


def _one_at_a_time(machine: Machine, families: dict[Key, str], work: list[Placed]) -> dict[Key, int]:
    """`work` by start: no two at once, time for the set-up between them, nothing in closed time. Returns the set-ups.

    What takes no time needs no set-up and leaves the machine set as it was.
    """
    busy, family, set_ups = 0, None, {}
    for placed in work:
        after = families[placed.job, placed.operation] if placed.end > placed.start else None
        change = machine.changes.get((family, after), 0) if family is not None and after is not None else 0
        set_ups[placed.job, placed.operation] = change
        if placed.start - change < busy:
            raise Invalid(
                _("{what} begins at {start} on {machine}, which is busy until {end} and needs {change} min of set-up",
                  what=_name(placed), start=placed.start, machine=placed.machine, end=busy, change=change)
            )  # fmt: skip
        place = bisect_right(machine.closed, placed.start - change, key=lambda span: span[1])
        if place < len(machine.closed) and machine.closed[place][0] < placed.end:
            start, end = machine.closed[place]
            raise Invalid(
                _("{what} runs on {machine} while it is closed from {start} until {end}",
                  what=_name(placed), machine=placed.machine, start=start, end=end)
            )  # fmt: skip
        busy, family = placed.end, family if after is None else after
    return set_ups


def _numbers(request: Request, response: Response, plan: dict[Key, Placed]) -> None:
    """What the response says of the whole plan."""
    makespan = max(placed.end for placed in plan.values())
    late = sum(job.weight * _late(job, plan) for job in request.jobs)
    moved = sum(
        (placed.machine, placed.start)
        != (plan[placed.job, placed.operation].machine, plan[placed.job, placed.operation].start)
        for placed in request.previous
    )
    if response.makespan is not None and response.makespan != makespan:
        raise Invalid(_("the makespan is {makespan}, not {said}", makespan=makespan, said=response.makespan))
    if response.weighted_tardiness is not None and response.weighted_tardiness != late:
        raise Invalid(_("the weighted tardiness is {late}, not {said}", late=late, said=response.weighted_tardiness))
    if response.moved is not None and response.moved != moved:
        raise Invalid(_("{moved} operations are moved, not {said}", moved=moved, said=response.moved))
    goal = {"makespan": makespan, "weighted tardiness": late, "both": request.makespan_weight * makespan + late}
    reached = goal[request.objective] + request.move_weight * moved
    if response.lower_bound is not None and response.lower_bound > reached:
        raise Invalid(
            _(
                "the lower bound {bound} is above what the plan reaches, {reached}",
                bound=response.lower_bound,
                reached=reached,
            )
        )
    for step in response.progress:
        if step.objective < reached:
            raise Invalid(
                _(
                    "the progress says {said}, which is better than what the plan reaches, {reached}",
                    said=step.objective,
                    reached=reached,
                )
            )


def _late(job: Job, plan: dict[Key, Placed]) -> int:
    return 0 if job.due is None else max(0, plan[job.name, len(job.operations)].end - job.due)


def _lateness(
    request: Request, response: Response, plan: dict[Key, Placed], machines: dict[str, Machine], set_ups: dict[Key, int]
) -> None:
    """What the response says of late orders: minutes, and a chain without gaps up to their last operation."""
    jobs, named = {job.name: job for job in request.jobs}, set()
    pinned = {(pin.job, pin.operation) for pin in request.pins}
    for late in response.late:
        job = jobs.get(late.job)
        if job is None or late.job in named:
            raise Invalid(_("job {job} is said to be late twice, or was not asked for", job=late.job))
        named.add(late.job)
        minutes = _late(job, plan)
        if late.minutes != minutes:
            raise Invalid(
                _("job {job} is late by {minutes} min, not {said}", job=late.job, minutes=minutes, said=late.minutes)
            )
        _chain(request, late, len(job.operations), plan)
        for place, link in enumerate(late.chain):
            before = late.chain[place - 1] if place else None
            machine, begin = machines[link.machine], link.start - set_ups[link.job, link.operation]
            if before is None:
                holds = _begins(
                    request.now, link, machine, begin, jobs[link.job], pinned=(link.job, link.operation) in pinned
                )
            else:
                holds = _holds(link, before, machine, begin)
            if not holds:
                raise Invalid(
                    _("{what} does not wait as the chain of job {job} says: {waits}",
                      what=_name(link), job=late.job, waits=link.waits)
                )  # fmt: skip


def _chain(request: Request, late: Late, last: int, plan: dict[Key, Placed]) -> None:
    """The links stand in the plan, and the last one is the last operation of the job; a chain need not be told."""
    if late.chain and (late.chain[-1].job, late.chain[-1].operation) != (late.job, last):
        raise Invalid(_("the chain of job {job} does not end with its last operation", job=late.job))
    for link in late.chain:
        placed = plan.get((link.job, link.operation))
        if placed is None or (placed.machine, placed.start, placed.end) != (link.machine, link.start, link.end):
            raise Invalid(_("{what} stands elsewhere in the plan than in the chain", what=_name(link)))


def _begins(now: int, link: Link, machine: Machine, begin: int, job: Job, *, pinned: bool) -> bool:
    """Whether the first link of a chain waited for what it says; `begin` is that of its set-up."""
    return {
        "release": link.start == job.release,
        "now": now == begin,
        "pinned": pinned,
        "closed": machine.closed_until(begin),
        "nothing": True,
    }.get(link.waits, False)


def _holds(link: Link, before: Link, machine: Machine, begin: int) -> bool:
    """Whether a link waited for the one before it as it says; `begin` is that of its set-up, done before its job arrives."""
    same = before.machine == link.machine
    in_job = (before.job, before.operation) == (link.job, link.operation - 1)
    since = before.end if same else before.end - (link.start - begin)
    opens = begin > since and machine.open_from(since, link.end - begin) == begin
    return {
        "operation before": in_job and before.end == link.start,
        "machine": same and before.end == begin == link.start,
        "set-up": same and before.end == begin < link.start,
        "closed": (same or in_job) and machine.closed_until(begin) and opens,
    }.get(link.waits, False)
