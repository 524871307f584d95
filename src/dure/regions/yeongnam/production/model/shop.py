"""A request as arrays: what the searches work on. Operations are numbered job after job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .intervals import merged
from .jobs import changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .forms import Request

    Ints = NDArray[np.int64]
else:
    Ints = Any

NEVER = 1 << 60  # later than everything: no due date


class Shop(NamedTuple):
    """Numbers of a request; n operations, j jobs, m machines. Times are minutes. Numba takes it as it is.

    Attributes
    ----------
    job
        (n,) job of each operation.
    first
        (j + 1,) first operation of each job; the last entry is n.
    option
        (n + 1,) where the choices of each operation begin in `machine` and `minutes`.
    machine, minutes
        Machines that can do an operation, and how long each takes.
    release, due, weight
        (j,) of each job; due is NEVER and the weight 0 without a due date.
    family
        (n,) for set-ups.
    table, change
        (m,) which set-up table a machine has, and the tables: (tables, families, families) minutes from one to the other.
    shut, closed
        (m + 1,) where a machine's closed times begin in `closed`; (c, 2) from and until, in order, apart from each other.
    pin, pinned
        (n,) machine of a pinned operation, else -1, and its start.
    old, began
        (n,) machine and start in the plan in force; -1 where it has none.
    now
        Nothing that is not pinned begins before.
    """

    job: Ints
    first: Ints
    option: Ints
    machine: Ints
    minutes: Ints
    release: Ints
    due: Ints
    weight: Ints
    family: Ints
    table: Ints
    change: Ints
    shut: Ints
    closed: Ints
    pin: Ints
    pinned: Ints
    old: Ints
    began: Ints
    now: int


class Aim(NamedTuple):
    """What is made small: makespan * weight + late * weighted tardiness + move * moved operations."""

    makespan: int
    late: int
    move: int


def aim_of(request: Request) -> Aim:
    """The objective of a request as three factors."""
    makespan, late = {
        "makespan": (1, 0), "weighted tardiness": (0, 1), "both": (request.makespan_weight, 1),
    }[request.objective]  # fmt: skip
    return Aim(makespan, late, request.move_weight if request.previous else 0)


def shop_of(request: Request) -> Shop:
    """The request as arrays."""
    names = {name: number for number, name in enumerate(request.machines)}
    operations = [(j, operation) for j, job in enumerate(request.jobs) for operation in job.operations]
    first = np.cumsum([0, *(len(job.operations) for job in request.jobs)])
    place = {job.name: int(first[j]) for j, job in enumerate(request.jobs)}
    families: dict[str, int] = {}
    for _job, operation in operations:
        families.setdefault(operation.family, len(families))
    table, change = _set_ups(request, families)
    shut, closed = _closed(request)
    pin, pinned = np.full(len(operations), -1), np.zeros(len(operations), np.int64)
    for fixed in request.pins:
        o = place[fixed.job] + fixed.operation - 1
        pin[o], pinned[o] = names[fixed.machine], fixed.start
    old, began = np.full(len(operations), -1), np.full(len(operations), -1)
    for placed in request.previous:
        o = place[placed.job] + placed.operation - 1
        old[o], began[o] = names[placed.machine], placed.start
    return Shop(
        job=_ints(j for j, _operation in operations),
        first=first.astype(np.int64),
        option=np.cumsum([0, *(len(operation.machines) for _job, operation in operations)]).astype(np.int64),
        machine=_ints(names[name] for _job, operation in operations for name in operation.machines),
        minutes=_ints(minutes for _job, operation in operations for minutes in operation.machines.values()),
        release=_ints(job.release for job in request.jobs),
        due=_ints(NEVER if job.due is None else job.due for job in request.jobs),
        weight=_ints(0 if job.due is None else job.weight for job in request.jobs),
        family=_ints(families[operation.family] for _job, operation in operations),
        table=table,
        change=change,
        shut=shut,
        closed=closed,
        pin=pin,
        pinned=pinned,
        old=old,
        began=began,
        now=request.now,
    )


def _ints(values: Any) -> Ints:
    return np.fromiter(values, np.int64)


def _set_ups(request: Request, families: dict[str, int]) -> tuple[Ints, Ints]:
    """Machines with the same set-ups share a table; table 0 has none."""
    tables: list[Ints] = [np.zeros((len(families), len(families)), np.int64)]
    known: dict[tuple[tuple[tuple[str, str], int], ...], int] = {(): 0}
    named = {set_up.machine for set_up in request.set_ups}
    chosen = np.zeros(len(request.machines), np.int64)
    for number, name in enumerate(request.machines):
        if None not in named and name not in named:
            continue
        minutes = {pair: spent for pair, spent in changes(request.set_ups, name).items() if spent}
        key = tuple(sorted(minutes.items()))
        if key not in known:
            known[key] = len(tables)
            tables.append(np.zeros_like(tables[0]))
            for (before, after), spent in key:
                tables[-1][families[before], families[after]] = spent
        chosen[number] = known[key]
    return chosen, np.stack(tables)


def _closed(request: Request) -> tuple[Ints, Ints]:
    spans: dict[str, list[tuple[int, int]]] = {name: [] for name in request.machines}
    for closing in request.closed:
        spans[closing.machine].append((closing.start, closing.end))
    joined = [merged(spans[name]) for name in request.machines]
    flat = [span for machine_spans in joined for span in machine_spans]
    return np.cumsum([0, *map(len, joined)]).astype(np.int64), np.array(flat, np.int64).reshape(-1, 2)
