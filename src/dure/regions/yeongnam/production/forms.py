"""What is asked of a planner, and what is answered. Time is in whole minutes from the beginning of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from dure import Form, nearest, texts

_ = texts(__file__)

MINUTES = {"unit": "min"}
LONGEST = 1_000_000  # minutes: almost two years
MOST_JOBS, MOST_OPERATIONS = 5_000, 100_000
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Minutes = Annotated[int, Field(ge=0, le=LONGEST, json_schema_extra=MINUTES)]


class Operation(Form):
    """One step of a job, done in one piece on one machine."""

    machines: dict[Name, Minutes] = Field(
        description="minutes on each machine that can do it", min_length=1, max_length=1000, json_schema_extra=MINUTES
    )
    family: str = Field("", description="family for set-ups", max_length=100)


class Job(Form):
    """Operations in the order in which they must be done."""

    name: Name = Field(description="name of the job or order")
    operations: list[Operation] = Field(description="operations in their order", min_length=1, max_length=1000)
    release: int = Field(0, description="not before", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    due: int | None = Field(None, description="due", ge=-LONGEST, le=LONGEST, json_schema_extra=MINUTES)
    weight: int = Field(1, description="weight of a minute late", ge=0, le=1000)


class SetUp(Form):
    """Minutes right before an operation of one family when the machine's last one was of another; elsewhere none.

    The first operation on a machine needs none. Set-ups are done in open time only.
    """

    before: str = Field(description="family before", max_length=100)
    after: str = Field(description="family after", max_length=100)
    minutes: int = Field(description="minutes of set-up", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    machine: Name | None = Field(None, description="only on this machine")


class Closed(Form):
    """A machine stands still from `start` to `end`: no operation and no set-up runs into it."""

    machine: Name = Field(description="machine")
    start: int = Field(description="closed from", ge=0, le=LONGEST, json_schema_extra=MINUTES)
    end: int = Field(description="closed until", ge=0, le=LONGEST, json_schema_extra=MINUTES)


class Pin(Form):
    """An operation that is already running or promised: it stays where it is."""

    job: Name = Field(description="name of the job or order")
    operation: int = Field(description="number of the operation in its job, from 1", ge=1, le=1000)
    machine: Name = Field(description="machine")
    start: int = Field(description="start", ge=0, le=LONGEST, json_schema_extra=MINUTES)


class Request(Form):
    """A shop, its jobs, and what is to be made small."""

    machines: list[Name] = Field(description="machines of the shop", min_length=1, max_length=1000)
    jobs: list[Job] = Field(description="jobs or orders", min_length=1, max_length=MOST_JOBS)
    set_ups: list[SetUp] = Field([], description="set-ups between families", max_length=20_000)
    closed: list[Closed] = Field([], description="when machines are closed", max_length=20_000)
    pins: list[Pin] = Field([], description="operations that stay where they are", max_length=20_000)
    objective: Literal["makespan", "weighted tardiness"] = Field("makespan", description="what is to be made small")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """The first thing that does not fit together is refused with its field."""
        for loc, what in _faults(self):
            error = InitErrorDetails(type=PydanticCustomError("shop", "{what}", {"what": what}), loc=loc, input=None)  # type: ignore[arg-type]
            raise ValidationError.from_exception_data(type(self).__name__, [error])
        return self


class Placed(Form):
    """An operation in its place."""

    job: Name = Field(description="name of the job or order")
    operation: int = Field(description="number of the operation in its job, from 1", ge=1, le=1000)
    machine: Name = Field(description="machine")
    start: int = Field(description="start", ge=0, json_schema_extra=MINUTES)
    end: int = Field(description="end", ge=0, json_schema_extra=MINUTES)


class Response(Form):
    """A plan. Only the operations are wanted; the rest is checked where it is given."""

    operations: list[Placed] = Field(description="every operation in its place", max_length=MOST_OPERATIONS)
    makespan: int | None = Field(None, description="end of the last operation", ge=0, json_schema_extra=MINUTES)
    lower_bound: int | None = Field(None, description="no plan can have a smaller objective than this", ge=0)


def set_up_minutes(request: Request) -> dict[tuple[str | None, str, str], int]:
    """Minutes by (machine or None for every machine, family before, family after)."""
    return {(each.machine, each.before, each.after): each.minutes for each in request.set_ups}


# ---- what does not fit together ------------------------------------------------------------------------------------------

Fault = tuple[tuple[str | int, ...], str]


def _faults(request: Request) -> Iterator[Fault]:
    """(field, what is wrong), the plainest first."""
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
            yield (*loc, number, *field), _("{name} is there twice (first as number {first})", name=name, first=first[name] + 1)


def _machines(request: Request) -> Iterator[Fault]:
    named: Iterator[tuple[tuple[str | int, ...], str | None]] = (
        (("jobs", j, "operations", k, "machines"), machine)
        for j, job in enumerate(request.jobs)
        for k, operation in enumerate(job.operations)
        for machine in operation.machines
    )
    yield from _unknown(named, request.machines)
    for field, rows in (("closed", request.closed), ("set_ups", request.set_ups), ("pins", request.pins)):
        yield from _unknown((((field, number, "machine"), row.machine) for number, row in enumerate(rows)), request.machines)  # type: ignore[attr-defined]


def _unknown(named: Iterator[tuple[tuple[str | int, ...], str | None]], machines: Sequence[str]) -> Iterator[Fault]:
    known = set(machines)
    for loc, machine in named:
        if machine is not None and machine not in known:
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
            yield ("set_ups", number), _("the set-up from {before} to {after} is there twice", before=each.before, after=each.after)
        seen.add((each.machine, each.before, each.after))


def _pins(request: Request) -> Iterator[Fault]:
    jobs = {job.name: job for job in request.jobs}
    taken: set[tuple[str, int]] = set()
    whole = True
    for number, pin in enumerate(request.pins):
        for field, what in _pin(pin, jobs, taken):
            whole = False
            yield ("pins", number, field), what
        taken.add((pin.job, pin.operation))
    if whole and request.pins:
        yield from _together(request, jobs)


def _pin(pin: Pin, jobs: dict[str, Job], taken: set[tuple[str, int]]) -> Iterator[tuple[str, str]]:
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
        yield "machine", _meant(
            _("operation {number} of job {job} cannot be done on {machine}", number=pin.operation, job=job.name, machine=pin.machine),
            pin.machine,
            tuple(machines),
        )
    if (pin.job, pin.operation) in taken:
        yield "operation", _("operation {number} of job {job} is pinned twice", number=pin.operation, job=job.name)
    earliest = job.release + sum(min(each.machines.values()) for each in job.operations[: pin.operation - 1])
    if pin.start < earliest:
        yield "start", _("operation {number} of job {job} cannot begin before minute {earliest}",
                         number=pin.operation, job=job.name, earliest=earliest)  # fmt: skip


def _together(request: Request, jobs: dict[str, Job]) -> Iterator[Fault]:
    """Pins against each other and against closed times."""
    spans: dict[str, list[tuple[int, int, int, str]]] = {}  # machine -> start, end, number (-1: closed), family
    own: dict[str, list[tuple[int, int, int, int]]] = {}  # job -> operation, start, end, number
    for each in request.closed:
        spans.setdefault(each.machine, []).append((each.start, each.end, -1, ""))
    for number, pin in enumerate(request.pins):
        operation = jobs[pin.job].operations[pin.operation - 1]
        end = pin.start + operation.machines[pin.machine]
        spans.setdefault(pin.machine, []).append((pin.start, end, number, operation.family))
        own.setdefault(pin.job, []).append((pin.operation, pin.start, end, number))
    minutes = set_up_minutes(request)
    for machine, rows in spans.items():
        last_end, family = -1, None
        for start, end, number, mine in sorted(rows):
            if number < 0:  # closed times may overlap each other
                last_end = max(last_end, end)
                continue
            change = minutes.get((machine, family, mine), minutes.get((None, family, mine), 0)) if family is not None else 0
            if start < last_end + change:
                yield ("pins", number, "start"), _("{machine} is closed or taken then, or its set-up does not fit in", machine=machine)
            last_end, family = max(last_end, end), mine
        for (_start, end, number, _f), (start, _end, other, _g) in pairwise(sorted(rows)):
            if number >= 0 > other and start < end:
                yield ("pins", number, "start"), _("{machine} is closed or taken then, or its set-up does not fit in", machine=machine)
    for job, rows in own.items():
        for (first, _s, end, _n), (second, start, _e, number) in pairwise(sorted(rows)):
            between = sum(min(each.machines.values()) for each in jobs[job].operations[first : second - 1])
            if start < end + between:
                what = _("operation {number} of job {job} cannot begin before minute {earliest}", number=second, job=job, earliest=end + between)
                yield ("pins", number, "start"), what
