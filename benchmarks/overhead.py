"""What the trial itself costs: microseconds per case and method, on cases whose answers cost nothing.

    python benchmarks/overhead.py [CASES]        (100,000 unless told; target: under 40)

Everything a trial does is inside the measured time: copying and checking each request, checking each response, scoring,
the frame of cases, outcomes and verdicts. The best of three runs is the cost; the others show how busy the machine was.
"""

import sys
import tempfile
import time
from pathlib import Path

from dure.datasets.data import Data
from dure.project.case import Case, Kpi, Round
from dure.project.form import Form
from dure.project.manifest import Manifest
from dure.project.project import Project
from dure.trial import trial

TARGET = 40.0  # microseconds


class Request(Form):
    today: float


class Response(Form):
    tomorrow: float


def same(_history, _seed, _work):
    """Same as today."""
    return lambda request: Response(tomorrow=request.today)


def more(_history, _seed, _work):
    """A little more than today."""
    return lambda request: Response(tomorrow=request.today + 0.4)


def project(count):
    """`count` one-shot cases in fifty blocks at two sites."""
    cases = [
        Case(
            str(n),
            Request(today=n % 17),
            n % 17 + (n * 7 % 5) / 5,
            f"week {n * 50 // count}",
            ("north", "south")[n % 2],
        )
        for n in range(count)
    ]
    two = {"ko": "-", "en": "-"}
    about = Manifest(
        id="bench.overhead", version="1", title=two, summary=two,
        practice={"source": "-", "who": two, "year": 2020, "stronger": two},
    )  # fmt: skip
    return Project(
        request=Request, response=Response, sources=(), history=lambda _data, _until=None: (),
        rounds=lambda _data: [Round("open", (), cases)], practice=same, model=more,
        score=lambda case, got: {"errors": abs(got.tomorrow - case.truth)},
        kpis=(Kpi("mean absolute error", "t", "lower", "errors / cases"),), manifest=about,
    )  # fmt: skip


def seconds(asked):
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        trial.run(asked, Data(()), Path(folder))
        return time.perf_counter() - started


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    asked = project(count)
    costs = sorted(seconds(asked) / count / 2 * 1e6 for _ in range(3))
    runs = ", ".join(f"{each:.1f}" for each in costs)
    print(
        f"{count:,} one-shot cases, 2 methods: {costs[0]:.1f} microseconds per case and method (target {TARGET:g}; runs {runs})"
    )
    return 0 if costs[0] < TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
