"""What was measured comes out again: the quick replay, the vectorised twin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dure.checks.differences import differs
from dure.checks.outcome import Outcome, absent, broken, kept
from dure.i18n.texts import _
from dure.trial.ask import Ask, AskMany

if TYPE_CHECKING:
    from dure.checks.subject import Subject

ROUNDING = 1e-9  # two sums of the same numbers in another order


def replay_agrees(subject: Subject) -> Outcome:
    """The quick part of trial.json comes out again."""
    if subject.record is None:
        return broken(
            _("there is no trial.json; run `dure run {project} --sealed --keep`", project=subject.manifest.id)
        )
    recorded, replayed = subject.record.about.quick, subject.quick_trial.about.quick
    rounds = set(subject.quick_trial.about.rounds)
    expected = {key: sums for key, sums in recorded.items() if key.split(" · ", 1)[-1] in rounds}
    if not expected:
        return broken(
            _("trial.json has none of the rounds {rounds}; run the trial again", rounds=", ".join(sorted(rounds)))
        )
    for key, sums in expected.items():
        if difference := differs(
            json.dumps(dict(sums)), json.dumps(dict(replayed.get(key, {}))), max(subject.manifest.replay, ROUNDING)
        ):
            return broken(_("{key}: {other} (trial.json, now); run the trial again", key=key, other=difference))
    return kept(_("stale: the code has changed since {code}, the numbers agree", code=subject.record.about.code[:12])
                if subject.stale else "")  # fmt: skip


def twin_agrees(subject: Subject) -> Outcome:
    """Played as columns and played one by one, every case has the same sums."""
    project, compared = subject.project, 0
    if project.play_many is None:
        return absent(_("it has no vectorised twin"))
    for name, transcripts in subject.transcripts.items():
        method = subject.build(name)
        cases = [
            case
            for case, transcript in zip(subject.trial_round.cases, transcripts, strict=False)
            if not transcript.cause
        ]
        if not hasattr(method, "many") or not cases:
            continue
        many = AskMany(project, method, None)
        many.begin([case.id for case in cases])
        together = project.play_many(cases, many)
        ask = Ask(project, method, None)
        for case, outcome in zip(cases, together, strict=True):
            ask.begin(case.id)
            sums, twin_sums = project.score(case, project.play(case, ask)), project.score(case, outcome)
            if difference := differs(json.dumps(dict(sums)), json.dumps(dict(twin_sums)), ROUNDING):
                return broken(
                    _(
                        "{method}, case {case}: {other} (one by one, together)",
                        method=name,
                        case=case.id,
                        other=difference,
                    )
                )
            compared += 1
    return kept(_("{count} cases", count=compared)) if compared else absent(_("no method answers many at once"))
