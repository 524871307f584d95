"""The trial: every method is asked the same held-out cases, and compared with today's practice.

Travel of a trial: rounds -> build -> play (`dure.trial.ask`) -> rows of cases -> outcomes (sums a block) -> verdicts.
The small table of outcomes is all that KPIs, intervals and a stranger's re-computation need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure.datasets.data import Data
from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, per_language
from dure.project.case import Case, Round, Work
from dure.project.form import Form
from dure.project.project import Project, label
from dure.record import About, Kpi, LeftOut, Practice
from dure.trial.blocks import in_blocks, outcomes_of, span_of
from dure.trial.play import play_part
from dure.trial.types import PROFILES, TEXT_COLUMNS, Trial, bilingual, file_name, project_settings, quiet, text_of
from dure.trial.verdicts import verdicts

if TYPE_CHECKING:
    from dure.project.case import Builder
    from dure.record import Localised, Particulars
    from dure.trial.play import Part
    from dure.trial.types import Tell


def run(  # noqa: PLR0913 - a keyword each, all with a default
    project: Project,
    data: Data,
    folder: Path,
    *,
    sealed: bool = False,
    profile: str = "full",
    seeds: Sequence[int] = (0,),
    offers: Sequence[Builder] = (),
    particulars: Particulars | None = None,
    looks: Callable[[pl.DataFrame], int] | None = None,
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
    particulars
        What is added to that which the trial says of itself.
    looks
        How often sealed rounds have been looked at, asked with the outcomes: what they show may be known already.

    Raises
    ------
    UserError
        A project without a playable round, or a case whose score is not a number.
    """
    builders = project.builders() | {builder.__name__: builder for builder in offers}
    rounds = chosen(project.rounds(data), profile, sealed=sealed)
    if not rounds or not any(trial_round.cases for trial_round in rounds):
        raise UserError(_("there is no round to play"), cure=_("Sealed rounds are opened with --sealed."))
    about = replace(_about(project, data, builders, rounds, seeds, profile), **(particulars or {}))
    parts: list[Part] = []
    total = len(rounds) * len(seeds) * len(builders)
    for seed in seeds:
        for trial_round in rounds:
            settled: list[Part] = []
            for name, builder in builders.items():
                done = len(parts)

                def progress(share: float, text: str, done: int = done) -> None:
                    tell((done + share) / total, text)

                progress(0.0, f"{trial_round.name} · {text_of(project, label(builder))}")
                place = folder / str(seed) / file_name(trial_round.name) / file_name(name)
                work = Work(folder=place / "work", tell=progress)
                part = play_part(project, trial_round, name, builder, seed, work, settled[0] if settled else None)
                settled.append(part)
                parts.append(part)
    tell(1.0, "")
    return _result(project, parts, rounds, about, looks or (lambda _outcomes: about.looks))


def of_parts(
    project: Project, played: Iterable[Part], offers: Sequence[Builder], *, particulars: Particulars, tell: Tell = quiet
) -> Trial:
    """What comes of answers that were given and scored elsewhere: one open round, the practice's part first.

    The project's title, KPIs and methods are told; none of its cases is asked. Raises UserError as `run` does.
    """
    builders = project.builders() | {builder.__name__: builder for builder in offers}
    parts: list[Part] = []
    for part in played:
        parts.append(part)
        tell(len(parts) / len(builders), f"{part.round} · {part.method}")
    sites = parts[0].rows["site"].unique(maintain_order=True)  # all that is said of the cases
    rounds = [Round(parts[0].round, (), [Case(site, Form(), site=site) for site in sites])]
    about = replace(_about(project, Data(()), builders, rounds, (0,), "full"), **particulars)
    return replace(_result(project, parts, rounds, about, lambda _outcomes: about.looks), rounds=())


def chosen(rounds: Iterable[Round], profile: str, *, sealed: bool) -> list[Round]:
    """The rounds a profile plays, cut to its blocks."""
    most_open, most_sealed, blocks = PROFILES[profile]
    every = list(rounds)
    played = [trial_round for trial_round in every if not trial_round.sealed][:most_open]
    played += [trial_round for trial_round in every if trial_round.sealed][:most_sealed] if sealed else []
    return (
        played
        if blocks is None
        else [replace(trial_round, cases=_first_blocks(trial_round.cases, blocks)) for trial_round in played]
    )


def _first_blocks(cases: Sequence[Case], blocks: int) -> list[Case]:
    """The cases of the first blocks of each site."""
    blocks_of: dict[str, dict[str, None]] = {}
    for case in cases:
        blocks_of.setdefault(case.site, {}).setdefault(case.block or case.id)
    first = {site: set(list(names)[:blocks]) for site, names in blocks_of.items()}
    return [case for case in cases if (case.block or case.id) in first[case.site]]


