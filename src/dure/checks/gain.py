"""Does it help: better on sealed rounds, within its limits, at a second place, with several seeds?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.subject import size_of
from dure.i18n.texts import _
from dure.report import vocabulary
from dure.report.model_card import over_all

if TYPE_CHECKING:
    from dure.checks.subject import Subject
    from dure.record import TrialRecord, Verdict

SEVERAL_SEEDS = 3


def better(subject: Subject) -> Outcome:
    """Better on the first KPI on sealed rounds; a decision project's model also than the strongest rival."""
    record = subject.record
    deciding_verdict = next(iter(record.deciding), None) if record else None
    if record is None or deciding_verdict is None:
        return broken(_("there is no trial.json with a verdict"))
    if deciding_verdict.round != "sealed":
        return broken(
            _("trial.json has no sealed round; run `dure run {project} --sealed --keep`", project=subject.manifest.id)
        )
    if deciding_verdict.verdict != "better":
        return broken(_("sealed rounds: {verdict}", verdict=vocabulary.word(deciding_verdict)))
    if size_of(subject.trial_round.history):  # what is learnt from a history is no decision
        return kept()
    return _beats_the_strongest(record, deciding_verdict)


def _beats_the_strongest(record: TrialRecord, deciding_verdict: Verdict) -> Outcome:
    """A model that starts from the practice is nearly free to beat it: a decision is judged against the strongest rival."""
    rivals = record.about.rivals
    if not rivals:
        return kept()
    rival = _strongest_rival(record, deciding_verdict)
    if rival is None:
        return broken(_("no open round says which rival is the strongest; run the trial with open rounds too"))
    sentence = _(
        "against {rival}: {verdict}", rival=vocabulary.against(rival, record.about), verdict=vocabulary.word(rival)
    )
    return kept(sentence) if rival.verdict == "better" else broken(sentence)


def _strongest_rival(record: TrialRecord, deciding_verdict: Verdict) -> Verdict | None:
    """The sealed verdict over all sites against the rival that was best on open rounds; None where none was tried there."""
    comparable = [
        verdict
        for verdict in record.verdicts
        if (verdict.kpi, verdict.method) == (deciding_verdict.kpi, deciding_verdict.method)
    ]
    against = [verdict for verdict in over_all(comparable) if verdict.against in record.about.rivals]
    sign = 1 if deciding_verdict.better == "lower" else -1
    opened = {
        verdict.against: sign * number
        for verdict in against
        if verdict.round == "open" and (number := verdict.number(verdict.against)) is not None
    }
    best = min(opened, key=lambda rival: opened[rival], default=None)
    return next((verdict for verdict in against if verdict.round == "sealed" and verdict.against == best), None)


def no_limit(subject: Subject) -> Outcome:
    """The model crosses no KPI's limit."""
    if not any(kpi.limit for kpi in subject.project.kpis):
        return absent(_("no KPI has a limit"))
    if subject.record is None:
        return broken(_("there is no trial.json with a verdict"))
    name = subject.project.model.__name__
    for verdict in subject.record.verdicts:
        if verdict.because == "limit" and verdict.method == name:
            return broken(
                _(
                    "{kpi} crosses its limit at {site}",
                    kpi=vocabulary.localised(verdict.kpi),
                    site=verdict.site or "–",
                )
            )
    return kept()


def enough_seeds(subject: Subject) -> Outcome:
    """A method that depends on chance is tried with several seeds."""
    if not subject.stochastic:
        return absent(_("no answer depends on the seed"))
    seeds = len(subject.record.about.seeds) if subject.record else subject.manifest.seeds
    if seeds < SEVERAL_SEEDS:
        return broken(_("{method} depends on the seed, and {seeds} of {wanted} seeds were tried: set seeds in project.toml",
                        method=subject.stochastic[0], seeds=seeds, wanted=SEVERAL_SEEDS))  # fmt: skip
    return kept(_("{count} seeds", count=seeds))


def another_place(subject: Subject) -> Outcome:
    """A second site, or another period, agrees."""
    record = subject.record
    decisive = next(iter(record.deciding), None) if record else None
    if record is None or decisive is None:
        return broken(_("there is no trial.json with a verdict"))
    question = decisive.kpi, decisive.method, decisive.against
    same = [verdict for verdict in record.verdicts if (verdict.kpi, verdict.method, verdict.against) == question]
    wins = [verdict for verdict in same if verdict.verdict == "better"]
    sites = sorted({verdict.site for verdict in wins if verdict.round == decisive.round} - {"all"})
    if len(sites) > 1:
        return kept(_("sites: {names}", names=", ".join(sites)))
    if {verdict.round for verdict in wins} == {"sealed", "open"}:
        return kept(_("the open rounds agree: {names}", names=", ".join(_open_rounds(subject, record))))
    return broken(
        _("only {names} is shown better: try a second site, period or data set", names=", ".join(sites) or "–")
    )


def _open_rounds(subject: Subject, record: TrialRecord) -> list[str]:
    sealed = {trial_round.name for trial_round in subject.rounds if trial_round.sealed}
    return [name for name in record.about.rounds if name not in sealed]
