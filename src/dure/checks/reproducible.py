"""The same seed and the same folder give the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dure.checks.differences import differs
from dure.checks.outcome import Outcome, broken, kept
from dure.checks.sandbox import case_answers
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def same_seed(subject: Subject) -> Outcome:
    """Built in another folder, in another process, with the same seed."""
    return _same(subject, "anew")


def rebuilt(subject: Subject) -> Outcome:
    """Built again from its own full folder in a fresh process: save and load."""
    return _same(subject, "first")


def _same(subject: Subject, folder: str) -> Outcome:
    for part in subject.fresh_run["parts"]:
        if part["folder"] != folder:
            continue
        name, transcripts = part["method"], subject.transcripts[part["method"]]
        if part["error"]:
            return broken(_("{method} could not be built in a fresh process: {why}", method=name, why=part["error"]))
        for transcript, again in zip(transcripts, part["answers"], strict=True):
            expected, cause = case_answers(transcript), again["cause"]
            difference = f"{expected['cause'] or '-'} ≠ {cause or '-'}" if expected["cause"] != cause else None
            difference = difference or _first_difference(expected["answers"], again["answers"], subject.manifest.replay)
            if difference:
                return broken(
                    _("{method}, case {case}, same seed: {why}", method=name, case=again["case"], why=difference)
                )
    return kept()


def _first_difference(expected: Sequence[str], answers: Sequence[str], tolerance: float) -> str | None:
    """The first step whose answer differs."""
    if len(expected) != len(answers):
        return _("{count} steps, then {other}", count=len(expected), other=len(answers))
    return next(
        (difference for a, b in zip(expected, answers, strict=True) if (difference := differs(a, b, tolerance))), None
    )
