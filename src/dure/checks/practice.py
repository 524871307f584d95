"""Today's practice: where it is from, and that it is no straw man."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.sandbox import ask_all
from dure.checks.subject import CONSTANTS, answers_of, made, number_field, numbers_in, permuted, size_of
from dure.i18n.texts import _
from dure.project.case import Work

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def practice_known(subject: Subject) -> Outcome:
    """Who works like this, since when, and where it is written."""
    import datetime

    practice = subject.manifest.practice
    if not 1800 <= practice.year <= datetime.datetime.now(datetime.UTC).year:
        return broken(_("project.toml: the practice's year is {year}", year=practice.year))
    return kept(f"{practice.source} ({practice.who}, {practice.year})")


def beats_constant(subject: Subject) -> Outcome:
    """The practice is better than always saying the mean, or the median, of what was known."""
    if number_field(subject.project) is None or not numbers_in(subject.turn.history):
        return absent(_("there is no truth in the history, or no answer of one number"))
    kpi, told = subject.project.kpis[0], []
    for name in (f"constant {each}" for each in CONSTANTS):
        verdict = _open_verdict(subject, name)
        ours, constant = (verdict["methods"][each] for each in (subject.project.practice.__name__, name))
        if verdict["because"] == "unanswered" or ours is None or constant is None:
            continue
        if ours == constant or (ours > constant) == (kpi.better == "lower"):
            return broken(_("today's practice has {ours} {unit}, the {name} has {constant}: choose a practice worth beating",
                            ours=f"{ours:.4g}", unit=kpi.unit, name=_(name), constant=f"{constant:.4g}"))  # fmt: skip
        told.append(f"{ours:.4g} / {constant:.4g} {kpi.unit}".strip())
    return kept(told[0]) if told else absent(_("no constant is a possible answer"))


def no_luck(subject: Subject) -> Outcome:
    """A model rebuilt on permuted truth has nothing to learn from; where it still wins, something leaks."""
    if not size_of(subject.turn.history):
        return absent(_("there is no truth in the history to permute"))
    name = subject.project.model.__name__
    rebuilt_model = permuted(subject.project)(subject.turn.history, 0, Work(folder=made(subject.place / "permuted")))
    cases = subject.turn.cases[: len(subject.asked[name])]
    if answers_of(ask_all(subject.project, rebuilt_model, cases, seconds=None)) == answers_of(subject.asked[name]):
        return absent(_("the model does not learn from the history: permuting it changes no answer"))
    verdict = _open_verdict(subject, "permuted")
    if verdict["verdict"] == "better":
        return broken(
            _(
                "the model rebuilt on permuted truth still beats today's practice: look for a leak, or say in "
                "project.toml (exempt.permuted) what it wins with without the truth"
            )
        )
    return kept()


def _open_verdict(subject: Subject, name: str) -> dict[str, Any]:
    """The method's verdict against the practice on the open rounds, first KPI, over all sites."""
    practice, first = subject.project.practice.__name__, subject.tried.kpis[0]["name"]
    found = [
        each for each in subject.tried.verdicts
        if each["method"] == name and each["against"] == practice and each["round"] == "open" and each["kpi"] == first
    ]  # fmt: skip
    return next((each for each in found if each["site"] == "all"), found[0])
