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
    for number, each in enumerate(request.closed):
        if each.start >= each.end:
            what = _("closed from {start} until {end}: the end is not after the start", start=each.start, end=each.end)
            yield ("closed", number, "end"), what
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
    rows = [("closed", number, each.machine) for number, each in enumerate(request.closed)]
    rows += [
        ("set_ups", number, each.machine) for number, each in enumerate(request.set_ups) if each.machine is not None
    ]
    rows += [("pins", number, each.machine) for number, each in enumerate(request.pins)]
    rows += [("previous", number, each.machine) for number, each in enumerate(request.previous)]
    yield from _unknown((((field, number, "machine"), machine) for field, number, machine in rows), request.machines)


def _unknown(named: Iterator[Fault], machines: Sequence[str]) -> Iterator[Fault]:
    known = set(machines)
    for loc, machine in named:
        if machine not in known:
            yield loc, _meant(_("there is no machine called {name}", name=machine), machine, machines)


def _meant(what: str, name: str, names: Sequence[str]) -> str:
    close = nearest(name, list(names))
    return f"{what}. {_('Did you mean {name}?', name=close)}" if close else what


def _families(request: Request) -> Iterator[Fault]:
    known = {operation.family for job in request.jobs for operation in job.operations}
    seen: set[tuple[str | None, str, str]] = set()
    for number, each in enumerate(request.set_ups):
        for field, family in (("before", each.before), ("after", each.after)):
            if family not in known:
                what = _("no operation is of the family {name}", name=family or '""')
                yield ("set_ups", number, field), _meant(what, family, sorted(known - {""}))
        if (each.machine, each.before, each.after) in seen:
            yield (
                ("set_ups", number),
                _("the set-up from {before} to {after} is there twice", before=each.before, after=each.after),
            )
        seen.add((each.machine, each.before, each.after))


def _pins(request: Request) -> Iterator[Fault]:
    jobs = {job.name: job for job in request.jobs}
    taken: set[tuple[str, int]] = set()
    alone = []
    for number, pin in enumerate(request.pins):
        alone += [(("pins", number, field), what) for field, what in _pin(pin, jobs, taken)]
        taken.add((pin.job, pin.operation))
    yield from alone
    if not alone:
        yield from _on_machines(request, jobs)
        yield from _in_jobs(request, jobs)


def _operation(named: Pin | Placed, jobs: Mapping[str, Job]) -> tuple[str, str] | None:
    """(field, what is wrong) where there is no such operation."""
    if named.job not in jobs:
        return "job", _meant(_("there is no job called {name}", name=named.job), named.job, tuple(jobs))
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
            _meant(
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
        closed = merged([(each.start, each.end) for each in request.closed if each.machine == machine])
        minutes, busy, family = changes(request.set_ups, machine), 0, None
        here = sorted(
            (pin.start, pin.start + operation.machines[machine], number, operation.family)
            for number, pin in enumerate(request.pins)
            if pin.machine == machine
            for operation in [jobs[pin.job].operations[pin.operation - 1]]
        )
        for start, end, number, mine in here:
            begin = start - (minutes.get((family, mine), 0) if family is not None and end > start else 0)
            place = bisect_right(closed, begin, key=lambda span: span[1])
            if begin < busy or (place < len(closed) and closed[place][0] < end):
                what = _("{machine} is closed or taken then, or its set-up does not fit in", machine=machine)
                yield ("pins", number, "start"), what
            busy, family = end, mine if end > start else family


def _in_jobs(request: Request, jobs: Mapping[str, Job]) -> Iterator[Fault]:
    """Pins of one job against each other, and against now: what is not pinned between them begins now at the earliest."""
    last, done, ready = "", 0, 0
    for name, second, number in sorted((pin.job, pin.operation, number) for number, pin in enumerate(request.pins)):
        pin, operations = request.pins[number], jobs[name].operations
        if name != last:
            done, ready = 0, jobs[name].release
        between = operations[done : second - 1]
        earliest = max(ready, request.now) if between else ready
        earliest += sum(min(each.machines.values()) for each in between)
        if pin.start < earliest:
            yield ("pins", number, "start"), _too_early(second, name, earliest)
        last, done, ready = name, second, pin.start + operations[second - 1].machines[pin.machine]


def _previous(request: Request) -> Iterator[Fault]:
    """The plan in force may lack operations, and have some where they cannot be done any more; it names each once."""
    jobs = {job.name: job for job in request.jobs}
    taken: set[tuple[str, int]] = set()
    for number, each in enumerate(request.previous):
        unknown = _operation(each, jobs)
        if unknown:
            yield ("previous", number, unknown[0]), unknown[1]
        elif (each.job, each.operation) in taken:
            what = _("operation {number} of job {job} is planned twice", number=each.operation, job=each.job)
            yield ("previous", number, "operation"), what
        taken.add((each.job, each.operation))


def _too_early(number: int, job: str, earliest: int) -> str:
    return _(
        "operation {number} of job {job} cannot begin before minute {earliest}",
        number=number,
        job=job,
        earliest=earliest,
    )
