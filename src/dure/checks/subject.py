"""A project under examination: what `dure check` finds out once and several promises look at."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dure import evidence
from dure.checks.sandbox import KILLED, Transcript, ask_all, first_round, settings_of
from dure.datasets.data import Data
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.case import Case, Round, Work
from dure.project.code_hash import project_hash
from dure.record import committed
from dure.trial import trial, types
from dure.trial.access_log import Look, log_look, settle_look

if TYPE_CHECKING:
    import polars as pl

    from dure.checks.sandbox import Findings, Job, Part
    from dure.project.case import Builder, History, Method
    from dure.project.form import Form
    from dure.project.manifest import Manifest
    from dure.project.project import Project
    from dure.record import TrialRecord

CONSTANTS = ("mean", "median")
CommandFault = Callable[[Sequence[str]], str]
T = TypeVar("T")


class Subject:
    """A project under examination. Everything is had once, when a promise first asks for it; a failure is repeated as it was.

    Parameters
    ----------
    project
        Loaded.
    place
        A folder for what is built meanwhile.
    exemptable
        Every promise by its name: whether project.toml may give a sentence instead.
    command_fault
        What is wrong with the words of a command; empty where the command line takes them.
    full
        Open sealed rounds (a look) and run the README's commands as well.
    tell
        Progress of the long parts.
    """

    def __init__(
        self,
        project: Project,
        place: Path,
        exemptable: Mapping[str, bool],
        command_fault: CommandFault,
        *,
        full: bool,
        tell: types.Tell,
    ) -> None:
        assert project.manifest is not None
        assert project.folder is not None
        self.project, self.place, self.full, self.tell = project, place, full, tell
        self.exemptable, self.command_fault = exemptable, command_fault
        self.manifest: Manifest = project.manifest
        self.folder: Path = project.folder
        self._had: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gave the first time, or the failure it ended with."""
        if name not in self._had:
            try:
                self._had[name] = make()
            except Exception as error:  # noqa: BLE001 - raised again below, each time it is asked for
                self._had[name] = _Failed(error)
        if isinstance(self._had[name], _Failed):
            raise self._had[name].error
        value: T = self._had[name]
        return value

    @cached_property
    def data(self) -> Data:
        """The project's data as they come."""
        return Data(self.project.sources, self.folder, settings=settings_of(self.project))

    @property
    def rounds(self) -> list[Round]:
        """All rounds."""
        return self.once("rounds", lambda: list(self.project.rounds(self.data)))

    @property
    def trial_round(self) -> Round:
        """The round whose first cases are asked."""
        return self.once("trial_round", lambda: first_round(self.project, self.data))

    def build(self, name: str, seed: int = 0, folder: str = "first") -> Method:
        """A method on the first round's history; the same folder gives the same method again."""
        work = Work(folder=self.place / folder / name)
        work.folder.mkdir(parents=True, exist_ok=True)
        return self.project.builders()[name](self.trial_round.history, seed, work)

    @property
    def transcripts(self) -> dict[str, list[Transcript]]:
        """The first cases, asked of each method."""

        def ask() -> dict[str, list[Transcript]]:
            cases = self.trial_round.cases
            return {name: ask_all(self.project, self.build(name), cases) for name in self.project.builders()}

        return self.once("transcripts", ask)

    @property
    def stochastic(self) -> list[str]:
        """Methods whose answers differ under another seed."""

        def find() -> list[str]:
            names = []
            for name, transcripts in self.transcripts.items():
                cases = self.trial_round.cases[: len(transcripts)]
                reseeded = ask_all(self.project, self.build(name, 1, "another seed"), cases, seconds=None)
                names += [name] if answers_of(transcripts) != answers_of(reseeded) else []
            return names

        return self.once("stochastic", find)

    @property
    def fresh_run(self) -> Findings:
        """What a fresh, watched process found: built anew, and built again from the folders that are full already."""
        return self.once("fresh_run", lambda: fresh(self, ["anew", "first"]))

    @property
    def record(self) -> TrialRecord | None:
        """The project's trial.json. Raises UserError where it is not what a trial writes."""
        return self.once("record", lambda: committed(self.folder))

    @property
    def stale(self) -> bool:
        """Whether trial.json was written by other code."""
        return self.record is not None and self.record.about.code != project_hash(self.folder)

    @property
    def quick_trial(self) -> types.Trial:
        """The quick trial, with the best constants and a model rebuilt on permuted truth among the methods."""
        return self.once("quick_trial", self._quick)

    def _quick(self) -> types.Trial:
        sealed = self.full or (self.record is not None and not self.stale)
        names = [
            trial_round.name for trial_round in trial.chosen(self.rounds, "quick", sealed=sealed) if trial_round.sealed
        ]
        look = Look(self.manifest.id, project_hash(self.folder), names, "dure check")
        counted = bool(names) and (self.stale or self.record is None)
        if counted:
            log_look(look)
        seeds = self.record.about.seeds if self.record else None
        learns, numbers = size_of(self.trial_round.history), numbers_in(self.trial_round.history)
        offers = [constant(self.project, kind) for kind in CONSTANTS if numbers and number_field(self.project)]
        offers += [permuted(self.project)] if learns else []
        result = trial.run(
            self.project, self.data, self.place / "trial", sealed=bool(names), profile="quick",
            seeds=seeds or range(self.manifest.seeds), offers=offers, tell=self.tell,
        )  # fmt: skip
        if counted:
            shown = self._shown(result.about.quick)
            settle_look(look, evidence.replay_hash(result.outcomes), self.folder, shown=shown)
        return result

    def _shown(self, quick: Mapping[str, Any]) -> bool:
        """Whether trial.json has every number that the project's methods come to here, to the last digit."""
        recorded = self.record.about.quick if self.record else {}
        own = [key for key in quick if key.split(" · ")[0] in self.project.builders()]
        return all(recorded.get(key) == quick[key] for key in own)


