"""A whole plant at once, and the plan anew when a machine stands still: yeongnam.production at the size of real plants.

    python benchmarks/schedule_large.py [--seconds 5,10,30,60] [--out benchmarks/results/large.csv]

The plant is made here, in the shape of a published one of 51 machines, 828 jobs and 6,057 operations, 1 to 20 a job, that come
back to machines: 50 machines in 20 groups, 800 jobs, 6,000 operations, arrivals, set-ups between 12 families, shifts,
weekends, due dates. Every line is a process of its own: seconds of the answer, and of the process from its beginning to the
checked plan, what the plan comes to, and the process's peak memory. Planned anew: a job shop of 30 x 20 (ta41) with 100 operations begun
and the machine that was to work most in the next two hours down for these.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rows import save

from dure import Work
from dure.datasets.data import Data
from dure.regions.yeongnam.production.methods.best_rule import best_rule
from dure.regions.yeongnam.production.methods.tabu_search import tabu_search
from dure.regions.yeongnam.production.model import feasible
from dure.regions.yeongnam.production.model.forms import Request
from dure.regions.yeongnam.production.model.jobs import Job, Operation
from dure.regions.yeongnam.production.solve.replan import down, replan
from dure.regions.yeongnam.production.trial.instances import INSTANCES, shop
from dure.regions.yeongnam.production.trial.variants import (
    DAY,
    Draw,
    draws,
    with_arrivals,
    with_due_dates,
    with_set_ups,
    with_shifts,
)

MACHINES, GROUPS, JOBS, OPERATIONS, LONGEST = 50, 20, 800, 6000, 20
FAMILIES, ARRIVING, FLOW = 12, 10 * DAY, 20.0  # due: so many times a job's minutes after its arrival, about a week
BEGUN, STANDS = 100, 120  # operations; minutes


def plant() -> Request:
    """The plant, the same for everybody."""
    draw = draws("plant")
    names = [f"M{number:02d}" for number in range(1, MACHINES + 1)]
    groups = [names[number::GROUPS] for number in range(GROUPS)]
    jobs = [
        Job(name=f"J{number:03d}", operations=[_operation(draw, groups) for _each in range(length)])
        for number, length in enumerate(_lengths(draw), 1)
    ]
    request = with_arrivals(Request(machines=names, jobs=jobs), draw, ARRIVING)
    request = with_shifts(with_set_ups(request, draw, families=FAMILIES, share=0.25), draw)
    return Request.model_validate(with_due_dates(request, FLOW).model_dump())


def _lengths(draw: Draw) -> list[int]:
    """Operations of each job: most have few, all together OPERATIONS."""
    found = [draw(1, 10) if number % 4 else draw(7, LONGEST) for number in range(JOBS)]
    while (left := OPERATIONS - sum(found)) != 0:
        at = draw(0, JOBS - 1)
        found[at] = min(LONGEST, max(1, found[at] + (1 if left > 0 else -1)))
    return found


def _operation(draw: Draw, groups: list[list[str]]) -> Operation:
    """On any machine of its group; a newer one of them is faster."""
    group, minutes = groups[draw(0, GROUPS - 1)], draw(10, 120)
    return Operation(machines={name: minutes + number * minutes // 10 for number, name in enumerate(group)})


def broken_down(seconds: float) -> Request:
    """A job shop in the middle of its plan, and its busiest machine stands still."""
    rows = {row["name"]: row for row in Data((INSTANCES,))["instances"].iter_rows(named=True)}
    request = shop(rows["ta41"])
    plan = _asked(tabu_search, request, seconds).operations
    now = sorted(each.start for each in plan)[BEGUN] + 1  # one more, should that machine have just begun one
    later = replan(request, plan, now)
    wanted = dict.fromkeys(request.machines, 0)
    for each in later.previous:
        wanted[each.machine] += max(0, min(each.end, now + STANDS) - each.start)
    return down(later, max(wanted, key=wanted.__getitem__), now, now + STANDS)


def _asked(method: Any, request: Request, seconds: float) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return method((), 0, Work(folder=Path(folder)))(request.model_copy(update={"seconds": seconds}))


def once(case: str, method: str, seconds: float) -> dict[str, Any]:
    """One question and what came of its checked answer."""
    request = plant() if case == "plant" else broken_down(seconds)
    begun = time.perf_counter()
    response = _asked({each.__name__: each for each in (best_rule, tabu_search)}[method], request, seconds)
    used = time.perf_counter() - begun
    feasible.check(request, response)
    return {
        "case": case,
        "method": method,
        "operations": len(response.operations),
        "pinned": len(request.pins),
        "asked_seconds": seconds,
        "used_seconds": round(used, 2),
        "makespan": response.makespan,
        "weighted_tardiness": response.weighted_tardiness,
        "moved": "" if response.moved is None else response.moved,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Each line in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", default="5,10,30,60", help="of the plant's plans")
    parser.add_argument("--again", type=float, default=8.0, help="seconds of the plan anew")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        case, method, seconds = given.one
        print(json.dumps(once(case, method, float(seconds))))
        return
    wanted = [("plant", "best_rule", "1"), *(("plant", "tabu_search", each) for each in given.seconds.split(","))]
    rows = []
    for each in [*wanted, ("machine down", "tabu_search", str(given.again))]:
        command = [sys.executable, __file__, "--one", *each]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(
            json.loads(done.stdout.splitlines()[-1]) | {"process_seconds": round(time.perf_counter() - begun, 2)}
        )
        print(rows[-1], flush=True)
    if given.out:
        save(given.out, rows)


if __name__ == "__main__":
    main()
