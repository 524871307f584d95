"""Evidence played again: does it come out the same?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dure import evidence
from dure.content_store import sha256_of
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.code_hash import project_hash
from dure.project.loader import load
from dure.runs.run import Inputs, given_files, given_paths, judge, opened, with_methods
from dure.trial import trial, types
from dure.trial.verdicts import verdicts

if TYPE_CHECKING:
    from dure.record import TrialRecord
    from dure.trial.types import Tell, Trial

RERUN = "re-run"  # of `dure.report.vocabulary.ASSURANCE`


def rerun(
    folder: Path, inputs: Inputs | None = None, *, tell: Tell = types.quiet, out: Path | None = None
) -> list[str]:
    """Run the trial of this evidence again, here; returns the rows that differ (none: it reproduces).

    Where it reproduces, evidence that says so is written into `out` and signed with the key of this machine.

    Raises UserError naming what is missing: the project, its code at that hash, or the file that was judged.
    """
    record = evidence.predicate(folder)
    if record.about.compared:
        raise UserError(
            _("this evidence compares two runs"), where=str(folder),
            cure=_("Verify each of them with --rerun, then compare them again."),
        )  # fmt: skip
    if record.about.id == "judge.table":
        replayed = _judged_again(record, folder, inputs or Inputs(), tell)
    else:
        replayed = _run_again(record, inputs or Inputs(), tell)
    replayed = evidence.published(replayed) if record.about.joined else replayed
    differing = evidence.compare(evidence.outcomes(folder), replayed.outcomes, record.about.replay)
    if out is not None and not differing:
        today = datetime.now(UTC).date().isoformat()
        about = replace(record.about, assurance=RERUN, rerun_of=record.replay, date=today)
        evidence.write(replace(replayed, about=about, verdicts=verdicts(replayed.outcomes, replayed.kpis, about)), out)
    return differing


def _run_again(record: TrialRecord, inputs: Inputs, tell: Tell) -> Trial:
    about = record.about
    project = load(about.id)
    if project.folder and project_hash(project.folder) != about.code:
        raise UserError(
            _("the project here is not the code that was run: {found}, in the evidence {signed}",
              found=project_hash(project.folder)[:12], signed=about.code[:12]),
            where=about.id,
            cure=_("Get the version {version} and run again.", version=about.version),
        )  # fmt: skip
    missing = [name for name in about.given if name not in given_files(inputs)]
    if missing:
        raise UserError(
            _("the file given as {name} is not here", name=missing[0]),
            cure=_("Give it again as it was given to the run."),
        )
    import tempfile

    sealed = any(verdict.round == "sealed" for verdict in record.verdicts)
    replay_inputs = replace(inputs, settings={name: str(value) for name, value in about.settings.items()})
    data, played = opened(project, replay_inputs), set(about.rounds)
    project, offers = with_methods(project, replay_inputs)
    every = project.rounds
    project = replace(
        project, rounds=lambda data: [trial_round for trial_round in every(data) if trial_round.name in played]
    )
    with tempfile.TemporaryDirectory() as folder:  # nothing of an earlier run is taken up
        return trial.run(
            project, data, Path(folder), sealed=sealed, profile=about.profile, seeds=about.seeds,
            offers=offers, tell=tell,
        )  # fmt: skip


def _judged_again(record: TrialRecord, folder: Path, inputs: Inputs, tell: Tell) -> Trial:
    from dure import judge as judging
    from dure import tables

    about = record.about
    source = about.data[0]
    places = [*given_paths(inputs), folder.parent / source.name, Path(source.name)]
    table = next((place for place in places if place.is_file() and sha256_of(place) == source.sha256), None)
    if table is None:
        raise UserError(
            _("the table {name} (SHA-256 {sha256}) is not here", name=source.name, sha256=source.sha256[:12]),
            cure=_("Give it with --data table=FILE."),
        )
    reading = about.judge
    if reading is None:
        raise UserError(_("this evidence does not say how its table was read"), where=str(folder))
    others = {}
    for name, file in reading.others.items():
        place = next((p for p in (*given_paths(inputs), folder.parent / file.name, Path(file.name))
                      if p.is_file() and sha256_of(p) == file.sha256), None)  # fmt: skip
        if place is None:
            raise UserError(
                _("the table {name} (SHA-256 {sha256}) is not here", name=file.name, sha256=file.sha256[:12])
            )
        others[name] = tables.read(place)
    question = judging.question(
        tables.read(table, reading.sheet or None), judging.Roles(**{**reading.roles, "offers": tuple(reading.roles["offers"])}),
        kpi=reading.kpi, scale=reading.scale, others=others,
    )  # fmt: skip
    return judge(question, table, tell=tell)[0]
