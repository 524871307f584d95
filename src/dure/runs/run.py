"""One run from a name to a folder of evidence: open data, take the look, play, write.

`dure run`, `dure judge`, `dure verify --rerun` and the demo go through here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dure import evidence
from dure.content_store import home, sha256_of
from dure.datasets.data import Data, answers_in, files_of
from dure.errors import UserError, nearest, refusal
from dure.i18n.texts import _
from dure.project.code_hash import project_hash
from dure.project.loader import load
from dure.record import OpenedSource
from dure.trial import trial, types
from dure.trial.access_log import Look, log_look, settle_look
from dure.trial.access_log import opened_rounds as looked_at
from dure.trial.charts import charts_of

if TYPE_CHECKING:
    import polars as pl

    from dure.judge import Question
    from dure.project.case import Builder, Round
    from dure.project.project import Project
    from dure.record import Particulars
    from dure.trial.types import Tell, Trial

Confirm = Callable[[str], bool]


@dataclass(frozen=True)
class Inputs:
    """What a person gives to a run.

    Parameters
    ----------
    data
        Files of one's own by source name: one, or several places.
    maps
        Saved mappings by source name.
    settings
        ``--set`` values by name, as text.
    practice
        The file of today's answers in the place of the project's practice.
    offers
        Files or URLs by name.
    public
        URLs of offers may only be public ones: a hub runs for strangers.
    work
        Folder for what is kept while it runs, so that a run that was stopped goes on; None: Dure's own for these very inputs.
    """

    data: Mapping[str, Path | Sequence[Path]] | None = None
    maps: Mapping[str, Path] | None = None
    settings: Mapping[str, str] | None = None
    practice: Path | None = None
    offers: Mapping[str, str] | None = None
    public: bool = False
    work: Path | None = None


def run(  # noqa: PLR0913 - a keyword each, all with a default
    name: str | Path,
    inputs: Inputs | None = None,
    *,
    sealed: bool = False,
    newer: bool = False,
    profile: str = "full",
    seeds: Sequence[int] | None = None,
    out: Path | None = None,
    tell: Tell = types.quiet,
    confirm: Confirm | None = None,
    assurance: str = "self-run",
    looks: int = 0,
) -> tuple[Trial, Path | None]:
    """Run a project's trial; the evidence is written into `out` (None: nowhere).

    Parameters
    ----------
    sealed
        The sealed rounds too: a look, written down.
    newer
        Of the sealed rounds only those that nobody has looked at: the data have moved on since.
    assurance
        Who vouches for it (`dure.report.vocabulary.ASSURANCE`): a hub that tried a method on cases which only it has seen says more.
    looks
        At the sealed rounds, as somebody else has counted them; the larger count is told.

    Raises UserError for whatever the person can mend.
    """
    inputs = inputs or Inputs()
    project = load(name)
    data = opened(project, inputs, confirm)
    manifest = project.manifest
    assert manifest is not None
    if newer:
        project, sealed = _newer(project), True
    project, offers = with_methods(project, inputs)
    chosen = list(seeds) if seeds is not None else list(range(manifest.seeds))
    key = _key(project, inputs, sealed=sealed, newer=newer, profile=profile, seeds=chosen)
    count_looks = _opened_look(project, data, profile, key, looks) if sealed else None
    given = {name: sha256_of(Path(path)) for name, path in given_files(inputs).items()}
    particulars: Particulars = {"date": datetime.now(UTC).date().isoformat(), "assurance": assurance, "given": given}
    folder = inputs.work or home() / "runs" / f"{manifest.id}-{key}"
    result = trial.run(
        project,
        data,
        folder,
        sealed=sealed,
        profile=profile,
        seeds=chosen,
        offers=offers,
        particulars=particulars,
        looks=count_looks,
        tell=tell,
    )
    place = evidence.write(result, out, charts=_charts(project, result)) if out else None
    types.forget(folder)
    return result, place


def _opened_look(project: Project, data: Data, profile: str, key: str, least: int) -> Callable[[pl.DataFrame], int]:
    """Write the look down, before anything is played; what it was is settled by its outcomes, and then the looks are counted."""
    assert project.manifest is not None
    assert project.folder is not None
    rounds = trial.chosen(project.rounds(data), profile, sealed=True)
    names = [trial_round.name for trial_round in rounds if trial_round.sealed]
    if not names:
        message = _("{project} has no sealed round", project=project.manifest.id)
        raise UserError(message, cure=_("Run it without --sealed."))
    look, folder = Look(project.manifest.id, project_hash(project.folder), names, key), project.folder
    log_look(look)
    return lambda outcomes: max(settle_look(look, evidence.replay_hash(outcomes), folder), least)


def with_methods(project: Project, inputs: Inputs) -> tuple[Project, list[Builder]]:
    """The project with a person's own practice in the place of its own, and the offers as methods."""
    from dure.trial.recorded import offer

    for name in inputs.offers or {}:
        if name in project.builders():
            message = _("{name} is the name of one of the project's own methods", name=name)
            raise UserError(message, where="--offer", cure=_("Give the offer another name."))
    deadline = project.manifest.deadline if project.manifest else 60.0
    offers = [
        offer(name, address, project.response, deadline, public=inputs.public)
        for name, address in (inputs.offers or {}).items()
    ]
    if inputs.practice:
        project = replace(project, practice=offer("practice", str(inputs.practice), project.response, deadline))
    return project, offers


