"""What in a request does not fit together although each field by itself is right: unknown names, repetitions, pins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dure import nearest, texts

if TYPE_CHECKING:
    from .forms import Job, Pin, Request

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


def _pin(pin: Pin, jobs: Mapping[str, Job], taken: set[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of one pin by itself."""
    if pin.job not in jobs:
        yield "job", _meant(_("there is no job called {name}", name=pin.job), pin.job, tuple(jobs))
        return
    job = jobs[pin.job]
    if pin.operation > len(job.operations):
        yield "operation", _("job {job} has {count} operations only", job=job.name, count=len(job.operations))
        return
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
    earliest = job.release + sum(min(each.machines.values()) for each in job.operations[: pin.operation - 1])
    if pin.start < earliest:
        yield "start", _too_early(pin.operation, job.name, earliest)


def _on_machines(request: Request, jobs: Mapping[str, Job]) -> Iterator[Fault]:
    """Pins in closed time, or nearer to the pin before than their set-up takes."""
    from .forms import changes

    for machine in dict.fromkeys(pin.machine for pin in request.pins):
        closed = [(each.start, each.end) for each in request.closed if each.machine == machine]
        minutes, busy, family = changes(request, machine), 0, ""
        here = sorted((pin.start, number) for number, pin in enumerate(request.pins) if pin.machine == machine)
        for place, (start, number) in enumerate(here):
            operation = jobs[request.pins[number].job].operations[request.pins[number].operation - 1]
            end = start + operation.machines[machine]
            begin = start - (minutes.get((family, operation.family), 0) if place and end > start else 0)
            if begin < busy or any(begin < until and since < end for since, until in closed):
                what = _("{machine} is closed or taken then, or its set-up does not fit in", machine=machine)
                yield ("pins", number, "start"), what
            busy, family = end, operation.family if end > start or not place else family


def _in_jobs(request: Request, jobs: Mapping[str, Job]) -> Iterator[Fault]:
    """Pins of one job against each other."""
    ordered = sorted((pin.job, pin.operation, number) for number, pin in enumerate(request.pins))
    for (name, first, one), (other, second, number) in pairwise(ordered):
        if name != other:
            continue
        before, operations = request.pins[one], jobs[name].operations
        earliest = before.start + operations[first - 1].machines[before.machine]
        earliest += sum(min(each.machines.values()) for each in operations[first : second - 1])
        if request.pins[number].start < earliest:
            yield ("pins", number, "start"), _too_early(second, name, earliest)


def _too_early(number: int, job: str, earliest: int) -> str:
    return _(
        "operation {number} of job {job} cannot begin before minute {earliest}",
        number=number,
        job=job,
        earliest=earliest,
    )
