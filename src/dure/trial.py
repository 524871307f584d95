"""The trial: every method is asked the same held-out cases, and compared with today's practice.

Travel of a trial: rounds -> build -> play (`dure.ask`) -> rows of cases -> outcomes (sums a block) -> verdicts.
The small table of outcomes is all that KPIs, intervals and a stranger's re-computation need.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dure.ask import Ask, AskMany, Unanswered
from dure.content_store import write_atomically
from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, per_language, translated
from dure.project.case import Case, Round, Work, once
from dure.project.project import Project, label
from dure.sentence import word_of_blocks
from dure.statistics import formula
from dure.statistics.blocks import skewness
from dure.statistics.types import Pair
from dure.statistics.verdict import census, compare

if TYPE_CHECKING:
    from dure.datasets.data import Data
    from dure.project.case import Builder, Kpi, Method

# Profiles: open rounds, sealed rounds, blocks of each site that are played; `full` plays all.
PROFILES = {"full": (None, None, None), "quick": (2, 1, 20), "demo": (1, 1, 10)}
DAYS_A_MONTH = 365.25 / 12
SKEWED = 1.0  # block gains of open rounds above this skewness: the verdict is taken at 99 % (docs/gate.md)
KEYS = ("method", "round", "sealed", "site", "block")
Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Trial:
    """What came of a trial.

    Attributes
    ----------
    outcomes
        One row a method, round, site and block: cases, unanswered and the named sums, averaged over seeds.
    cases
        One row a seed, round, case and method, with its cause if unanswered. Private.
    answers
        The answers themselves as JSON. Private.
    costs
        Seconds and steps a seed, round and method.
    kpis
        Names and formulas as data.
    about
        Everything else a stranger needs to judge the numbers: the evidence's predicate without the verdicts.
    verdicts
        One for each site and over all sites, KPI and comparison.
    """

    project: str
    version: str
    outcomes: pl.DataFrame
    cases: pl.DataFrame
    answers: pl.DataFrame
    costs: pl.DataFrame
    kpis: list[dict[str, Any]]
    about: dict[str, Any]
    verdicts: list[dict[str, Any]] = field(default_factory=list)


def quiet(_share: float, _text: str) -> None:
    """Progress that nobody watches."""


def run(  # noqa: PLR0913 - a keyword each, all with a default
    project: Project,
    data: Data,
    folder: Path,
    *,
    sealed: bool = False,
    profile: str = "full",
    seeds: Sequence[int] = (0,),
    offers: Sequence[Builder] = (),
    about: Mapping[str, Any] | None = None,
    tell: Tell = quiet,
) -> Trial:
    """Play the rounds and compare.

    Parameters
    ----------
    folder
        Where builders keep what they fit and finished parts are kept; a trial that was killed goes on from here.
    sealed
        Play the sealed rounds too (a look; the caller records it).
    profile
        One of PROFILES: ``full``, or the first rounds and blocks (``quick``: minutes).
    offers
        Further methods: a vendor's file or URL.
    about
        Added to the predicate.

    Raises
    ------
    UserError
        A project without a playable round, or a case whose score is not a number.
    """
    builders = project.builders() | {builder.__name__: builder for builder in offers}
    rounds = chosen(project.rounds(data), profile, sealed=sealed)
    if not rounds or not any(each.cases for each in rounds):
        raise UserError(_("there is no round to play"), cure=_("Sealed rounds are opened with --sealed."))
    predicate = {**_about(project, data, builders, rounds, seeds, profile), **(about or {})}
    parts: list[_Part] = []
    total = len(rounds) * len(seeds) * len(builders)
    for seed in seeds:
        for turn in rounds:
            settled: list[_Part] = []
            for name, builder in builders.items():
                done = len(parts)

                def said(share: float, text: str, done: int = done) -> None:
                    tell((done + share) / total, text)

                said(0.0, f"{turn.name} · {text_of(project, label(builder))}")
                place = folder / str(seed) / _plain_name(turn.name) / _plain_name(name)
                work = Work(folder=place / "work", tell=said)
                part = _part(project, turn, name, builder, seed, work, settled[0] if settled else None)
                settled.append(part)
                parts.append(part)
    tell(1.0, "")
    return _result(project, parts, rounds, predicate)


def chosen(rounds: Iterable[Round], profile: str, *, sealed: bool) -> list[Round]:
    """The rounds a profile plays, cut to its blocks."""
    most_open, most_sealed, blocks = PROFILES[profile]
    every = list(rounds)
    kept = [each for each in every if not each.sealed][:most_open]
    kept += [each for each in every if each.sealed][:most_sealed] if sealed else []
    return kept if blocks is None else [replace(each, cases=_first(each.cases, blocks)) for each in kept]


def _first(cases: Sequence[Case], blocks: int) -> list[Case]:
    """The cases of the first blocks of each site."""
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        found.setdefault(case.site, {}).setdefault(case.block or case.id)
    kept = {site: set(list(names)[:blocks]) for site, names in found.items()}
    return [case for case in cases if (case.block or case.id) in kept[case.site]]


@dataclass(frozen=True)
class _Part:
    """One method on one round with one seed: a frame of cases (sums null where the practice had no answer), and its cost."""

    method: str
    round: str
    seed: int
    rows: pl.DataFrame
    cost: dict[str, Any]

    def responses(self) -> dict[str, str]:
        """The answers to cases of a single question as JSON, by case."""
        single = self.rows.filter((pl.col("answer") != "") & (pl.col("cause") == ""))
        return dict(single.select("case", "answer").iter_rows())

    def failed(self) -> set[str]:
        """Cases without any outcome: the practice could not answer them."""
        return set(self.rows.filter(pl.col("cause") != "")["case"])


def _part(
    project: Project, turn: Round, name: str, builder: Builder, seed: int, work: Work, settled: _Part | None
) -> _Part:
    """Build and play, or take up what was finished before a kill."""
    kept, spent = work.folder.parent / "rows.parquet", work.folder.parent / "cost.json"
    if spent.is_file():  # written after the rows: both are there or none counts
        return _Part(name, turn.name, seed, pl.read_parquet(kept), json.loads(spent.read_text(encoding="utf-8")))
    work.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    method = builder(turn.history, seed, work)
    built = time.perf_counter()
    today = _practice(project, turn, seed, work, settled)
    rows, steps = _play(project, turn, method, today, settled, work)
    cost = {
        "seed": seed, "round": turn.name, "method": name, "steps": steps,
        "build_seconds": built - started, "play_seconds": time.perf_counter() - built,
    }  # fmt: skip
    rows.write_parquet(kept)
    write_atomically(spent, json.dumps(cost))
    return _Part(name, turn.name, seed, rows, cost)


def _practice(project: Project, turn: Round, seed: int, work: Work, settled: _Part | None) -> Method | None:
    """The practice as a method of its own for loops, where it must be asked at every step."""
    if settled is None or (project.play is once and project.play_many is None):
        return None
    builder = project.practice
    return builder(turn.history, seed, Work(folder=work.folder.parent.parent / _plain_name(settled.method) / "work"))


def _play(
    project: Project, turn: Round, method: Method, today: Method | None, settled: _Part | None, work: Work
) -> tuple[pl.DataFrame, int]:
    """The frame of cases, and how many steps were asked."""
    failed = settled.failed() if settled else set()
    if project.play_many and hasattr(method, "many") and (today is None or hasattr(today, "many")):
        try:
            return _play_many(project, turn, method, today, failed)
        except Unanswered:
            pass  # a row of the practice itself failed: played one by one it can be named and left out
    recorded = settled.responses() if settled and today is None else {}
    ask, rows, steps = Ask(project, method, today), _Rows(project), 0
    for number, case in enumerate(turn.cases):
        if number % 64 == 0:
            work.tell(number / len(turn.cases), turn.name)
            if work.cancelled():
                raise UserError(_("the trial was cancelled"))
        if case.id in failed:  # nobody is asked what the practice could not answer
            rows.add(case, None, "declined", "")
            continue
        ask.begin(case.id, recorded.get(case.id, ""))
        try:
            outcome = project.play(case, ask)
            rows.add(case, outcome, ask.cause, ask.why)
        except Unanswered as unanswered:
            rows.add(case, None, unanswered.cause, unanswered.why)
        steps += ask.steps
    return rows.frame(), steps


def _play_many(
    project: Project, turn: Round, method: Method, today: Method | None, failed: set[str]
) -> tuple[pl.DataFrame, int]:
    assert project.play_many is not None
    ask, rows = AskMany(project, method, today), _Rows(project)
    cases = [case for case in turn.cases if case.id not in failed]
    ask.begin([case.id for case in cases])
    outcomes = dict(zip((case.id for case in cases), project.play_many(cases, ask), strict=True))
    causes = dict(zip(outcomes, ask.causes, strict=True))
    for case in turn.cases:
        rows.add(case, outcomes.get(case.id), causes.get(case.id, "declined"), "")
    return rows.frame(), ask.steps * len(cases)


class _Rows:
    """Cases as they are played, column by column."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._columns: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, "answer")}
        self._sums: dict[str, list[float | None]] = {}

    def add(self, case: Case, outcome: Any, cause: str, why: str) -> None:
        """One case; no outcome where the practice itself had no answer. Raises UserError for a score that is no number."""
        columns, project = self._columns, self._project
        sums: Mapping[str, float] = project.score(case, outcome) if outcome is not None else dict.fromkeys(self._sums)  # type: ignore[assignment]
        if not self._sums and sums:
            self._sums = {name: [None] * len(columns["case"]) for name in sums}
            _known(project, set(sums))
        if sums.keys() != self._sums.keys():
            raise UserError(_("the score has other sums than in the first case"), where=_("case {case}", case=case.id))
        for name, value in sums.items():
            if value is not None and not isfinite(value):
                raise UserError(_("the score {name} is not a number", name=name), where=_("case {case}", case=case.id))
            self._sums[name].append(value)
        for name, text in zip(
            _TEXTS, (case.site, case.block, case.id, case.time and case.time.isoformat(), cause, why[:200]), strict=True
        ):
            columns[name].append(text)
        columns["answer"].append(outcome.model_dump_json() if isinstance(outcome, project.response) else "")

    def frame(self) -> pl.DataFrame:
        """All of them."""
        texts = {name: pl.Series(values, dtype=pl.String) for name, values in self._columns.items()}
        return pl.DataFrame(texts | {name: pl.Series(values, dtype=pl.Float64) for name, values in self._sums.items()})


