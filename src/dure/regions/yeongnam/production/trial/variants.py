"""What plants have and the standard shops lack, added by rules: alternative machines, due dates, set-ups, shifts, arrivals.

Every variant draws from the generator that Taillard (1993, European Journal of Operational Research 64:278) published with
his shops, seeded by the name of the case: anybody can make the same shop again.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..model.jobs import Closed, Job, Operation, SetUp

if TYPE_CHECKING:
    from ..model.forms import Request

Draw = Callable[[int, int], int]  # (low, high) -> a whole number between them, both included
DAY, WEEK = 1440, 7 * 1440
WORKED = 960  # two shifts of eight hours
WEEKS = 8  # of shifts: longer than any plan of these shops


def draws(name: str) -> Draw:
    """Taillard's generator (Bratley, Fox and Schrage 1983): X <- 16807 X mod (2^31 - 1), begun from the name's CRC-32."""
    state = zlib.crc32(name.encode()) % (2**31 - 2) + 1

    def draw(low: int, high: int) -> int:
        nonlocal state
        state = 16807 * state % (2**31 - 1)
        return low + state * (high - low + 1) // (2**31 - 1)

    return draw


def with_alternatives(request: Request, draw: Draw, *, alike: bool) -> Request:
    """Operations that one to three machines can do, two on average.

    As in the rdata of Hurink, Jurisch and Thole (1994, OR Spektrum 15:205): the machine of the standard shop, and others
    drawn at random.

    Parameters
    ----------
    alike
        The same minutes on every machine, as in theirs; else another machine takes up to half as long again.
    """

    def widened(operation: Operation) -> Operation:
        ((machine, minutes),) = operation.machines.items()
        others = [name for name in request.machines if name != machine]
        chosen = {others.pop(draw(0, len(others) - 1)) for _number in range(draw(1, 3) - 1)}
        choices = {
            name: minutes if name == machine or alike else draw(minutes, minutes + minutes // 2)
            for name in request.machines
            if name == machine or name in chosen
        }
        return operation.model_copy(update={"machines": choices})

    return _with_operations(request, lambda _job, operation: widened(operation))


def with_due_dates(request: Request, factor: float) -> Request:
    """Due dates and weights as in Singer and Pinedo (1998, IIE Transactions 30:109); weighted tardiness is made small.

    A job is due `factor` times its minutes after its release (1.3 is tight, 1.6 loose); the first fifth of the jobs weighs 4,
    the next three fifths 2, the rest 1. Where several machines can do an operation, its shortest minutes count.
    """
    count = len(request.jobs)
    jobs = [
        job.model_copy(
            update={
                "due": job.release + math.floor(factor * shortest(job)),
                "weight": 4 if 5 * number < count else 2 if 5 * number < 4 * count else 1,
            }
        )
        for number, job in enumerate(request.jobs)
    ]
    return request.model_copy(update={"jobs": jobs, "objective": "weighted tardiness"})


def with_set_ups(request: Request, draw: Draw, *, families: int, share: float) -> Request:
    """Set-ups between families of jobs, on each machine its own.

    Minutes as Ruiz, Maroto and Alcaraz (2005, European Journal of Operational Research 165:34) add them to Taillard's flow
    shops: between 1 and a share of the longest operation (10, 50, 100 or 125 %). Jobs belong to families in turn, as in
    batches of one colour, and no detour over a third family is shorter (the triangle inequality).
    """
    most = max(max(operation.machines.values()) for job in request.jobs for operation in job.operations)
    names = [f"F{number}" for number in range(1, families + 1)]
    family = {job.name: names[number % families] for number, job in enumerate(request.jobs)}
    set_ups = []
    for machine in request.machines:
        minutes = {(a, b): draw(1, max(1, int(share * most))) if a != b else 0 for a in names for b in names}
        for over in names:  # Floyd and Warshall
            for a, b in [*minutes]:
                minutes[a, b] = min(minutes[a, b], minutes[a, over] + minutes[over, b])
        set_ups += [
            SetUp(before=a, after=b, minutes=spent, machine=machine) for (a, b), spent in minutes.items() if a != b
        ]
    request = _with_operations(
        request, lambda job, operation: operation.model_copy(update={"family": family[job.name]})
    )
    return request.model_copy(update={"set_ups": set_ups})


def with_shifts(request: Request, draw: Draw) -> Request:
    """Closed times: two shifts of eight hours on five days a week, and on every machine once an inspection.

    Our own rule, for want of a published one. The plan begins on a Monday with the first shift; nights and weekends are
    closed. An inspection takes two to four hours and begins at a full hour within the first two days' shifts.
    """
    closed = []
    for machine in request.machines:
        begin = DAY * draw(0, 1) + 60 * draw(0, WORKED // 60 - 4)
        closed.append(Closed(machine=machine, start=begin, end=begin + 60 * draw(2, 4)))
        for week in range(WEEKS):
            monday = week * WEEK
            closed += [
                Closed(machine=machine, start=monday + day * DAY + WORKED, end=monday + (day + 1) * DAY)
                for day in range(4)
            ]
            closed.append(Closed(machine=machine, start=monday + 4 * DAY + WORKED, end=monday + WEEK))
    return request.model_copy(update={"closed": closed})


def with_arrivals(request: Request, draw: Draw, until: int) -> Request:
    """Jobs that arrive one after the other: every second one is there at the beginning, the others until a minute."""
    jobs = [
        job.model_copy(update={"release": 0 if number % 2 == 0 else draw(0, until)})
        for number, job in enumerate(request.jobs)
    ]
    return request.model_copy(update={"jobs": jobs})


def shortest(job: Job) -> int:
    """Minutes of a job on the fastest machines."""
    return sum(min(operation.machines.values()) for operation in job.operations)


def _with_operations(request: Request, change: Callable[[Job, Operation], Operation]) -> Request:
    jobs = [
        job.model_copy(update={"operations": [change(job, operation) for operation in job.operations]})
        for job in request.jobs
    ]
    return request.model_copy(update={"jobs": jobs})
