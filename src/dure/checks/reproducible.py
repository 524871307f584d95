"""The same seed and the same folder give the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.checks.subject import differs
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
    for part in subject.again["parts"]:
        if part["folder"] != folder:
            continue
        name, asked = part["method"], subject.asked[part["method"]]
        if part["error"]:
            return broken(_("{method} could not be built in a fresh process: {why}", method=name, why=part["error"]))
        for one, (case, cause, again) in zip(asked, part["answers"], strict=True):
            given = [answer for _request, answer in one.steps]
            why = f"{one.cause or '-'} ≠ {cause or '-'}" if one.cause != cause else None
            why = why or _first_other(given, again, subject.manifest.replay)
            if why:
                return broken(_("{method}, case {case}, same seed: {why}", method=name, case=case, why=why))
    return kept()


def _first_other(one: Sequence[str], other: Sequence[str], tolerance: float) -> str | None:
    """The first step whose answer differs."""
    if len(one) != len(other):
        return _("{count} steps, then {other}", count=len(one), other=len(other))
    return next((found for a, b in zip(one, other, strict=True) if (found := differs(a, b, tolerance))), None)
