"""Platinum: others can rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.promises import Outcome, absent, broken, kept
from dure.subject import witnessed
from dure.words import _

if TYPE_CHECKING:
    from dure.subject import Subject


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
            return broken(_("against {rival}: {verdict}", rival=each["against"], verdict=_(each["verdict"])))
    return kept(", ".join(rivals))


def properties_tested(subject: Subject) -> Outcome:
    """Its tests state properties."""
    tests = sorted((subject.folder / "tests").glob("test_*.py"))
    if any("from hypothesis import" in path.read_text(encoding="utf-8") for path in tests):
        return kept()
    return broken(_("no test of its own states a property (hypothesis)"))


def survives_kill(subject: Subject) -> Outcome:
    """The model's fitting is ended halfway, started again, and answers the same."""
    name = subject.project.model.__name__
    cut = witnessed(subject, [{"method": name, "folder": "killed", "kill": 0.5}])
    if cut is not None:
        return absent(_("it fits without telling progress: there is no halfway"))
    after = witnessed(subject, [{"method": name, "folder": "killed"}])
    part = after["parts"][0] if after else {"error": "?", "answers": []}
    given = [[each.case, each.cause, [answer for _request, answer in each.steps]] for each in subject.asked[name]]
    if part["error"] or part["answers"] != given:
        return broken(
            _("{method}, ended halfway and started again: {why}", method=name, why=part["error"] or _("other answers"))
        )
    return kept()


def drift_alarm(subject: Subject) -> Outcome:
    """The alarm fires on a shifted stream."""
    del subject
    return broken(_("no drift alarm watches it yet"))


def run_elsewhere(subject: Subject) -> Outcome:
    """Another machine gives the same verdict."""
    if subject.said and subject.said["about"].get("assurance", "self-run") != "self-run":
        return kept(str(subject.said["about"]["assurance"]))
    return broken(_("its trial was run on one machine only"))
