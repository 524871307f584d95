"""Answers: every method gives one, they survive JSON, asking leaves the request alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from dure.checks.differences import differs
from dure.checks.outcome import Outcome, broken, kept, steps
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
            if difference := differs(text, back):
                return broken(_("case {case}, {method}: after JSON, {other}", case=case, method=name, other=difference))
    return kept()


def answers(subject: Subject) -> Outcome:
    """Every method has an answer of the right type; it may decline some cases, not all."""
    for name, transcripts in subject.transcripts.items():
        for transcript in transcripts:
            if transcript.cause not in ("", "declined"):
                return broken(
                    _(
                        "{method}, case {case}: {cause} ({why})",
                        method=name,
                        case=transcript.case,
                        cause=_(transcript.cause),
                        why=transcript.why,
                    )
                )
        if transcripts and all(transcript.cause for transcript in transcripts):
            return broken(_("{method} declines all of the first {count} cases", method=name, count=len(transcripts)))
    if not any(subject.transcripts.values()):
        return broken(_("the round {round} has no case", round=subject.trial_round.name))
    return kept(_("{count} cases", count=max(map(len, subject.transcripts.values()))))


def request_untouched(subject: Subject) -> Outcome:
    """A method that writes into its request would change what the next one is asked."""
    for name, transcripts in subject.transcripts.items():
        for transcript in transcripts:
            if transcript.touched:
                difference = differs(*transcript.touched) or ""
                return broken(
                    _(
                        "{method} changes its request, case {case}: {other}",
                        method=name,
                        case=transcript.case,
                        other=difference,
                    )
                )
    return kept()


def _first(form: type[Form], error: ValidationError) -> str:
    return str(refusal(error, names=tuple(form.model_fields)))
