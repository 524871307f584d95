"""Does it help: better on sealed rounds, within its limits, at a second place, with several seeds?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.subject import size_of
from dure.i18n.texts import _
from dure.report import vocabulary
from dure.report.model_card import over_all
from dure.trial.verdicts import deciding

if TYPE_CHECKING:
    from dure.checks.subject import Subject


SEVERAL_SEEDS = 3


def better(subject: Subject) -> Outcome:
    """Better on the first KPI on sealed rounds; a decision project's model also than the strongest rival."""
    said = subject.said
    one = next(iter(deciding(said["verdicts"])), None) if said else None
    if said is None or one is None:
        return broken(_("there is no trial.json with a verdict"))
    if one["round"] != "sealed":
        return broken(
            _("trial.json has no sealed round; run `dure run {project} --sealed`", project=subject.manifest.id)
        )
    if one["verdict"] != "better":
        return broken(_("sealed rounds: {verdict}", verdict=vocabulary.word(one)))
    if size_of(subject.turn.history):  # what is learnt from a history is no decision
        return kept()
    return _beats_the_strongest(said, one)


def _beats_the_strongest(said: Mapping[str, Any], one: Mapping[str, Any]) -> Outcome:
    """A model that starts from the practice is nearly free to beat it: a decision is judged against the strongest rival."""
    rivals = said["about"].get("rivals", ())
    if not rivals:
        return kept()
    rival = _strongest_rival(said["verdicts"], one, rivals)
    if rival is None:
        return broken(_("no open round says which rival is the strongest; run the trial with open rounds too"))
    told = _(
        "against {rival}: {verdict}", rival=vocabulary.against(rival, said["about"]), verdict=vocabulary.word(rival)
    )
    return kept(told) if rival["verdict"] == "better" else broken(told)


def _strongest_rival(
    verdicts: Sequence[Mapping[str, Any]], one: Mapping[str, Any], rivals: Sequence[str]
) -> Mapping[str, Any] | None:
    """The sealed verdict over all sites against the rival that was best on open rounds; None where none was tried there."""
    mine = [each for each in verdicts if each["kpi"] == one["kpi"] and each["method"] == one["method"]]
    against = [each for each in over_all(mine) if each["against"] in rivals]
    opened = [each for each in against if each["round"] == "open" and each["methods"].get(each["against"]) is not None]
    sign = 1 if one["better"] == "lower" else -1
    best = min(opened, key=lambda each: sign * each["methods"][each["against"]], default=None)
    sealed = [each for each in against if each["round"] == "sealed"]
    return next((each for each in sealed if best and each["against"] == best["against"]), None)


def no_limit(subject: Subject) -> Outcome:
    """The model crosses no KPI's limit."""
    if not any(kpi.limit for kpi in subject.project.kpis):
        return absent(_("no KPI has a limit"))
    if subject.said is None:
        return broken(_("there is no trial.json with a verdict"))
    name = subject.project.model.__name__
    for each in subject.said["verdicts"]:
        if each["because"] == "limit" and each["method"] == name:
            return broken(
                _("{kpi} crosses its limit at {site}", kpi=vocabulary.localised(each["kpi"]), site=each["site"] or "–")
            )
    return kept()


def enough_seeds(subject: Subject) -> Outcome:
    """A method that depends on chance is tried with several seeds."""
    if not subject.chancy:
        return absent(_("no answer depends on the seed"))
    seeds = len(subject.said["about"].get("seeds", ())) if subject.said else subject.manifest.seeds
    if seeds < SEVERAL_SEEDS:
        return broken(_("{method} depends on the seed, and {seeds} of {wanted} seeds were tried: set seeds in project.toml",
                        method=subject.chancy[0], seeds=seeds, wanted=SEVERAL_SEEDS))  # fmt: skip
    return kept(_("{count} seeds", count=seeds))


def another_place(subject: Subject) -> Outcome:
    """A second site, or another period, agrees."""
    said = subject.said
    one = next(iter(deciding(said["verdicts"])), None) if said else None
    if said is None or one is None:
        return broken(_("there is no trial.json with a verdict"))
    same = [each for each in said["verdicts"] if all(each[key] == one[key] for key in ("kpi", "method", "against"))]
    found = [each for each in same if each["verdict"] == "better"]
    sites = sorted({each["site"] for each in found if each["round"] == one["round"] and each["site"] != "all"})
    if len(sites) > 1:
        return kept(_("sites: {names}", names=", ".join(sites)))
    if {each["round"] for each in found} == {"sealed", "open"}:
        return kept(_("the open rounds agree: {names}", names=", ".join(_open_rounds(subject, said))))
    return broken(
        _("only {names} is shown better: try a second site, period or data set", names=", ".join(sites) or "–")
    )


def _open_rounds(subject: Subject, said: Mapping[str, Any]) -> list[str]:
    sealed = {turn.name for turn in subject.rounds if turn.sealed}
    return [name for name in said["about"].get("rounds", ()) if name not in sealed]
