"""Evidence played again: does it come out the same?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure import evidence
from dure.content_store import sha256_of
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.code_hash import project_hash
from dure.project.loader import load
from dure.runs.run import Inputs, file_hashes, given_paths, judge, opened, with_methods
from dure.trial import trial, types
from dure.trial.verdicts import verdicts

if TYPE_CHECKING:
    from dure.trial.types import Tell, Trial


RERUN = "re-run"  # of `dure.report.vocabulary.ASSURANCE`


def rerun(
    folder: Path, inputs: Inputs | None = None, *, tell: Tell = types.quiet, out: Path | None = None
) -> list[str]:
    """Run the trial of this evidence again, here; returns the rows that differ (none: it reproduces).

    Where it reproduces, evidence that says so is written into `out` and signed with the key of this machine.

    Raises UserError naming what is missing: the project, its code at that hash, or the file that was judged.
    """
    said = evidence.predicate(folder)
    if "compared" in said["about"]:
        raise UserError(
            _("this evidence compares two runs"), where=str(folder),
            cure=_("Verify each of them with --rerun, then compare them again."),
        )  # fmt: skip
    if said["about"]["id"] == "judge.table":
        again = _judged_again(said, folder, inputs or Inputs(), tell)
    else:
        again = _run_again(said, inputs or Inputs(), tell)
    again = evidence.published(again) if said["about"].get("joined") else again
    differing = evidence.compare(evidence.outcomes(folder), again.outcomes, said["about"].get("replay", 0.0))
    if out is not None and not differing:
        told = {**again.about, **said["about"], "assurance": RERUN, "rerun_of": said["replay"]}
        told["date"] = datetime.now(UTC).date().isoformat()
        evidence.write(replace(again, about=told, verdicts=verdicts(again.outcomes, again.kpis, told)), out)
    return differing


def _run_again(said: Mapping[str, Any], inputs: Inputs, tell: Tell) -> Trial:
    about = said["about"]
    project = load(about["id"])
    if project.folder and project_hash(project.folder) != about["code"]:
        raise UserError(
            _("the project here is not the code that was run: {found}, in the evidence {signed}",
              found=project_hash(project.folder)[:12], signed=about["code"][:12]),
            where=about["id"],
            cure=_("Get the version {version} and run again.", version=about["version"]),
        )  # fmt: skip
    missing = [name for name in about.get("given", {}) if name not in file_hashes(inputs)]
    if missing:
        raise UserError(
            _("the file given as {name} is not here", name=missing[0]),
            cure=_("Give it again as it was given to the run."),
        )
    import tempfile

    sealed = any(verdict["round"] == "sealed" for verdict in said["verdicts"])
    given = replace(inputs, settings={name: str(value) for name, value in about.get("settings", {}).items()})
    data, played = opened(project, given), set(about["rounds"])
    project, offers = with_methods(project, given)
    every = project.rounds
    project = replace(project, rounds=lambda data: [turn for turn in every(data) if turn.name in played])
    with tempfile.TemporaryDirectory() as folder:  # nothing of an earlier run is taken up
        return trial.run(
            project, data, Path(folder), sealed=sealed, profile=about["profile"], seeds=about["seeds"],
            offers=offers, tell=tell,
        )  # fmt: skip


def _judged_again(said: Mapping[str, Any], folder: Path, inputs: Inputs, tell: Tell) -> Trial:
    from dure import judge as judging
    from dure import tables

    about = said["about"]
    record = about["data"][0]
    places = [*given_paths(inputs), folder.parent / record["name"], Path(record["name"])]
    table = next((place for place in places if place.is_file() and sha256_of(place) == record["sha256"]), None)
    if table is None:
        raise UserError(
            _("the table {name} (SHA-256 {sha256}) is not here", name=record["name"], sha256=record["sha256"][:12]),
            cure=_("Give it with --data table=FILE."),
        )
    asked = about["judge"]
    others = {}
    for name, other in asked.get("others", {}).items():
        place = next((p for p in (*given_paths(inputs), folder.parent / other["name"], Path(other["name"]))
                      if p.is_file() and sha256_of(p) == other["sha256"]), None)  # fmt: skip
        if place is None:
            raise UserError(
                _("the table {name} (SHA-256 {sha256}) is not here", name=other["name"], sha256=other["sha256"][:12])
            )
        others[name] = tables.read(place)
    question = judging.question(
        tables.read(table, asked["sheet"] or None), judging.Roles(**{**asked["roles"], "offers": tuple(asked["roles"]["offers"])}),
        kpi=asked["kpi"], scale=asked["scale"], others=others,
    )  # fmt: skip
    return judge(question, table, tell=tell)[0]
