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
    if subject.said is None:
        return broken(_("there is no trial.json with a verdict"))
    for each in subject.said["verdicts"]:
        against = each["against"] in rivals and each["method"] == subject.project.model.__name__
        if against and each["round"] == "sealed" and each["verdict"] in ("worse", "lost"):
            about = subject.said["about"]
            where = ", ".join(filter(None, (vocabulary.localised(each["kpi"]), vocabulary.place(each, about))))
            verdict = f"{vocabulary.word(each)} ({where})"
            return broken(_("against {rival}: {verdict}", rival=vocabulary.against(each, about), verdict=verdict))
    return kept(", ".join(rivals))
