"""The promises there are: name, level, title and how each is examined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dure.checks import (
    answers,
    card,
    data,
    deadline,
    figures,
    gain,
    leaks,
    manifest,
    nonsense,
    practice,
    readme,
    reliability,
    replay,
    reproducible,
    rivals,
    safety,
    scores,
    texts,
)

if TYPE_CHECKING:
    from dure.checks.outcome import Outcome
    from dure.checks.subject import Subject


@dataclass(frozen=True)
class Promise:
    """Something a project says of itself, and how to find out.

    Parameters
    ----------
    name
        What project.toml calls it (`exempt`).
    level
        One of LEVELS.
    title
        What people read; translated when shown.
    of
        The examination.
    step
        What an author does next where it is broken; translated when shown, ``{project}`` filled in.
    can_be_exempt
        Whether project.toml may give a sentence instead.
    """

    name: str
    level: str
    title: str
    of: Callable[[Subject], Outcome]
    step: str
    can_be_exempt: bool = True


PROMISES = (
    Promise(
        "manifest", "bronze", "project.toml is complete", manifest.manifest_complete,
        "Fill in the field of project.toml that is named.", can_be_exempt=False,
    ),
    Promise(
        "languages", "bronze", "every text in Korean and English", texts.both_languages,
        "Paste the entries that are named into locale/ko.po and fill them in.", can_be_exempt=False,
    ),
    Promise(
        "sources", "bronze", "sources open by name, licence and hash hold", data.sources_hold,
        "Give every Source its licence, and its SHA-256 where somebody else may change the file.", can_be_exempt=False,
    ),
    Promise(
        "answers", "bronze", "every method answers with a response", answers.answers,
        "Let the method answer the case that is named; None declines it.", can_be_exempt=False,
    ),
    Promise(
        "json", "bronze", "request and response survive JSON", answers.survives_json,
        "Give the field a type that JSON can hold.", can_be_exempt=False,
    ),
    Promise(
        "request", "bronze", "asking leaves the request alone", answers.request_untouched,
        "Copy what the method changes: a request is only read.", can_be_exempt=False,
    ),
    Promise(
        "seed", "bronze", "same seed, same answer", reproducible.same_seed,
        "Draw every random number from the seed that the builder is given.", can_be_exempt=False,
    ),
    Promise(
        "rebuilt", "bronze", "built again from its folder, same answers", reproducible.rebuilt,
        "Keep all that is fitted in work.folder, and read it there when the folder is full.", can_be_exempt=False,
    ),
    Promise(
        "home", "bronze", "nothing calls home", safety.no_call_home,
        "Take the call out, or open its data as a Source.", can_be_exempt=False,
    ),
    Promise(
        "pickle", "bronze", "no pickle, no eval", safety.no_pickle,
        "Keep what is fitted as JSON, Parquet or the library's own text.", can_be_exempt=False,
    ),
    Promise(
        "readme", "bronze", "the README's commands run", readme.readme_runs,
        "Correct the command in README.md.", can_be_exempt=False,
    ),
    Promise(
        "leak", "silver", "no case of a round or later in its history", leaks.no_leak,
        "Let the history end before the round's first case.",
    ),
    Promise(
        "blocks", "silver", "no block on both sides of a split", leaks.blocks_whole,
        "Split between blocks, never through one.",
    ),
    Promise(
        "nonsense", "silver", "nonsense is refused, naming the field", nonsense.refuses_nonsense,
        "Give the field bounds, or refuse the value with an error that names the field.",
    ),
    Promise(
        "ids", "silver", "ids do not hold the truth", leaks.ids_are_names,
        "Name the cases by what was known before: a number, a date, a place.",
    ),
    Promise(
        "practice", "silver", "the practice has its source, user and year", practice.practice_known,
        "Say in [practice] of project.toml where it is published, who works so and since when.",
    ),
    Promise(
        "kpis", "silver", "KPIs promised are KPIs scored", scores.kpis_scored,
        "Let score return every sum that the KPI names.",
    ),
    Promise(
        "twin", "silver", "the vectorised twin agrees", replay.twin_agrees,
        "Let play_many come to what play comes to.",
    ),
    Promise(
        "constant", "silver", "the practice beats a constant", practice.beats_constant,
        "Put a practice there that somebody really works by: a constant beats this one.",
    ),
    Promise(
        "permuted", "silver", "a model of permuted truth does not beat the practice", practice.no_luck,
        "Look for the truth in the requests.",
    ),
    Promise(
        "time", "silver", "answers in time", deadline.in_time,
        "Make the method faster, or raise deadline in project.toml.",
    ),
    Promise(
        "replay", "silver", "the quick replay agrees with trial.json", replay.replay_agrees,
        "Run `dure run {project} --sealed --keep`.",
    ),
    Promise(
        "better", "gold", "better on sealed rounds", gain.better,
        "Try another model on the open rounds, then `dure run {project} --sealed --keep`. No gain shown is a result, too.",
        can_be_exempt=False,
    ),
    Promise(
        "limits", "gold", "no limit crossed", gain.no_limit,
        "Bring the number back within its limit.",
    ),
    Promise(
        "seeds", "gold", "three seeds where a method is random", gain.enough_seeds,
        "Set seeds = 3 in project.toml, then `dure run {project} --sealed --keep`.",
    ),
    Promise(
        "place", "gold", "a second site, period or data set agrees", gain.another_place,
        "Add a site, a period or a data set of another place.",
    ),
    Promise(
        "figures", "gold", "figures draw for the smallest and largest case, and for a trial", figures.figures_draw,
        "Let figure draw the case that is named.",
    ),
    Promise(
        "card", "gold", "a model card written from the trial", card.model_card,
        "Run `dure card {project} --write` and write the passage that is yours.",
    ),
    Promise(
        "rivals", "platinum", "better than or tied with every rival", rivals.no_rival_better,
        "Offer the rival instead, or better the model.",
    ),
    Promise(
        "properties", "platinum", "properties tested", reliability.properties_tested,
        "State a property with hypothesis in the project's tests.",
    ),
    Promise(
        "resume", "platinum", "survives kill and resume", reliability.survives_kill,
        "Write what is fitted aside and rename it, and go on from what a half-full folder holds.",
    ),
    Promise(
        "drift", "platinum", "the drift alarm fires", reliability.drift_alarm,
        "Ask with the numbers that decide as fields of their own, so that a shift is heard.",
    ),
    Promise(
        "elsewhere", "platinum", "re-run on another machine, same verdict", reliability.run_elsewhere,
        "Have the evidence re-run on another machine: dure verify EVIDENCE --rerun",
    ),
)  # fmt: skip
EXEMPTABLE = {promise.name: promise.can_be_exempt for promise in PROMISES}
