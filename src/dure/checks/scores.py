"""The KPIs promised are scored."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.i18n.texts import _, translated
from dure.statistics import formula
from dure.trial.ask import Ask

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def kpis_scored(subject: Subject) -> Outcome:
    """Every KPI is made of sums that the score gives, and a limit leaves room."""
    project = subject.project
    scored = subject.once("scored", partial(_scored, subject))
    for kpi in project.kpis:
        missing = sorted(formula.names(kpi.of) - scored - {"cases"})
        if missing:
            return broken(_("the KPI {kpi} needs {name}, which the score does not give ({sums})",
                            kpi=translated(kpi.name, subject.folder), name=missing[0], sums=", ".join(sorted(scored))))  # fmt: skip
        low, high = kpi.limit or (None, None)
        if low is not None and high is not None and low > high:
            return broken(_("the KPI {kpi} has a limit that nothing keeps", kpi=translated(kpi.name, subject.folder)))
    return kept(", ".join(translated(kpi.name, subject.folder) for kpi in project.kpis))


def _scored(subject: Subject) -> set[str]:
    """The names of the sums of a case that the practice answers."""
    project, name = subject.project, subject.project.practice.__name__
    answered_cases = {transcript.case for transcript in subject.transcripts[name] if not transcript.cause}
    case = next(case for case in subject.trial_round.cases if case.id in answered_cases)
    ask = Ask(project, subject.build(name), None)
    ask.begin(case.id)
    return set(project.score(case, project.play(case, ask)))
