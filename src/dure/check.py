"""The promises a project keeps; its level is computed from them, never typed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.code_hash import project_hash
from dure.promises import BROKEN, EXEMPT, Outcome, bronze, gold, platinum, silver
from dure.subject import Subject

if TYPE_CHECKING:
    from dure.project.project import Project
    from dure.trial.types import Tell

LEVELS = ("bronze", "silver", "gold", "platinum")
MARKS = {"kept": "✓", "broken": "✗", "exempt": "○", "does not apply": "–"}


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
    Promise("manifest", "bronze", "project.toml is complete", bronze.manifest_complete, can_be_exempt=False),
    Promise("languages", "bronze", "every text in Korean and English", bronze.both_languages, can_be_exempt=False),
    Promise(
        "sources", "bronze", "sources open by name, licence and hash hold", bronze.sources_hold, can_be_exempt=False
    ),
    Promise("answers", "bronze", "every method answers with a response", bronze.answers, can_be_exempt=False),
    Promise("json", "bronze", "request and response survive JSON", bronze.survives_json, can_be_exempt=False),
    Promise("request", "bronze", "asking leaves the request alone", bronze.request_untouched, can_be_exempt=False),
    Promise("seed", "bronze", "same seed, same answer", bronze.same_seed, can_be_exempt=False),
    Promise("rebuilt", "bronze", "built again from its folder, same answers", bronze.rebuilt, can_be_exempt=False),
    Promise("home", "bronze", "nothing calls home", bronze.no_call_home, can_be_exempt=False),
    Promise("pickle", "bronze", "no pickle, no eval", bronze.no_pickle, can_be_exempt=False),
    Promise("readme", "bronze", "the README's commands run", bronze.readme_runs, can_be_exempt=False),
    Promise("leak", "silver", "no case of a round or later in its history", silver.no_leak),
    Promise("blocks", "silver", "no block on both sides of a split", silver.blocks_whole),
    Promise("nonsense", "silver", "nonsense is refused, naming the field", silver.refuses_nonsense),
    Promise("ids", "silver", "ids do not hold the truth", silver.ids_are_names),
    Promise("practice", "silver", "the practice has its source, user and year", silver.practice_known),
    Promise("kpis", "silver", "KPIs promised are KPIs scored", silver.kpis_scored),
    Promise("twin", "silver", "the vectorised twin agrees", silver.twin_agrees),
    Promise("constant", "silver", "the practice beats a constant", silver.beats_constant),
    Promise("permuted", "silver", "a model of permuted truth does not beat the practice", silver.no_luck),
    Promise("time", "silver", "answers in time", silver.in_time),
    Promise("replay", "silver", "the quick replay agrees with trial.json", silver.replay_agrees),
    Promise("better", "gold", "better on sealed rounds", gold.better, can_be_exempt=False),
    Promise("limits", "gold", "no limit crossed", gold.no_limit),
    Promise("seeds", "gold", "three seeds where a method is random", gold.enough_seeds),
    Promise("place", "gold", "a second site, period or data set agrees", gold.another_place),
    Promise("figures", "gold", "figures draw for the smallest and largest case", gold.figures_draw),
    Promise("card", "gold", "a model card written from the trial", gold.model_card),
    Promise("rivals", "platinum", "better than or tied with every rival", platinum.no_rival_better),
    Promise("properties", "platinum", "properties tested", platinum.properties_tested),
    Promise("resume", "platinum", "survives kill and resume", platinum.survives_kill),
    Promise("drift", "platinum", "the drift alarm fires", platinum.drift_alarm),
    Promise("elsewhere", "platinum", "re-run on another machine, same verdict", platinum.run_elsewhere),
)


@dataclass(frozen=True)
class Found:
    """One promise and what came of it: `state` is kept, broken, exempt or does not apply."""

    name: str
    level: str
    title: str
    state: str
    reason: str


@dataclass(frozen=True)
class Report:
    """A project's level and its promises, in the order of the table, for its code by its hash (`dure.project.code_hash.project_hash`)."""

    project: str
    code: str
    level: str
    promises: tuple[Found, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        told = {"project": self.project, "code": self.code, "level": self.level}
        return {**told, "promises": [asdict(each) for each in self.promises]}

    def in_words(self) -> str:
        """For a terminal: the level, then each promise with its reason."""
        lines = [_("{project}: {level}", project=self.project, level=_(self.level))]
        for level in LEVELS:
            lines.append(_(level))
            for each in self.promises:
                if each.level == level:
                    reason = f" · {each.reason}" if each.reason else ""
                    lines.append(f"  {MARKS[each.state]} {_(each.title)} [{each.name}]: {_(each.state)}{reason}")
        return "\n".join(lines)


def check(project: Project, *, full: bool = False, tell: Tell = lambda share, text: None) -> Report:
    """Examine a loaded project.

    Parameters
    ----------
    full
        Play a sealed round even of changed code (a look, written down) and run the README's commands.
    tell
        Progress.
    """
    found = []
    assert project.manifest is not None
    with tempfile.TemporaryDirectory(prefix="dure-check-", ignore_cleanup_errors=True) as place:
        for number, promise in enumerate(PROMISES):
            share = number / len(PROMISES)

            def said(part: float, what: str, share: float = share) -> None:
                tell(share + part / len(PROMISES), what)

            if number == 0:
                subject = Subject(project, Path(place), full=full, tell=said)
            subject.tell = said
            tell(share, _(promise.title))
            state, reason = _outcome(promise, subject)
            found.append(Found(promise.name, promise.level, promise.title, state, reason))
    tell(1.0, "")
    code = project_hash(project.folder) if project.folder else ""
    return Report(project.manifest.id, code, level_of(found), tuple(found))


def _outcome(promise: Promise, subject: Subject) -> Outcome:
    exempt = subject.manifest.exempt.get(promise.name)
    if exempt and promise.can_be_exempt:
        return EXEMPT, str(exempt)
    try:
        return promise.of(subject)
    except UserError as error:
        return BROKEN, str(error)
    except Exception as error:  # noqa: BLE001 - a stranger's project; what it raised is the finding
        return BROKEN, _("could not be tried: {why}", why=f"{type(error).__name__}: {error}")


def level_of(found: list[Found]) -> str:
    """The highest level up to which no promise is broken; "none" below bronze."""
    reached = "none"
    for level in LEVELS:
        if any(each.state == BROKEN for each in found if each.level == level):
            break
        reached = level
    return reached
