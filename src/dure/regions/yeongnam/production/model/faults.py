"""What in a request does not fit together although each field by itself is right: unknown names, repetitions, pins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dure import nearest, texts

from .intervals import merged
from .jobs import changes

if TYPE_CHECKING:
    from .forms import Request
    from .jobs import Job, Pin, Placed

_ = texts(__file__)

MOST_OPERATIONS = 100_000
Fault = tuple[tuple[str | int, ...], str]


def faults(request: Request) -> Iterator[Fault]:
    """(field, what is wrong) of everything that does not fit together, the plainest first."""
    yield from _repeated(request.machines, ("machines",), ())
    yield from _repeated([job.name for job in request.jobs], ("jobs",), ("name",))
    if sum(len(job.operations) for job in request.jobs) > MOST_OPERATIONS:
        yield ("jobs",), _("more than {most} operations in all", most=MOST_OPERATIONS)
    yield from _machines(request)
    for number, closing in enumerate(request.closed):
        if closing.start >= closing.end:
            problem = _(
                "closed from {start} until {end}: the end is not after the start", start=closing.start, end=closing.end
            )
            yield ("closed", number, "end"), problem
    yield from _families(request)
    yield from _pins(request)
    yield from _previous(request)


def _repeated(names: Sequence[str], loc: tuple[str, ...], field: tuple[str, ...]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if first.setdefault(name, number) != number:
            yield (
                (*loc, number, *field),
                _("{name} is there twice (first as number {first})", name=name, first=first[name] + 1),
            )


def _machines(request: Request) -> Iterator[Fault]:
    named: Iterator[Fault] = (
        (("jobs", j, "operations", k, "machines"), machine)
        for j, job in enumerate(request.jobs)
        for k, operation in enumerate(job.operations)
        for machine in operation.machines
    )
    yield from _unknown(named, request.machines)
    rows = [("closed", number, closing.machine) for number, closing in enumerate(request.closed)]
    rows += [
        ("set_ups", number, set_up.machine)
        for number, set_up in enumerate(request.set_ups)
        if set_up.machine is not None
    ]
    rows += [("pins", number, pin.machine) for number, pin in enumerate(request.pins)]
    rows += [("previous", number, placed.machine) for number, placed in enumerate(request.previous)]
    yield from _unknown((((field, number, "machine"), machine) for field, number, machine in rows), request.machines)


def _unknown(named: Iterator[Fault], machines: Sequence[str]) -> Iterator[Fault]:
    known = set(machines)
    for loc, machine in named:
        if machine not in known:
            yield loc, _with_nearest(_("there is no machine called {name}", name=machine), machine, machines)


def _with_nearest(problem: str, name: str, names: Sequence[str]) -> str:
    close = nearest(name, list(names))
    return f"{problem}. {_('Did you mean {name}?', name=close)}" if close else problem


def _families(request: Request) -> Iterator[Fault]:
    known = {operation.family for job in request.jobs for operation in job.operations}
    seen: set[tuple[str | None, str, str]] = set()
    for number, set_up in enumerate(request.set_ups):
        for field, family in (("before", set_up.before), ("after", set_up.after)):
            if family not in known:
                problem = _("no operation is of the family {name}", name=family or '""')
                yield ("set_ups", number, field), _with_nearest(problem, family, sorted(known - {""}))
        if (set_up.machine, set_up.before, set_up.after) in seen:
            yield (
                ("set_ups", number),
                _("the set-up from {before} to {after} is there twice", before=set_up.before, after=set_up.after),
            )
        seen.add((set_up.machine, set_up.before, set_up.after))


def _pins(request: Request) -> Iterator[Fault]:
    jobs = {job.name: job for job in request.jobs}
    taken: set[tuple[str, int]] = set()
    single = []
    for number, pin in enumerate(request.pins):
        single += [(("pins", number, field), problem) for field, problem in _pin(pin, jobs, taken)]
        taken.add((pin.job, pin.operation))
    yield from single
    if not single:
        yield from _on_machines(request, jobs)
        yield from _in_jobs(request, jobs)


def _operation(named: Pin | Placed, jobs: Mapping[str, Job]) -> tuple[str, str] | None:
    """(field, what is wrong) where there is no such operation."""
    if named.job not in jobs:
        return "job", _with_nearest(_("there is no job called {name}", name=named.job), named.job, tuple(jobs))
    job = jobs[named.job]
    if named.operation > len(job.operations):
        return "operation", _("job {job} has {count} operations only", job=job.name, count=len(job.operations))
    return None


def _pin(pin: Pin, jobs: Mapping[str, Job], taken: set[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of one pin by itself."""
    unknown = _operation(pin, jobs)
    if unknown:
        yield unknown
        return
    job = jobs[pin.job]
    machines = job.operations[pin.operation - 1].machines
    if pin.machine not in machines:
        yield (
            "machine",
            _with_nearest(
                _(
                    "operation {number} of job {job} cannot be done on {machine}",
                    number=pin.operation,
                    job=job.name,
                    machine=pin.machine,
                ),
                pin.machine,
                tuple(machines),
            ),
        )
    if (pin.job, pin.operation) in taken:
        yield "operation", _("operation {number} of job {job} is pinned twice", number=pin.operation, job=job.name)


