"""Pictures draw for the smallest and the largest case, and for a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import BROKEN, Outcome, absent, broken, kept
from dure.checks.sandbox import ask_all
from dure.i18n.texts import _
from dure.trial.charts import charts_of

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def figures_draw(subject: Subject) -> Outcome:
    """The smallest and the largest case have their picture, and the quick trial has those of a whole trial."""
    project = subject.project
    if project.figure is None and project.figures is None:
        return absent(_("it draws no figure"))
    outcome = _cases_draw(subject) if project.figure else kept()
    return outcome if outcome[0] == BROKEN or project.figures is None else _trial_draws(subject, outcome)


def _trial_draws(subject: Subject, outcome: Outcome) -> Outcome:
    """What came of the cases, if the trial draws as well: rivals, strangers' methods and unanswered cases among its rows."""
    try:
        for chart in charts_of(subject.project, subject.quick_trial).values():
            chart.to_dict()
    except ModuleNotFoundError as error:
        return broken(_("the library {library} is missing", library=error.name))
    except Exception as error:  # noqa: BLE001 - a stranger's chart
        return broken(_("the whole trial: {why}", why=f"{type(error).__name__}: {error}"))
    return outcome


def _cases_draw(subject: Subject) -> Outcome:
    project = subject.project
    assert project.figure is not None
    cases = sorted(subject.trial_round.cases, key=lambda case: len(repr(case.request)))
    methods = {name: subject.build(name) for name in project.builders()}
    for case in (cases[0], cases[-1]):
        last_steps = {
            name: ask_all(project, method, [case], seconds=None)[0].steps[-1:] for name, method in methods.items()
        }
        responses = {
            name: project.response.model_validate_json(steps[0][1]) for name, steps in last_steps.items() if steps
        }
        try:
            project.figure(case.request, responses, case.truth, None).to_dict()
        except ModuleNotFoundError as error:
            return broken(_("case {case}: the library {library} is missing", case=case.id, library=error.name))
        except Exception as error:  # noqa: BLE001 - a stranger's chart
            return broken(_("case {case}: {why}", case=case.id, why=f"{type(error).__name__}: {error}"))
    return kept(f"{cases[0].id}, {cases[-1].id}")
