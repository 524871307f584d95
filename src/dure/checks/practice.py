"""Today's practice: where it is from, and that it is no straw man."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.sandbox import ask_all
from dure.checks.subject import CONSTANTS, answers_of, made, number_field, numbers_in, permuted, size_of
from dure.i18n.texts import _
from dure.project.case import Work

if TYPE_CHECKING:
    from dure.checks.subject import Subject
    from dure.record import Verdict


def practice_known(subject: Subject) -> Outcome:
    """Who works like this, since when, and where it is written."""
    import datetime

    practice = subject.manifest.practice
    if not 1800 <= practice.year <= datetime.datetime.now(datetime.UTC).year:
        return broken(_("project.toml: the practice's year is {year}", year=practice.year))
    return kept(f"{practice.source} ({practice.who}, {practice.year})")


def beats_constant(subject: Subject) -> Outcome:
    """The practice is better than always saying the mean, or the median, of what was known."""
    if number_field(subject.project) is None or not numbers_in(subject.trial_round.history):
        return absent(_("there is no truth in the history, or no answer of one number"))
    kpi, comparisons = subject.project.kpis[0], []
    for name in (f"constant {kind}" for kind in CONSTANTS):
        verdict = _open_verdict(subject, name)
        ours, constant = (verdict.methods[method] for method in (subject.project.practice.__name__, name))
        if verdict.because == "unanswered" or ours is None or constant is None:
            continue
        if ours == constant or (ours > constant) == (kpi.better == "lower"):
            return broken(_("today's practice has {ours} {unit}, the {name} has {constant}: choose a practice worth beating",
                            ours=f"{ours:.4g}", unit=kpi.unit, name=_(name), constant=f"{constant:.4g}"))  # fmt: skip
        comparisons.append(f"{ours:.4g} / {constant:.4g} {kpi.unit}".strip())
    return kept(comparisons[0]) if comparisons else absent(_("no constant is a possible answer"))


def no_luck(subject: Subject) -> Outcome:
    """A model rebuilt on permuted truth has nothing to learn from; where it still wins, something leaks."""
    if not size_of(subject.trial_round.history):
        return absent(_("there is no truth in the history to permute"))
    name = subject.project.model.__name__
    rebuilt_model = permuted(subject.project)(
        subject.trial_round.history, 0, Work(folder=made(subject.place / "permuted"))
    )
    cases = subject.trial_round.cases[: len(subject.transcripts[name])]
    if answers_of(ask_all(subject.project, rebuilt_model, cases, seconds=None)) == answers_of(
        subject.transcripts[name]
    ):
        return absent(_("the model does not learn from the history: permuting it changes no answer"))
    verdict = _open_verdict(subject, "permuted")
    if verdict.verdict == "better":
        return broken(
            _(
                "the model rebuilt on permuted truth still beats today's practice: look for a leak, or say in "
                "project.toml (exempt.permuted) what it wins with without the truth"
            )
        )
    return kept()


def _open_verdict(subject: Subject, name: str) -> Verdict:
    """The method's verdict against the practice on the open rounds, first KPI, over all sites."""
    practice, first = subject.project.practice.__name__, subject.quick_trial.kpis[0].name
    verdicts = [
        verdict for verdict in subject.quick_trial.verdicts
        if verdict.method == name and verdict.against == practice and verdict.round == "open" and verdict.kpi == first
    ]  # fmt: skip
    return next((verdict for verdict in verdicts if verdict.site == "all"), verdicts[0])
