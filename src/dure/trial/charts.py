"""The charts that a project draws of its whole trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dure.project.project import Project
    from dure.trial.types import Trial


def charts_of(project: Project, trial: Trial) -> Mapping[str, Any]:
    """Altair charts by title. Raises ModuleNotFoundError where the extra that draws them is not installed."""
    if project.figures is None:
        return {}
    return project.figures(trial.cases.with_columns(trial.answers["answer"]), trial.rounds)
