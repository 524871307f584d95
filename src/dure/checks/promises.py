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
    can_be_exempt
        Whether project.toml may give a sentence instead.
    """

    name: str
    level: str
    title: str
    of: Callable[[Subject], Outcome]
    can_be_exempt: bool = True


PROMISES = (
    Promise("manifest", "bronze", "project.toml is complete", manifest.manifest_complete, can_be_exempt=False),
    Promise("languages", "bronze", "every text in Korean and English", texts.both_languages, can_be_exempt=False),
    Promise("sources", "bronze", "sources open by name, licence and hash hold", data.sources_hold, can_be_exempt=False),
    Promise("answers", "bronze", "every method answers with a response", answers.answers, can_be_exempt=False),
    Promise("json", "bronze", "request and response survive JSON", answers.survives_json, can_be_exempt=False),
    Promise("request", "bronze", "asking leaves the request alone", answers.request_untouched, can_be_exempt=False),
    Promise("seed", "bronze", "same seed, same answer", reproducible.same_seed, can_be_exempt=False),
    Promise(
        "rebuilt", "bronze", "built again from its folder, same answers", reproducible.rebuilt, can_be_exempt=False
    ),
    Promise("home", "bronze", "nothing calls home", safety.no_call_home, can_be_exempt=False),
    Promise("pickle", "bronze", "no pickle, no eval", safety.no_pickle, can_be_exempt=False),
    Promise("readme", "bronze", "the README's commands run", readme.readme_runs, can_be_exempt=False),
    Promise("leak", "silver", "no case of a round or later in its history", leaks.no_leak),
    Promise("blocks", "silver", "no block on both sides of a split", leaks.blocks_whole),
    Promise("nonsense", "silver", "nonsense is refused, naming the field", nonsense.refuses_nonsense),
    Promise("ids", "silver", "ids do not hold the truth", leaks.ids_are_names),
    Promise("practice", "silver", "the practice has its source, user and year", practice.practice_known),
    Promise("kpis", "silver", "KPIs promised are KPIs scored", scores.kpis_scored),
    Promise("twin", "silver", "the vectorised twin agrees", replay.twin_agrees),
    Promise("constant", "silver", "the practice beats a constant", practice.beats_constant),
    Promise("permuted", "silver", "a model of permuted truth does not beat the practice", practice.no_luck),
    Promise("time", "silver", "answers in time", deadline.in_time),
    Promise("replay", "silver", "the quick replay agrees with trial.json", replay.replay_agrees),
    Promise("better", "gold", "better on sealed rounds", gain.better, can_be_exempt=False),
    Promise("limits", "gold", "no limit crossed", gain.no_limit),
    Promise("seeds", "gold", "three seeds where a method is random", gain.enough_seeds),
    Promise("place", "gold", "a second site, period or data set agrees", gain.another_place),
    Promise("figures", "gold", "figures draw for the smallest and largest case", figures.figures_draw),
    Promise("card", "gold", "a model card written from the trial", card.model_card),
    Promise("rivals", "platinum", "better than or tied with every rival", rivals.no_rival_better),
    Promise("properties", "platinum", "properties tested", reliability.properties_tested),
    Promise("resume", "platinum", "survives kill and resume", reliability.survives_kill),
    Promise("drift", "platinum", "the drift alarm fires", reliability.drift_alarm),
    Promise("elsewhere", "platinum", "re-run on another machine, same verdict", reliability.run_elsewhere),
)
EXEMPTABLE = {promise.name: promise.can_be_exempt for promise in PROMISES}
