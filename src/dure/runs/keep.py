"""A project's own trial, kept beside its project.toml: what its README, its card and its level are taken from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dure.content_store import write_atomically
from dure.datasets.data import Data
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.loader import load
from dure.record.trial_record import NAME

if TYPE_CHECKING:
    from dure.runs.run import Inputs


def keepable(name: str | Path, inputs: Inputs, *, sealed: bool, whole: bool) -> Path:
    """The folder of a project whose run may be kept there.

    Parameters
    ----------
    whole
        All rounds and the project's own seeds are played.

    Raises UserError for a run that is not the project's own trial: on somebody's files or settings, in part, without the sealed
    rounds it has.
    """
    given = inputs.data or inputs.maps or inputs.settings or inputs.practice or inputs.offers
    if given or not whole:
        what = _("only a project's own trial is kept: its data, its methods, its seeds, all of its rounds")
        raise UserError(what, where="--keep", cure=_("Leave the other options out, or write the evidence with --out."))
    project = load(name)
    assert project.folder is not None
    if not sealed:
        settings = project.settings() if project.settings else None
        data = Data(project.sources, project.folder, settings=settings)
        if any(trial_round.sealed for trial_round in project.rounds(data)):
            raise UserError(
                _("a trial that is kept opens the sealed rounds, too"), where="--keep", cure=_("Add --sealed.")
            )
    return project.folder


def keep(evidence: Path, project_folder: Path) -> Path:
    """Put a run's trial.json beside project.toml, whole or not at all. Raises UserError where nothing can be written there."""
    try:
        kept = write_atomically(project_folder / NAME, (evidence / NAME).read_bytes())
        shutil.copymode(evidence / NAME, kept)  # what is written aside is closed to everybody else
    except OSError as error:
        cure = _("The evidence is whole: {place}.", place=str(evidence))
        raise UserError(str(error.strerror or error), where=str(project_folder / NAME), cure=cure) from None
    return kept