_TEXTS = ("site", "block", "case", "time", "cause", "why")


def _known(project: Project, names: set[str]) -> None:
    """Raises UserError where a KPI needs a sum that the score does not give."""
    for kpi in project.kpis:
        missing = sorted(formula.names(kpi.of) - names - {"cases"})
        if missing:
            raise UserError(
                _("the KPI {kpi} needs {name}, which the score does not give", kpi=kpi.name, name=missing[0])
            )


# ---- from rows of cases to outcomes ---------------------------------------------------------------------------------


def _result(project: Project, parts: list[_Part], rounds: Sequence[Round], about: dict[str, Any]) -> Trial:
    named = [
        part.rows.select(
            pl.lit(part.seed).alias("seed"),
            pl.lit(part.round).alias("round"),
            pl.lit(part.method).alias("method"),
            pl.all(),
        )
        for part in parts
    ]
    practice = parts[0].method
    rows = pl.concat(named, how="diagonal")
    left = rows.filter((pl.col("method") == practice) & (pl.col("cause") != "")).unique(
        ["round", "case"], maintain_order=True
    )
    about["left_out"] = left.select("round", "case", "cause", "why").to_dicts()
    kept = rows.join(left.select("round", "case"), on=["round", "case"], how="anti", maintain_order="left")
    if not kept.height:
        raise UserError(
            _("today's practice answered none of the cases: {why}", why=left["why"][0] or left["cause"][0]),
            cure=_("Check the practice first; without it nothing can be compared."),
        )
    about["quick"] = fingerprint(kept, rounds, len(about["seeds"]))
    kept = _in_blocks(kept, project.kpis[0], rounds)
    names = [name for name in kept.columns if name not in ("seed", "round", "method", "answer", *_TEXTS)]
    cases = kept.drop("answer")
    about["span"] = _span(cases, rounds)
    about["unanswered_by"] = _causes(cases)
    outcomes = _outcomes(cases, names, rounds, len(about["seeds"]))
    kpis = [
        {**asdict(kpi), "name": both(project, kpi.name), "limit": list(kpi.limit) if kpi.limit else None}
        for kpi in project.kpis
    ]
    assert project.manifest is not None
    return Trial(
        project.manifest.id, project.manifest.version, outcomes, cases,
        kept.select("seed", "round", "site", "case", "time", "method", "answer"),
        pl.DataFrame([part.cost for part in parts]), kpis, about, verdicts(outcomes, kpis, about),
    )  # fmt: skip


