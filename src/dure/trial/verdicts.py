"""The verdicts of a trial: each KPI, site and comparison by the rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from dure.statistics import formula
from dure.statistics.blocks import skewness
from dure.statistics.types import Pair
from dure.statistics.verdict import census, compare
from dure.trial.types import KEYS

SKEWED = 1.0  # block gains of open rounds above this skewness: the verdict is taken at 99 % (docs/gate.md)


def verdicts(
    outcomes: pl.DataFrame, kpis: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Every verdict, recomputable by a stranger.

    Each KPI; each method against the practice and the model against each rival; open and sealed; each site and over all
    sites. Those whose `decides` is true stand first: one for the model and one for each offer.
    """
    practice, model, *others = list(dict.fromkeys(outcomes["method"]))
    against = [(model, practice), *((each, practice) for each in others), *((model, each) for each in others)]
    kinds = [("sealed", True), ("open", False)] if outcomes["sealed"].any() else [("open", False)]
    found = []
    for kind, sealed in kinds:
        part = outcomes.filter(pl.col("sealed") == sealed)
        sites = list(dict.fromkeys(part["site"]))
        for offer, other in against if part.height else []:
            for number, kpi in enumerate(kpis):
                for site in [*sites, None] if len(sites) > 1 else sites:
                    watched = kpis if number == 0 else [kpi]  # the first KPI answers for all limits
                    one = _verdict(outcomes, part, kpi, watched, offer, other, site, about)
                    one |= {"round": kind, "decides": False, "first": number == 0}
                    found.append(one)
    for one in found:
        over_all = one["site"] == "all" or len({each["site"] for each in found if each["round"] == one["round"]}) == 1
        first = one.pop("first")
        one["decides"] = (
            first
            and over_all
            and one["round"] == kinds[0][0]
            and one["method"] not in _own_rivals(about)
            and one["against"] == practice
        )
    return sorted(found, key=lambda one: not one["decides"])


def _own_rivals(about: Mapping[str, Any]) -> set[str]:
    return set(about.get("rivals", ()))


def _verdict(
    outcomes: pl.DataFrame, part: pl.DataFrame, kpi: Mapping[str, Any], watched: Sequence[Mapping[str, Any]], offer: str,
    other: str, site: str | None, about: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """One KPI of `offer` against `other`, at one site or over all (None); lost where a limit of `watched` is broken."""
    here = part if site is None else part.filter(pl.col("site") == site)
    sites = list(dict.fromkeys(here["site"]))
    pairs = [_pair(here.filter(pl.col("site") == each), offer, other) for each in sites]
    level = _level(outcomes, kpi, offer, other, sealed=bool(part["sealed"][0]))
    no_blocks = (here["block"] == "").all()
    finding = (census if no_blocks else compare)(
        pairs, kpi["of"], kpi["better"], **({} if no_blocks else {"level": level})
    )
    methods = {name: _number(here, name, kpi["of"]) for name in dict.fromkeys(here["method"])}
    mine = here.filter(pl.col("method") == offer)
    share = float(mine["unanswered"].sum()) / float(mine["cases"].sum())
    verdict: str = finding.verdict
    because = finding.because
    broken = next((each for each in (_broken(here, offer, one) for one in watched) if each), None)
    if share > about.get("unanswered_limit", 0.05):
        verdict, because = "lost", "unanswered"
    elif broken:
        verdict, because = "lost", "limit"
    gain = {"low": finding.low, "mean": finding.mean, "high": finding.high}
    return {
        "kpi": kpi["name"], "unit": kpi["unit"], "better": kpi["better"], "method": offer, "against": other,
        "site": "all" if site is None else site, "verdict": verdict, "because": because, "gain": gain,
        "level": finding.level, "resolution": finding.resolution, "smaller": finding.smaller,
        "more_blocks": finding.more_blocks, "rare": finding.rare, "undo": finding.undo,
        "blocks": finding.blocks, "sampled": finding.unit, "sites": len(sites), "of": kpi["of"], "broken": broken,
        "block_word": about.get("block_word", "block"), "cases": int(mine["cases"].sum()),
        "unanswered": {"share": share, "by": about.get("unanswered_by", {}).get(offer, {})},
        "methods": methods, "looks": about.get("looks", 0), "assurance": about.get("assurance", "self-run"),
        "ground": about.get("ground", "benchmark"),
        **({"site_word": about["site_word"]} if "site_word" in about else {}),
    }  # fmt: skip


def _broken(part: pl.DataFrame, method: str, kpi: Mapping[str, Any]) -> dict[str, Any] | None:
    """The limit of a KPI that the method's number does not keep."""
    low, high = kpi.get("limit") or (None, None)
    number = _number(part, method, kpi["of"])
    if number is None or ((low is None or number >= low) and (high is None or number <= high)):
        return None
    return {"kpi": kpi["name"], "unit": kpi["unit"], "number": number, "limit": [low, high]}


def _pair(part: pl.DataFrame, offer: str, other: str) -> Pair:
    """The sums of two methods at one site, aligned block by block."""
    names = [name for name in part.columns if name not in (*KEYS, "unanswered")]
    keys = ["round", "block"]
    mine = part.filter(pl.col("method") == offer).select(*keys, *names)
    theirs = part.filter(pl.col("method") == other).select(*keys, *names)
    both = mine.join(theirs, on=keys, how="inner", suffix=" of the other", maintain_order="left")
    return Pair(
        offer={name: both[name].cast(pl.Float64).to_numpy() for name in names},
        practice={name: both[f"{name} of the other"].cast(pl.Float64).to_numpy() for name in names},
    )


def _level(outcomes: pl.DataFrame, kpi: Mapping[str, Any], offer: str, other: str, *, sealed: bool) -> float:
    """99 % for sealed rounds where the open rounds' block gains are skewed, else 95 %."""
    if not sealed:
        return 0.95
    ready = outcomes.filter(~pl.col("sealed"))
    pairs = [_pair(ready.filter(pl.col("site") == site), offer, other) for site in dict.fromkeys(ready["site"])]
    import numpy as np

    gains = [formula.evaluate(kpi["of"], pair.practice) - formula.evaluate(kpi["of"], pair.offer) for pair in pairs]
    flat = np.concatenate([np.atleast_1d(each) for each in gains]) if gains else np.zeros(0)
    flat = flat[np.isfinite(flat)]
    return 0.99 if flat.size >= 6 and abs(skewness(flat)) > SKEWED else 0.95


def _number(part: pl.DataFrame, method: str, of: str) -> float | None:
    """A method's number: over the sums of one site, or the mean of the sites' numbers; a census is added up, as its verdict is."""
    mine = part.filter(pl.col("method") == method)
    every = mine.with_columns(pl.lit("all").alias("site")) if (mine["block"] == "").all() else mine
    kept = every.drop("round", "sealed", "block", "method", "unanswered")
    sums = kept.group_by("site", maintain_order=True).agg(pl.all().sum()).drop("site")
    numbers = [float(formula.evaluate(of, {name: float(row[name]) for name in row})) for row in sums.to_dicts()]
    mean = sum(numbers) / len(numbers)
    return mean if mean == mean else None  # noqa: PLR0124 - NaN has no JSON


def same_question(each: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether two verdicts differ in their site alone."""
    return all(each[key] == one[key] for key in ("kpi", "method", "against", "round"))


def deciding(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts that decide: one for each offer."""
    return [one for one in found if one["decides"]]
