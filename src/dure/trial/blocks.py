"""Cases joined into blocks, and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from dure.record import Span
from dure.statistics import formula
from dure.trial.types import KEYS

if TYPE_CHECKING:
    from dure.project.case import Kpi, Round

DAYS_A_MONTH = 365.25 / 12


def in_blocks(rows: pl.DataFrame, kpi: Kpi, rounds: Sequence[Round]) -> pl.DataFrame:
    """Cases that carry time and no block are cut into blocks of time; the rest keep what the project declared."""
    timed = rows.filter(pl.col("block").is_null() & pl.col("time").is_not_null())
    if not timed.height:
        return rows.with_columns(pl.col("block").fill_null(""))
    from dure.statistics.blocks import autocorrelation, time_blocks

    practice = timed.filter(pl.col("method") == rows["method"][0])
    earlier = practice.filter(
        ~pl.col("round").is_in([trial_round.name for trial_round in rounds if trial_round.sealed])
    )
    rho = autocorrelation(_losses(earlier if earlier.height else practice, kpi))
    cut = []
    for (round_name, site), part in timed.group_by("round", "site", maintain_order=True):
        steps = part["time"].unique().sort()
        labels = time_blocks(len(steps), rho)
        texts = (
            [f"{label:04d}" for label in labels] if labels is not None else ["0000"] * len(steps)
        )  # one block: too few
        cut.append(pl.DataFrame({"round": round_name, "site": site, "time": steps, "cut": texts}))
    joined = rows.join(pl.concat(cut), on=["round", "site", "time"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("block", "cut", pl.lit("")).alias("block")).drop("cut")


def _losses(rows: pl.DataFrame, kpi: Kpi) -> Any:
    """The first KPI case by case in time order, for the autocorrelation of the loss."""
    import numpy as np

    ordered = rows.sort("seed", "site", "time")
    sums = {name: ordered[name].to_numpy() for name in formula.names(kpi.of) - {"cases"}}
    loss = formula.evaluate(kpi.of, {**sums, "cases": np.ones(ordered.height)})
    return np.nan_to_num(np.asarray(loss, dtype=float))


def outcomes_of(cases: pl.DataFrame, names: list[str], rounds: Sequence[Round], seeds: int) -> pl.DataFrame:
    """Sums a method, round, site and block, averaged over seeds, in the order the cases came."""
    sealed = pl.DataFrame(
        {
            "round": [trial_round.name for trial_round in rounds],
            "sealed": [trial_round.sealed for trial_round in rounds],
        }
    )
    keys = pl.col("method", "round", "site", "block")
    summed = (
        cases.select(keys.cast(pl.Categorical), "cause", *names)
        .group_by("method", "round", "site", "block", maintain_order=True)
        .agg(
            (pl.len() // seeds).cast(pl.Int64).alias("cases"),
            ((pl.col("cause") != "").sum() / seeds).alias("unanswered"),
            *(pl.col(name).sum() / seeds for name in names),
        )
    )
    joined = summed.with_columns(keys.cast(pl.String)).join(sealed, on="round", how="left", maintain_order="left")
    return joined.select(*KEYS, "cases", "unanswered", *names)


def span_of(cases: pl.DataFrame, rounds: Sequence[Round]) -> dict[str, Span]:
    """First and last moment and the number of cases, open and sealed, where cases carry time."""
    sealed = {trial_round.name for trial_round in rounds if trial_round.sealed}
    once = (pl.col("method") == cases["method"][0]) & (pl.col("seed") == cases["seed"][0])
    reference = cases.lazy().filter(once).select("round", "time").collect()
    span = {}
    for kind in ("open", "sealed"):
        timed = reference.filter(pl.col("time").is_not_null() & (pl.col("round").is_in(sealed) == (kind == "sealed")))
        if timed.height:
            moments = timed["time"].unique().sort()
            span[kind] = Span(moments[0], moments[-1], timed.height, moments.len())
    return span
