"""Answers: every method gives one, they survive JSON, asking leaves the request alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from dure.checks.outcome import Outcome, broken, kept, steps
from dure.checks.subject import differs
from dure.errors import refusal
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject
    from dure.project.form import Form


def survives_json(subject: Subject) -> Outcome:
    """What travels as JSON comes back as it was."""
    project = subject.project
    for name, case, (request, response) in steps(subject):
        for form, text in ((project.request, request), (project.response, response)):
            try:
                back = form.model_validate_json(text).model_dump_json()
            except ValidationError as error:
                return broken(_("case {case}, {method}: {why}", case=case, method=name, why=_first(form, error)))
            if other := differs(text, back):
                return broken(_("case {case}, {method}: after JSON, {other}", case=case, method=name, other=other))
    return kept()


def answers(subject: Subject) -> Outcome:
    """Every method has an answer of the right type; it may decline some cases, not all."""
    for name, asked in subject.asked.items():
        for each in asked:
            if each.cause not in ("", "declined"):
                return broken(
                    _(
                        "{method}, case {case}: {cause} ({why})",
                        method=name,
                        case=each.case,
                        cause=_(each.cause),
                        why=each.why,
                    )
                )
        if asked and all(each.cause for each in asked):
            return broken(_("{method} declines all of the first {count} cases", method=name, count=len(asked)))
    if not any(subject.asked.values()):
        return broken(_("the round {round} has no case", round=subject.turn.name))
    return kept(_("{count} cases", count=max(map(len, subject.asked.values()))))


def request_untouched(subject: Subject) -> Outcome:
    """A method that writes into its request would change what the next one is asked."""
    for name, asked in subject.asked.items():
        for each in asked:
            if each.touched:
                other = differs(*each.touched) or ""
                return broken(
                    _("{method} changes its request, case {case}: {other}", method=name, case=each.case, other=other)
                )
    return kept()


def _first(form: type[Form], error: ValidationError) -> str:
    return str(refusal(error, names=tuple(form.model_fields)))
