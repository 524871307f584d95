"""Which operation runs when on which machine? A plant's plan against the best dispatching rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from dure import Case, Kpi, Project, Round

from .chart import figure
from .cpsat import cp_sat
from .feasible import check
from .forms import Request, Response
from .instances import INSTANCES, case
from .rules import best_rule

if TYPE_CHECKING:
    from dure import Data

# (round, families, largest number of operations, sealed). The recipe - workers, budget - was chosen on the open ones.
ROUNDS = (
    ("Applegate and Cook 1991", ("orb",), 100, False),
    ("Fisher and Thompson 1963, Adams, Balas and Zawack 1988", ("ft", "abz"), 300, False),
    ("Lawrence 1984", ("la",), 300, False),
    ("Taillard 1993, up to 20 jobs", ("ta",), 400, True),
    ("Storer, Wu and Vaccari 1992, up to 20 jobs; Yamada and Nakano 1992", ("swv", "yn"), 400, True),
)


def history(data: Data, until: datetime | None = None) -> tuple[Case, ...]:
    """Nothing: no method learns from other shops."""
    return ()


def rounds(data: Data) -> Iterator[Round]:
    """Open and sealed families of instances, in the order of the file."""
    import polars as pl

    size = pl.col("minutes").list.len() * pl.col("minutes").list.first().list.len()
    for name, families, largest, sealed in ROUNDS:
        rows = data["instances"].filter(pl.col("family").is_in(families) & (size <= largest))
        yield Round(name, (), [case(row) for row in rows.iter_rows(named=True)], sealed=sealed)


def score(case: Case, outcome: Response) -> dict[str, float]:
    """Relative distance to the best makespan known, in percent; the makespan."""
    makespan = max(placed.end for placed in outcome.operations)
    best = case.truth["best_known"]
    return {"gap": 100 * (makespan - best) / best, "makespan": makespan}


PROJECT = Project(
    request=Request,
    response=Response,
    sources=(INSTANCES,),
    history=history,
    rounds=rounds,
    practice=best_rule,
    model=cp_sat,
    score=score,
    kpis=(
        Kpi("gap to the best makespan known", "%", "lower", of="gap / cases"),
        Kpi("mean makespan", "min", "lower", of="makespan / cases"),
    ),
    check=check,
    figure=figure,
    block_word="instance",
)
