"""No rival is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.i18n.texts import _
from dure.report import vocabulary

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def no_rival_better(subject: Subject) -> Outcome:
    """Better than, or tied with, every rival."""
    rivals = [builder.__name__ for builder in subject.project.rivals]
    if not rivals:
        return absent(_("it has no rival"))
    if subject.record is None:
        return broken(_("there is no trial.json with a verdict"))
    about = subject.record.about
    for verdict in subject.record.verdicts:
        compared = verdict.against in rivals and verdict.method == subject.project.model.__name__
        if compared and verdict.round == "sealed" and verdict.verdict in ("worse", "lost"):
            where = ", ".join(filter(None, (vocabulary.localised(verdict.kpi), vocabulary.place(verdict, about))))
            text = f"{vocabulary.word(verdict)} ({where})"
            return broken(_("against {rival}: {verdict}", rival=vocabulary.against(verdict, about), verdict=text))
    return kept(", ".join(rivals))