@dataclass(frozen=True)
class _Failed:
    error: Exception


# ---- history: what was known ----------------------------------------------------------------------------------------


def cases_in(history: History) -> list[Case]:
    """The history's cases, where it is a list of them."""
    known = (
        isinstance(history, Sequence)
        and not isinstance(history, str)
        and all(isinstance(item, Case) for item in history)
    )
    return list(history) if known else []


def frames_in(history: History) -> list[tuple[str, pl.DataFrame]]:
    """The history's frames with a column `id` or `time` or `truth...`, by name."""
    import polars as pl

    named = (
        {"history": history} if isinstance(history, pl.DataFrame) else history if isinstance(history, Mapping) else {}
    )
    return [(str(name), frame) for name, frame in named.items() if isinstance(frame, pl.DataFrame)]


def size_of(history: History) -> int:
    """How many known cases and rows there are to look at; 0 where the history has another form."""
    return len(cases_in(history)) + sum(frame.height for _name, frame in frames_in(history))


def numbers_in(history: History) -> list[float]:
    """The history's truths, where each is one number."""
    truths: list[Any] = [case.truth for case in cases_in(history)]
    for _name, frame in frames_in(history):
        columns = [name for name in frame.columns if name.startswith("truth")]
        truths = frame[columns[0]].drop_nulls().to_list() if len(columns) == 1 and not truths else truths
    return [float(truth) for truth in truths] if all(isinstance(truth, int | float) for truth in truths) else []


def permute(history: History) -> History:
    """The same history with its truths in another order, and nothing else changed."""
    import polars as pl

    mix = random.Random(0)  # noqa: S311 - an order, not a secret
    if known := cases_in(history):
        truths = [case.truth for case in known]
        mix.shuffle(truths)
        return [
            Case(case.id, case.request, truth, case.block, case.site, case.time)
            for case, truth in zip(known, truths, strict=True)
        ]

    def mixed(frame: pl.DataFrame) -> pl.DataFrame:
        order = list(range(frame.height))
        mix.shuffle(order)
        return frame.with_columns(pl.col(name).gather(order) for name in frame.columns if name.startswith("truth"))

    if isinstance(history, pl.DataFrame):
        return mixed(history)
    if isinstance(history, Mapping):
        return {name: mixed(value) if isinstance(value, pl.DataFrame) else value for name, value in history.items()}
    return history


