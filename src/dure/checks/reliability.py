"""Can others rely on it: tested properties, kill and resume, drift, another machine?"""

from __future__ import annotations

import math
import random
import statistics
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, absent, broken, kept
from dure.checks.sandbox import case_answers
from dure.checks.subject import cases_in, witnessed
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


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
    part = after["parts"][0] if after else None
    expected = [case_answers(transcript) for transcript in subject.transcripts[name]]
    if part is None or part["error"] or part["answers"] != expected:
        why = "?" if part is None else part["error"] or _("other answers")
        return broken(_("{method}, ended halfway and started again: {why}", method=name, why=why))
    return kept()


def drift_alarm(subject: Subject) -> Outcome:
    """The alarm is silent over its own requests, drawn in two, and names each number that is shifted by a standard deviation."""
    from dure.statistics.drift import LEAST, drifted, flat

    cases = [case for trial_round in subject.rounds for case in trial_round.cases]
    cases += cases_in(subject.trial_round.history)
    rows = [flat(case.request.model_dump(mode="json")) for case in {case.id: case for case in cases}.values()]
    if len(rows) < 2 * LEAST:
        return absent(_("{count} requests are too few to drift", count=len(rows)))
    random.Random(0).shuffle(rows)  # noqa: S311 - two halves, no secret
    usual, recent = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    if alarms := drifted(usual, recent):
        fields = ", ".join(alarm.field for alarm in alarms)
        return broken(_("it cries where nothing has changed: {fields}", fields=fields))
    numbers = sorted({name for row in rows for name, value in row.items() if isinstance(value, float)})
    missed = []
    for name in numbers:
        values = [value for row in rows if isinstance(value := row.get(name), float)]
        spread = statistics.pstdev(values)
        if all(value.is_integer() for value in values):
            spread = float(math.ceil(spread))
        shifted = [row | {name: value + spread} if isinstance(value := row.get(name), float) else row for row in recent]
        if spread and name not in {alarm.field for alarm in drifted(usual, shifted)}:
            missed.append(name)
    return broken(_("it does not hear {fields}", fields=", ".join(missed))) if missed else kept(", ".join(numbers))


def run_elsewhere(subject: Subject) -> Outcome:
    """Another machine gives the same verdict."""
    if subject.record and subject.record.about.assurance != "self-run":
        return kept(subject.record.about.assurance)
    return broken(_("its trial was run on one machine only"))
