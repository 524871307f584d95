"""The model card is of the trial as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure.checks.outcome import Outcome, broken, kept
from dure.report.model_card import FILES, fault

if TYPE_CHECKING:
    from dure.checks.subject import Subject


def model_card(subject: Subject) -> Outcome:
    """The card says what trial.json and the project say now, and a person has said who must not use the model."""
    lacking = fault(subject.project)
    return broken(lacking) if lacking else kept(", ".join(FILES.values()))