def _result(
    project: Project, parts: list[Part], rounds: Sequence[Round], about: About, looks: Callable[[pl.DataFrame], int]
) -> Trial:
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
    left_out = rows.filter((pl.col("method") == practice) & (pl.col("cause") != "")).unique(
        ["round", "case"], maintain_order=True
    )
    answered = rows
    if left_out.height:
        answered = rows.join(left_out.select("round", "case"), on=["round", "case"], how="anti", maintain_order="left")
    if not answered.height:
        raise UserError(
            _("today's practice answered none of the cases: {why}", why=left_out["why"][0] or left_out["cause"][0]),
            cure=_("Check the practice first; without it nothing can be compared."),
        )
    quick = fingerprint(answered, quick_cases(rows, rounds), len(about.seeds))
    answered = in_blocks(answered, project.kpis[0], rounds)
    names = [name for name in answered.columns if name not in ("seed", "round", "method", "answer", *TEXT_COLUMNS)]
    cases = answered.drop("answer")
    outcomes = outcomes_of(cases, names, rounds, len(about.seeds))
    about = replace(
        about, quick=quick, span=span_of(cases, rounds), unanswered_by=_causes(cases), looks=looks(outcomes),
        left_out=tuple(LeftOut(**row) for row in left_out.select("round", "case", "cause", "why").to_dicts()),
    )  # fmt: skip
    kpis = tuple(Kpi(bilingual(project, kpi.name), kpi.unit, kpi.better, kpi.of, kpi.limit) for kpi in project.kpis)
    assert project.manifest is not None
    return Trial(
        project.manifest.id, project.manifest.version, outcomes, cases,
        answered.select("seed", "round", "site", "case", "time", "method", "answer"),
        pl.DataFrame([part.cost for part in parts]), kpis, about, verdicts(outcomes, kpis, about), rounds,
    )  # fmt: skip


def _causes(cases: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Unanswered cases by method and cause."""
    counts = cases.filter(pl.col("cause") != "").group_by("method", "cause", maintain_order=True).len()
    result: dict[str, dict[str, int]] = {}
    for method, cause, count in counts.iter_rows():
        result.setdefault(method, {})[cause] = count
    return result


def quick_cases(rows: pl.DataFrame, rounds: Sequence[Round]) -> pl.DataFrame:
    """Round and case of what a quick profile plays of these rows: the first blocks of each site in its rounds."""
    most_open, most_sealed, blocks = PROFILES["quick"]
    assert blocks is not None
    names = [trial_round.name for trial_round in rounds if not trial_round.sealed][:most_open]
    names += [trial_round.name for trial_round in rounds if trial_round.sealed][:most_sealed]
    once = (pl.col("method") == rows["method"][0]) & (pl.col("seed") == rows["seed"][0]) & pl.col("round").is_in(names)
    block = pl.when(pl.col("block") == "").then("case").otherwise(pl.coalesce("block", "case"))
    cases = rows.lazy().filter(once).select("round", "site", "case", block=block)
    first = (
        cases.unique(["round", "site", "block"], keep="first", maintain_order=True)
        .group_by("round", "site", maintain_order=True)
        .head(blocks)
    )
    return cases.join(first, on=["round", "site", "block"], how="semi").select("round", "case").collect()


def fingerprint(rows: pl.DataFrame, quick: pl.DataFrame, seeds: int) -> dict[str, dict[str, float]]:
    """Sums over the cases a quick profile plays, by method and round: what a quick replay must agree with.

    Taken from cases, not from outcomes: blocks of time are cut from all that was played, so a short trial cuts others.
    """
    near = rows.filter(pl.col("case").is_in(quick["case"].implode()))  # few of a million, to be matched by two keys
    played = near.join(quick, on=["round", "case"], how="semi", maintain_order="left")
    names = [name for name in played.columns if name not in ("seed", "round", "method", "answer", *TEXT_COLUMNS)]
    summed = played.group_by("method", "round", maintain_order=True).agg(
        (pl.len() / seeds).alias("cases"),
        ((pl.col("cause") != "").sum() / seeds).alias("unanswered"),
        *(pl.col(name).sum() / seeds for name in names),
    )
    return {f"{row.pop('method')} · {row.pop('round')}": row for row in summed.to_dicts()}


def _about(
    project: Project,
    data: Data,
    builders: Mapping[str, Builder],
    rounds: Sequence[Round],
    seeds: Sequence[int],
    profile: str,
) -> About:
    from dure import __version__
    from dure.project.code_hash import project_hash

    manifest = project.manifest
    assert manifest is not None
    practice = manifest.practice
    sites = dict.fromkeys(case.site for trial_round in rounds for case in trial_round.cases)
    return About(
        id=manifest.id, version=manifest.version, title=manifest.title.model_dump(), dure=__version__,
        code=project_hash(project.folder) if project.folder else "", profile=profile, seeds=tuple(seeds),
        practice=Practice(practice.source, practice.who.model_dump(), practice.year, practice.stronger.model_dump()),
        ground=manifest.ground, assurance="self-run", replay=manifest.replay, unanswered_limit=manifest.unanswered, looks=0,
        labels={name: bilingual(project, label(builder)) for name, builder in builders.items()},
        rivals=tuple(builder.__name__ for builder in project.rivals),
        sites={site: bilingual(project, site) for site in sites if site}, remarks=_remarks(project, data),
        data=tuple(data.opened[name] for name in sorted(data.opened)),
        rounds=tuple(trial_round.name for trial_round in rounds), settings=project_settings(data), **project.words.carried(),
    )  # fmt: skip


def _remarks(project: Project, data: Data) -> dict[str, tuple[Localised, ...]]:
    """What the project found odd in its data, by site, in both languages."""
    if project.remarks is None:
        return {}
    remarks = project.remarks
    by_language = per_language(lambda: {site: list(texts) for site, texts in remarks(data).items()})
    return {
        site: tuple(
            dict(zip(LANGUAGES, translations, strict=True))
            for translations in zip(*(by_language[lang][site] for lang in LANGUAGES), strict=True)
        )
        for site in by_language["en"]
    }
