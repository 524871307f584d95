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
    pairs = [(model, practice), *((method, practice) for method in others), *((model, method) for method in others)]
    kinds = [("sealed", True), ("open", False)] if outcomes["sealed"].any() else [("open", False)]
    results = []
    for kind, sealed in kinds:
        part = outcomes.filter(pl.col("sealed") == sealed)
        sites = list(dict.fromkeys(part["site"]))
        for offer, against in pairs if part.height else []:
            for number, kpi in enumerate(kpis):
                for site in [*sites, None] if len(sites) > 1 else sites:
                    watched = kpis if number == 0 else [kpi]  # the first KPI answers for all limits
                    verdict = _verdict(outcomes, part, kpi, watched, offer, against, site, about)
                    verdict |= {"round": kind, "decides": False, "first": number == 0}
                    results.append(verdict)
    for verdict in results:
        over_all = (
            verdict["site"] == "all"
            or len({peer["site"] for peer in results if peer["round"] == verdict["round"]}) == 1
        )
        first = verdict.pop("first")
        verdict["decides"] = (
            first
            and over_all
            and verdict["round"] == kinds[0][0]
            and verdict["method"] not in _own_rivals(about)
            and verdict["against"] == practice
        )
    return sorted(results, key=lambda verdict: not verdict["decides"])


def _own_rivals(about: Mapping[str, Any]) -> set[str]:
    return set(about.get("rivals", ()))


def _verdict(
    outcomes: pl.DataFrame, part: pl.DataFrame, kpi: Mapping[str, Any], watched: Sequence[Mapping[str, Any]], offer: str,
    against: str, site: str | None, about: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """One KPI of `offer` against another method, at one site or over all (None); lost where a limit of `watched` is broken."""
    rows = part if site is None else part.filter(pl.col("site") == site)
    sites = list(dict.fromkeys(rows["site"]))
    pairs = [_pair(rows.filter(pl.col("site") == site_name), offer, against) for site_name in sites]
    level = _level(outcomes, kpi, offer, against, sealed=bool(part["sealed"][0]))
    no_blocks = (rows["block"] == "").all()
    finding = (census if no_blocks else compare)(
        pairs, kpi["of"], kpi["better"], **({} if no_blocks else {"level": level})
    )
    methods = {name: _number(rows, name, kpi["of"]) for name in dict.fromkeys(rows["method"])}
    offer_rows = rows.filter(pl.col("method") == offer)
    share = float(offer_rows["unanswered"].sum()) / float(offer_rows["cases"].sum())
    verdict: str = finding.verdict
    because = finding.because
    broken = next((limit for limit in (_broken(rows, offer, watched_kpi) for watched_kpi in watched) if limit), None)
    if share > about.get("unanswered_limit", 0.05):
        verdict, because = "lost", "unanswered"
    elif broken:
        verdict, because = "lost", "limit"
    gain = {"low": finding.low, "mean": finding.mean, "high": finding.high}
    return {
        "kpi": kpi["name"], "unit": kpi["unit"], "better": kpi["better"], "method": offer, "against": against,
        "site": "all" if site is None else site, "verdict": verdict, "because": because, "gain": gain,
        "level": finding.level, "resolution": finding.resolution, "smaller": finding.smaller,
        "more_blocks": finding.more_blocks, "rare": finding.rare, "undo": finding.undo,
        "blocks": finding.blocks, "sampled": finding.unit, "sites": len(sites), "of": kpi["of"], "broken": broken,
        "block_word": about.get("block_word", "block"), "cases": int(offer_rows["cases"].sum()),
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


def _pair(part: pl.DataFrame, offer: str, against: str) -> Pair:
    """The sums of two methods at one site, aligned block by block."""
    names = [name for name in part.columns if name not in (*KEYS, "unanswered")]
    keys = ["round", "block"]
    offer_sums = part.filter(pl.col("method") == offer).select(*keys, *names)
    against_sums = part.filter(pl.col("method") == against).select(*keys, *names)
    joined = offer_sums.join(against_sums, on=keys, how="inner", suffix=" of the other", maintain_order="left")
    return Pair(
        offer={name: joined[name].cast(pl.Float64).to_numpy() for name in names},
        practice={name: joined[f"{name} of the other"].cast(pl.Float64).to_numpy() for name in names},
    )


def _level(outcomes: pl.DataFrame, kpi: Mapping[str, Any], offer: str, against: str, *, sealed: bool) -> float:
    """99 % for sealed rounds where the open rounds' block gains are skewed, else 95 %."""
    if not sealed:
        return 0.95
    ready = outcomes.filter(~pl.col("sealed"))
    pairs = [_pair(ready.filter(pl.col("site") == site), offer, against) for site in dict.fromkeys(ready["site"])]
    import numpy as np

    gains = [formula.evaluate(kpi["of"], pair.practice) - formula.evaluate(kpi["of"], pair.offer) for pair in pairs]
    flat = np.concatenate([np.atleast_1d(gain) for gain in gains]) if gains else np.zeros(0)
    flat = flat[np.isfinite(flat)]
    return 0.99 if flat.size >= 6 and abs(skewness(flat)) > SKEWED else 0.95


def _number(part: pl.DataFrame, method: str, of: str) -> float | None:
    """A method's number: over the sums of one site, or the mean of the sites' numbers; a census is added up, as its verdict is."""
    method_rows = part.filter(pl.col("method") == method)
    pooled = (
        method_rows.with_columns(pl.lit("all").alias("site")) if (method_rows["block"] == "").all() else method_rows
    )
    columns = pooled.drop("round", "sealed", "block", "method", "unanswered")
    sums = columns.group_by("site", maintain_order=True).agg(pl.all().sum()).drop("site")
    numbers = [float(formula.evaluate(of, {name: float(row[name]) for name in row})) for row in sums.to_dicts()]
    mean = sum(numbers) / len(numbers)
    return mean if mean == mean else None  # noqa: PLR0124 - NaN has no JSON


def same_question(verdict: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    """Whether two verdicts differ in their site alone."""
    return all(verdict[key] == reference[key] for key in ("kpi", "method", "against", "round"))


def deciding(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts that decide: one for each offer."""
    return [verdict for verdict in results if verdict["decides"]]