# ---- methods that should not win ------------------------------------------------------------------------------------


def permuted(project: Project) -> Builder:
    """The project's model, rebuilt on permuted truth."""

    def permuted(history: History, seed: int, work: Work, /) -> Method:
        try:
            return project.model(permute(history), seed, work)
        except Exception:  # noqa: BLE001 - nonsense need not be fittable: it then answers nothing
            return _declines

    return permuted


def constant(project: Project, kind: str) -> Builder:
    """A method that always says the mean, or the median, of what was known."""
    field = number_field(project)

    def constant(history: History, _seed: int, _work: Work, /) -> Method:
        numbers = numbers_in(history)
        if field is None or not numbers:
            return _declines
        value = statistics.fmean(numbers) if kind == "mean" else statistics.median(numbers)
        is_integer = project.response.model_fields[field].annotation is int
        return lambda _request: {field: round(value) if is_integer else value}

    constant.__name__ = constant.__doc__ = f"constant {kind}"
    return constant


def _declines(_request: Form) -> None:
    """Answer nothing."""


def number_field(project: Project) -> str | None:
    """The response's only field, where it is a number."""
    fields = project.response.model_fields
    return next(iter(fields)) if len(fields) == 1 and next(iter(fields.values())).annotation in (int, float) else None


# ---- a fresh process ------------------------------------------------------------------------------------------------


def fresh(subject: Subject, folders: Sequence[str]) -> Findings:
    """Every method built in `folders` and asked, in one fresh and watched process. Raises UserError where it gave nothing."""
    parts: list[Part] = [{"method": name, "folder": folder} for name in subject.transcripts for folder in folders]
    result = witnessed(subject, parts)
    if result is None:
        raise UserError(_("the fresh process ended without an answer"))
    for part, part_result in zip(parts, result["parts"], strict=True):
        part_result["folder"] = part["folder"]
    return result


def witnessed(subject: Subject, parts: Sequence[Part]) -> Findings | None:
    """Build and ask in a fresh, watched process; None where it ended before it had an answer. Raises UserError on its failure."""
    path, result = subject.place / "job.json", subject.place / "result.json"
    result.unlink(missing_ok=True)
    filled_parts: list[Part] = [
        {
            **part,
            "folder": str(made(subject.place / part["folder"] / part["method"])),
            "cases": len(subject.transcripts[part["method"]]),
        }
        for part in parts
    ]
    job: Job = {"project": str(subject.folder), "seed": 0, "parts": filled_parts}
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-m", "dure.checks.sandbox", str(path), str(result)]
    # Numba keeps what it compiles with a pickled index: there is none to read where the process compiles for itself.
    with tempfile.TemporaryDirectory(dir=subject.place) as compiled:
        watched = environment() | {"NUMBA_CACHE_DIR": compiled}
        process = subprocess.run(  # noqa: S603 - this program
            command, env=watched, check=False, capture_output=True, encoding="utf-8", errors="replace"
        )
    if result.is_file():
        findings: Findings = json.loads(result.read_text(encoding="utf-8"))
        return findings
    if process.returncode == KILLED:
        return None
    raise UserError((process.stderr.strip().splitlines() or [_("the fresh process ended without an answer")])[-1])


def environment() -> dict[str, str]:
    """The environment of a process of its own, with this Dure importable."""
    package_root = str(Path(__file__).parents[2])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH", "")])),
        "PYTHONUTF8": "1",
    }


def made(folder: Path) -> Path:
    """The folder, there now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def answers_of(transcripts: Sequence[Transcript]) -> list[tuple[str, list[str]]]:
    """Cause and answers of each case, without ids and seconds: what is compared."""
    return [(transcript.cause, [answer for _request, answer in transcript.steps]) for transcript in transcripts]