def _newer(project: Project) -> Project:
    """The project with those sealed rounds alone that nobody has looked at."""
    assert project.manifest is not None
    assert project.folder is not None
    seen_rounds = looked_at(project.manifest.id, project.folder)

    def rounds(data: Data) -> list[Round]:
        remaining = [
            trial_round
            for trial_round in project.rounds(data)
            if not (trial_round.sealed and trial_round.name in seen_rounds)
        ]
        if not any(trial_round.sealed for trial_round in remaining):
            message = _("every sealed round has been looked at: nothing has happened since")
            raise UserError(message, cure=_("Run it again when there are newer data."))
        return remaining

    return replace(project, rounds=rounds)


def opened(project: Project, inputs: Inputs, confirm: Confirm | None = None) -> Data:
    """The project's data with a person's own files and settings in their place."""
    return Data(
        project.sources, project.folder, own=inputs.data or {}, maps=inputs.maps or {},
        settings=_settings(project, inputs.settings or {}), confirm=confirm,
    )  # fmt: skip


def _settings(project: Project, texts: Mapping[str, str]) -> Any:
    if project.settings is None:
        if texts:
            raise UserError(_("there is nothing to set here"), where="--set")
        return None
    for name in texts:
        if name not in project.settings.model_fields:
            close = nearest(name, list(project.settings.model_fields))
            cure = _("Did you mean {name}?", name=close) if close else ", ".join(project.settings.model_fields)
            raise UserError(_("there is no setting called {name}", name=name), where="--set", cure=cure)
    try:
        return project.settings.model_validate(dict(texts))
    except ValidationError as error:
        raise refusal(error, where="--set") from None


def given_files(inputs: Inputs) -> dict[str, str]:
    """Every file a person gave, by what it is."""
    files = {
        f"data {name}" + (f" {number}" if number > 1 else ""): str(answers_in(path))
        for name, paths in (inputs.data or {}).items()
        for number, path in enumerate(files_of(paths), start=1)
    }
    files |= {f"offer {name}": address for name, address in (inputs.offers or {}).items() if "://" not in address}
    return files | ({"practice": str(inputs.practice)} if inputs.practice else {})


def given_paths(inputs: Inputs) -> list[Path]:
    """Every file given as data."""
    return [path for paths in (inputs.data or {}).values() for path in files_of(paths)]


def _key(project: Project, inputs: Inputs, *, sealed: bool, newer: bool, profile: str, seeds: Sequence[int]) -> str:
    """Of the folder this trial resumes from: another one for other code, data, settings or seeds."""
    files = given_files(inputs) | {f"map {name}": str(path) for name, path in (inputs.maps or {}).items()}
    for path in files.values():
        if not Path(path).is_file():
            raise UserError(_("there is no such file"), where=path)
    key = {
        "code": project_hash(project.folder) if project.folder else "",
        "files": {name: sha256_of(Path(path)) for name, path in files.items()},
        "urls": {name: address for name, address in (inputs.offers or {}).items() if "://" in address}, "public": inputs.public,
        "settings": dict(inputs.settings or {}), "sealed": sealed, "newer": newer, "profile": profile,
        "seeds": list(seeds),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]


def _charts(project: Project, result: Trial) -> Mapping[str, Any]:
    """The project's charts of the whole trial; none where the extra that draws them is not installed."""
    try:
        return charts_of(project, result)
    except ModuleNotFoundError:
        return {}


def judge(
    question: Question,
    table: Path,
    *,
    particulars: Particulars | None = None,
    out: Path | None = None,
    tell: Tell = types.quiet,
) -> tuple[Trial, Path | None]:
    """Judge a table that was made a question; the evidence is written into `out`."""
    from dure.judge import parts

    file = OpenedSource(
        name=table.name, sha256=sha256_of(table), origin="own", licence="", credit="", access="restricted", version=""
    )
    added: Particulars = {
        "note": "answers recorded elsewhere; leakage not excluded", "data": (file,), "judge": question.reading,
        "notes": question.notes, **(particulars or {}),
    }  # fmt: skip
    result = trial.of_parts(question.project, parts(question.answers), question.offers, particulars=added, tell=tell)
    return result, evidence.write(result, out) if out else None