def _in_blocks(rows: pl.DataFrame, kpi: Kpi, rounds: Sequence[Round]) -> pl.DataFrame:
    """Cases that carry time and no block are cut into blocks of time; the rest keep what the project declared."""
    timed = rows.filter(pl.col("block").is_null() & pl.col("time").is_not_null())
    if not timed.height:
        return rows.with_columns(pl.col("block").fill_null(""))
    from dure.statistics.blocks import autocorrelation, time_blocks

    practice = timed.filter(pl.col("method") == rows["method"][0])
    earlier = practice.filter(~pl.col("round").is_in([turn.name for turn in rounds if turn.sealed]))
    rho = autocorrelation(_losses(earlier if earlier.height else practice, kpi))
    cut = []
    for (turn, site), part in timed.group_by("round", "site", maintain_order=True):
        steps = part["time"].unique().sort()
        labels = time_blocks(len(steps), rho)
        texts = (
            [f"{each:04d}" for each in labels] if labels is not None else ["0000"] * len(steps)
        )  # one block: too few
        cut.append(pl.DataFrame({"round": turn, "site": site, "time": steps, "cut": texts}))
    joined = rows.join(pl.concat(cut), on=["round", "site", "time"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("block", "cut", pl.lit("")).alias("block")).drop("cut")


def _losses(rows: pl.DataFrame, kpi: Kpi) -> Any:
    """The first KPI case by case in time order, for the autocorrelation of the loss."""
    import numpy as np

    ordered = rows.sort("seed", "site", "time")
    sums = {name: ordered[name].to_numpy() for name in formula.names(kpi.of) - {"cases"}}
    loss = formula.evaluate(kpi.of, {**sums, "cases": np.ones(ordered.height)})
    return np.nan_to_num(np.asarray(loss, dtype=float))


def _outcomes(cases: pl.DataFrame, names: list[str], rounds: Sequence[Round], seeds: int) -> pl.DataFrame:
    """Sums a method, round, site and block, averaged over seeds, in the order the cases came."""
    sealed = pl.DataFrame({"round": [turn.name for turn in rounds], "sealed": [turn.sealed for turn in rounds]})
    summed = cases.group_by("method", "round", "site", "block", maintain_order=True).agg(
        (pl.len() // seeds).cast(pl.Int64).alias("cases"),
        ((pl.col("cause") != "").sum() / seeds).alias("unanswered"),
        *(pl.col(name).sum() / seeds for name in names),
    )
    joined = summed.join(sealed, on="round", how="left", maintain_order="left")
    return joined.select(*KEYS, "cases", "unanswered", *names)


def _span(cases: pl.DataFrame, rounds: Sequence[Round]) -> dict[str, Any]:
    """First and last moment and the number of cases, open and sealed, where cases carry time."""
    sealed = {turn.name for turn in rounds if turn.sealed}
    one = cases.filter((pl.col("method") == cases["method"][0]) & (pl.col("seed") == cases["seed"][0]))
    span = {}
    for kind in ("open", "sealed"):
        timed = one.filter(pl.col("time").is_not_null() & (pl.col("round").is_in(sealed) == (kind == "sealed")))
        if timed.height:
            span[kind] = {"first": timed["time"].min(), "last": timed["time"].max(), "cases": timed.height,
                          "moments": timed["time"].n_unique()}  # fmt: skip
    return span


def _causes(cases: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Unanswered cases by method and cause."""
    found = cases.filter(pl.col("cause") != "").group_by("method", "cause", maintain_order=True).len()
    result: dict[str, dict[str, int]] = {}
    for method, cause, count in found.iter_rows():
        result.setdefault(method, {})[cause] = count
    return result


def fingerprint(rows: pl.DataFrame, rounds: Sequence[Round], seeds: int) -> dict[str, dict[str, float]]:
    """Sums over the cases a quick profile plays, by method and round: what a quick replay must agree with.

    Taken from cases, not from outcomes: blocks of time are cut from all that was played, so a short trial cuts others.
    """
    quick = [(turn.name, case.id) for turn in chosen(rounds, "quick", sealed=True) for case in turn.cases]
    cases = pl.DataFrame(quick, schema={"round": pl.String, "case": pl.String}, orient="row")
    kept = rows.join(cases, on=["round", "case"], how="semi", maintain_order="left")
    names = [name for name in rows.columns if name not in ("seed", "round", "method", "answer", *_TEXTS)]
    summed = kept.group_by("method", "round", maintain_order=True).agg(
        (pl.len() / seeds).alias("cases"),
        ((pl.col("cause") != "").sum() / seeds).alias("unanswered"),
        *(pl.col(name).sum() / seeds for name in names),
    )
    return {f"{row.pop('method')} · {row.pop('round')}": row for row in summed.to_dicts()}


# ---- verdicts: from outcomes, formulas and what is said about the trial, and from nothing else ---------------------------


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


# ---- what is said about a trial -------------------------------------------------------------------------------------------


def _about(
    project: Project,
    data: Data,
    builders: Mapping[str, Builder],
    rounds: Sequence[Round],
    seeds: Sequence[int],
    profile: str,
) -> dict[str, Any]:
    from dure import __version__
    from dure.project.code_hash import project_hash

    manifest = project.manifest
    assert manifest is not None
    return {
        "id": manifest.id, "version": manifest.version, "title": manifest.title.model_dump(), "dure": __version__,
        "code": project_hash(project.folder) if project.folder else "", "profile": profile, "seeds": list(seeds),
        "practice": manifest.practice.model_dump(), "ground": manifest.ground, "assurance": "self-run",
        "replay": manifest.replay, "unanswered_limit": manifest.unanswered, "looks": 0,
        "labels": {name: both(project, label(builder)) for name, builder in builders.items()},
        "rivals": [builder.__name__ for builder in project.rivals],
        "sites": {site: both(project, site) for site in dict.fromkeys(case.site for turn in rounds for case in turn.cases) if site},
        "remarks": _remarks(project, data), "data": [data.opened[name] for name in sorted(data.opened)],
        "block_word": word_of_blocks(project.block_word, both(project, project.block_word)),
        "rounds": [turn.name for turn in rounds], "settings": project_settings(data),
        **({"site_word": project.site_word} if project.site_word != "site" else {}),
    }  # fmt: skip


def project_settings(data: Data) -> dict[str, Any]:
    """The site's scalars as they were set."""
    return data.settings.model_dump(mode="json") if data.settings is not None else {}


def _remarks(project: Project, data: Data) -> dict[str, list[dict[str, str]]]:
    """What the project found odd in its data, by site, in both languages."""
    if project.remarks is None:
        return {}
    remarks = project.remarks
    said = per_language(lambda: {site: list(texts) for site, texts in remarks(data).items()})
    return {
        site: [
            dict(zip(LANGUAGES, each, strict=True))
            for each in zip(*(said[lang][site] for lang in LANGUAGES), strict=True)
        ]
        for site in said["en"]
    }


def both(project: Project, text: str) -> dict[str, str]:
    """A project's text in both languages."""
    return per_language(lambda: text_of(project, text))


def text_of(project: Project, text: str) -> str:
    """A project's text in the reader's language."""
    return translated(text, project.folder) if project.folder else _(text)


def _plain_name(name: str) -> str:
    """A folder's name for a round or method: letters and digits (a person may have named it), and a hash to keep two apart."""
    import hashlib

    plain = "".join(letter if letter.isalnum() else "-" for letter in name)[:40]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def forget(folder: Path) -> None:
    """Remove a finished trial's working folder."""
    shutil.rmtree(folder, ignore_errors=True)


def same_question(each: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    """Whether two verdicts differ in their site alone."""
    return all(each[key] == one[key] for key in ("kpi", "method", "against", "round"))


def deciding(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts that decide: one for each offer."""
    return [one for one in found if one["decides"]]