def _on_machines(request: Request, jobs: Mapping[str, Job]) -> Iterator[Fault]:
    """Pins in closed time, or nearer to the pin before than their set-up takes."""
    for machine in dict.fromkeys(pin.machine for pin in request.pins):
        closed = merged([(closing.start, closing.end) for closing in request.closed if closing.machine == machine])
        minutes, busy, family = changes(request.set_ups, machine), 0, None
        pins = sorted(
            (pin.start, pin.start + operation.machines[machine], number, operation.family)
            for number, pin in enumerate(request.pins)
            if pin.machine == machine
            for operation in [jobs[pin.job].operations[pin.operation - 1]]
        )
        for start, end, number, after in pins:
            begin = start - (minutes.get((family, after), 0) if family is not None and end > start else 0)
            place = bisect_right(closed, begin, key=lambda span: span[1])
            if begin < busy or (place < len(closed) and closed[place][0] < end):
                problem = _("{machine} is closed or taken then, or its set-up does not fit in", machine=machine)
                yield ("pins", number, "start"), problem
            busy, family = end, after if end > start else family


def _in_jobs(request: Request, jobs: Mapping[str, Job]) -> Iterator[Fault]:
    """Pins of one job against each other, and against now: what is not pinned between them begins now at the earliest."""
    last, done, ready = "", 0, 0
    for name, second, number in sorted((pin.job, pin.operation, number) for number, pin in enumerate(request.pins)):
        pin, operations = request.pins[number], jobs[name].operations
        if name != last:
            done, ready = 0, jobs[name].release
        between = operations[done : second - 1]
        earliest = max(ready, request.now) if between else ready
        earliest += sum(min(operation.machines.values()) for operation in between)
        if pin.start < earliest:
            yield ("pins", number, "start"), _too_early(second, name, earliest)
        last, done, ready = name, second, pin.start + operations[second - 1].machines[pin.machine]


def _previous(request: Request) -> Iterator[Fault]:
    """The plan in force may lack operations, and have some where they cannot be done any more; it names each once."""
    jobs = {job.name: job for job in request.jobs}
    taken: set[tuple[str, int]] = set()
    for number, placed in enumerate(request.previous):
        unknown = _operation(placed, jobs)
        if unknown:
            yield ("previous", number, unknown[0]), unknown[1]
        elif (placed.job, placed.operation) in taken:
            problem = _("operation {number} of job {job} is planned twice", number=placed.operation, job=placed.job)
            yield ("previous", number, "operation"), problem
        taken.add((placed.job, placed.operation))


def _too_early(number: int, job: str, earliest: int) -> str:
    return _(
        "operation {number} of job {job} cannot begin before minute {earliest}",
        number=number,
        job=job,
        earliest=earliest,
    )
