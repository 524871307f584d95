"""The verdicts of a trial: each KPI, site and comparison by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from dure.record import About, Broken, Gain, Kpi, Unanswered, Verdict
from dure.statistics import formula, rules
from dure.statistics.types import Pair
from dure.trial.types import KEYS

if TYPE_CHECKING:
    from dure.statistics.types import Array, Finding


@dataclass(frozen=True)
class _Question:
    """One KPI of `offer` against another method, at one site or over all (None); lost where a limit of `watched` is broken."""

    kpi: Kpi
    watched: Sequence[Kpi]
    offer: str
    against: str
    site: str | None
    sealed: bool


def verdicts(outcomes: pl.DataFrame, kpis: Sequence[Kpi], about: About, rule: int | None = None) -> tuple[Verdict, ...]:
    """Every verdict, recomputable by a stranger.

    Each KPI; each method against the practice and the model against each rival; open and sealed; each site and over all
    sites. Those that decide stand first: one for the model and one for each offer.

    Parameters
    ----------
    rule
        Number of the rule; None: today's.

    Raises UserError for a rule that is not known here.
    """
    chosen = rules.rule(rules.newest() if rule is None else rule)
    questions = list(_questions(outcomes, kpis))
    taken = [_verdict(outcomes, question, about, chosen) for question in questions]
    practice = outcomes["method"][0]
    sites = {kind: {verdict.site for verdict in taken if verdict.round == kind} for kind in ("open", "sealed")}
    last = "sealed" if outcomes["sealed"].any() else "open"

    def decides(question: _Question, verdict: Verdict) -> bool:
        over_all = verdict.site == "all" or len(sites[verdict.round]) == 1
        offered = verdict.against == practice and verdict.method not in about.rivals
        return question.kpi is kpis[0] and offered and over_all and verdict.round == last

    asked = zip(questions, taken, strict=True)
    marked = [replace(verdict, decides=decides(question, verdict)) for question, verdict in asked]
    return tuple(sorted(marked, key=lambda verdict: not verdict.decides))


def _questions(outcomes: pl.DataFrame, kpis: Sequence[Kpi]) -> Iterator[_Question]:
    practice, model, *others = list(dict.fromkeys(outcomes["method"]))
    pairs = [(model, practice), *((method, practice) for method in others), *((model, method) for method in others)]
    for sealed in (True, False) if outcomes["sealed"].any() else (False,):
        named = list(dict.fromkeys(outcomes.filter(pl.col("sealed") == sealed)["site"]))
        sites = [*named, None] if len(named) > 1 else named
        for offer, against in pairs:
            for number, kpi in enumerate(kpis):
                watched = kpis if number == 0 else [kpi]  # the first KPI answers for all limits
                for site in sites:
                    yield _Question(kpi, watched, offer, against, site, sealed)


def _verdict(outcomes: pl.DataFrame, question: _Question, about: About, rule: rules.Rule) -> Verdict:
    kpi, offer, site = question.kpi, question.offer, question.site
    rows = outcomes.filter(pl.col("sealed") == question.sealed)
    rows = rows if site is None else rows.filter(pl.col("site") == site)
    finding = _finding(outcomes, rows, question, rule)
    offered = rows.filter(pl.col("method") == offer)
    share = float(offered["unanswered"].sum()) / float(offered["cases"].sum())
    broken = next((limit for limit in (_broken(rows, offer, other) for other in question.watched) if limit), None)
    lost = "unanswered" if share > about.unanswered_limit else "limit" if broken else ""
    return Verdict(
        kpi=kpi.name, unit=kpi.unit, better=kpi.better, method=offer, against=question.against,
        site="all" if site is None else site, verdict="lost" if lost else finding.verdict, because=lost or finding.because,
        gain=Gain(finding.low, finding.mean, finding.high), level=finding.level, resolution=finding.resolution,
        smaller=finding.smaller, more_blocks=finding.more_blocks, rare=finding.rare, undo=finding.undo,
        blocks=finding.blocks, sampled=finding.unit, sites=rows["site"].n_unique(), of=kpi.of, broken=broken,
        block_word=about.block_word, cases=int(offered["cases"].sum()),
        unanswered=Unanswered(share, about.unanswered_by.get(offer, {})),
        methods={name: _number(rows, name, kpi.of) for name in dict.fromkeys(rows["method"])},
        looks=about.looks, assurance=about.assurance, ground=about.ground, site_word=about.site_word,
        round="sealed" if question.sealed else "open", decides=False, rule=rule.number,
    )  # fmt: skip


def _finding(outcomes: pl.DataFrame, rows: pl.DataFrame, question: _Question, rule: rules.Rule) -> Finding:
    kpi, offer, against = question.kpi, question.offer, question.against
    pairs = _pairs(rows, offer, against)
    if (rows["block"] == "").all():
        return rule.census(pairs, kpi.of, kpi.better)
    level = 0.95
    if question.sealed:
        level = rule.sealed_level(_gains(_pairs(outcomes.filter(~pl.col("sealed")), offer, against), kpi.of))
    return rule.compare(pairs, kpi.of, kpi.better, level=level)


def _broken(rows: pl.DataFrame, method: str, kpi: Kpi) -> Broken | None:
    """The limit of a KPI that the method's number does not keep."""
    low, high = kpi.limit or (None, None)
    number = _number(rows, method, kpi.of)
    if number is None or ((low is None or number >= low) and (high is None or number <= high)):
        return None
    return Broken(kpi.name, kpi.unit, number, (low, high))


def _pairs(rows: pl.DataFrame, offer: str, against: str) -> list[Pair]:
    """The sums of two methods site by site, aligned block by block."""
    return [_pair(rows.filter(pl.col("site") == site), offer, against) for site in dict.fromkeys(rows["site"])]


def _pair(rows: pl.DataFrame, offer: str, against: str) -> Pair:
    names = [name for name in rows.columns if name not in (*KEYS, "unanswered")]
    keys = ["round", "block"]
    offered = rows.filter(pl.col("method") == offer).select(*keys, *names)
    others = rows.filter(pl.col("method") == against).select(*keys, *names)
    joined = offered.join(others, on=keys, how="inner", suffix=" of the other", maintain_order="left")
    return Pair(
        offer={name: joined[name].cast(pl.Float64).to_numpy() for name in names},
        practice={name: joined[f"{name} of the other"].cast(pl.Float64).to_numpy() for name in names},
    )


def _gains(pairs: Sequence[Pair], of: str) -> Array:
    """How far the offer's KPI lies below the other's, block by block."""
    import numpy as np

    gains = [np.atleast_1d(formula.evaluate(of, pair.practice) - formula.evaluate(of, pair.offer)) for pair in pairs]
    return np.concatenate(gains) if gains else np.zeros(0)


def _number(rows: pl.DataFrame, method: str, of: str) -> float | None:
    """A method's number: over the sums of one site, or the mean of the sites' numbers; a census is added up, as its verdict is."""
    method_rows = rows.filter(pl.col("method") == method)
    pooled = (
        method_rows.with_columns(pl.lit("all").alias("site")) if (method_rows["block"] == "").all() else method_rows
    )
    columns = pooled.drop("round", "sealed", "block", "method", "unanswered")
    sums = columns.group_by("site", maintain_order=True).agg(pl.all().sum()).drop("site")
    numbers = [float(formula.evaluate(of, {name: float(row[name]) for name in row})) for row in sums.to_dicts()]
    mean = sum(numbers) / len(numbers)
    return mean if mean == mean else None  # noqa: PLR0124 - NaN has no JSON
