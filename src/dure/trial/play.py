"""Methods built and asked, case by case, seed by seed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from dure.content_store import write_atomically
from dure.errors import UserError
from dure.i18n.texts import _
from dure.project.case import Case, Round, Work, once
from dure.project.form import Form
from dure.statistics import formula
from dure.trial.ask import Ask, AskMany, Unanswered
from dure.trial.types import TEXT_COLUMNS, file_name

if TYPE_CHECKING:
    from dure.project.case import Builder, Method
    from dure.project.project import Project


@dataclass(frozen=True)
class Part:
    """One method on one round with one seed: a frame of cases (sums null where the practice had no answer), and its cost."""

    method: str
    round: str
    seed: int
    rows: pl.DataFrame
    cost: dict[str, Any]

    def responses(self) -> dict[str, str]:
        """The answers to cases of a single question as JSON, by case."""
        single = self.rows.filter((pl.col("answer") != "") & (pl.col("cause") == ""))
        return dict(single.select("case", "answer").iter_rows())

    def failed(self) -> set[str]:
        """Cases without any outcome: the practice could not answer them."""
        return set(self.rows.filter(pl.col("cause") != "")["case"])


def play_part(
    project: Project, trial_round: Round, name: str, builder: Builder, seed: int, work: Work, settled: Part | None
) -> Part:
    """Build and play, or take up what was finished before a kill."""
    rows_path, cost_path = work.folder.parent / "rows.parquet", work.folder.parent / "cost.json"
    if cost_path.is_file():  # written after the rows: both are there or none counts
        return Part(
            name, trial_round.name, seed, pl.read_parquet(rows_path), json.loads(cost_path.read_text(encoding="utf-8"))
        )
    work.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    method = builder(trial_round.history, seed, work)
    built = time.perf_counter()
    today = _practice(project, trial_round, seed, work, settled)
    rows, steps = _play(project, trial_round, method, today, settled, work)
    cost = {
        "seed": seed, "round": trial_round.name, "method": name, "steps": steps,
        "build_seconds": built - started, "play_seconds": time.perf_counter() - built,
    }  # fmt: skip
    rows.write_parquet(rows_path)
    write_atomically(cost_path, json.dumps(cost))
    return Part(name, trial_round.name, seed, rows, cost)


def _practice(project: Project, trial_round: Round, seed: int, work: Work, settled: Part | None) -> Method | None:
    """The practice as a method of its own for loops, where it must be asked at every step."""
    if settled is None or (project.play is once and project.play_many is None):
        return None
    builder = project.practice
    return builder(
        trial_round.history, seed, Work(folder=work.folder.parent.parent / file_name(settled.method) / "work")
    )


def _play(
    project: Project, trial_round: Round, method: Method, today: Method | None, settled: Part | None, work: Work
) -> tuple[pl.DataFrame, int]:
    """The frame of cases, and how many steps were asked."""
    failed = settled.failed() if settled else set()
    if project.play_many and hasattr(method, "many") and (today is None or hasattr(today, "many")):
        try:
            return _play_many(project, trial_round, method, today, failed)
        except Unanswered:
            pass  # a row of the practice itself failed: played one by one it can be named and left out
    recorded = settled.responses() if settled and today is None else {}
    ask, rows, steps = Ask(project, method, today), _Rows(project), 0
    for number, case in enumerate(trial_round.cases):
        if number % 64 == 0:
            work.tell(number / len(trial_round.cases), trial_round.name)
            if work.cancelled():
                raise UserError(_("the trial was cancelled"))
        if case.id in failed:  # nobody is asked what the practice could not answer
            rows.add(case, None, "declined", "")
            continue
        ask.begin(case.id, recorded.get(case.id, ""))
        try:
            outcome = project.play(case, ask)
            rows.add(case, outcome, ask.cause, ask.why)
        except Unanswered as unanswered:
            rows.add(case, None, unanswered.cause, unanswered.why)
        steps += ask.steps
    return rows.frame(), steps


def _play_many(
    project: Project, trial_round: Round, method: Method, today: Method | None, failed: set[str]
) -> tuple[pl.DataFrame, int]:
    assert project.play_many is not None
    ask, rows = AskMany(project, method, today), _Rows(project)
    cases = [case for case in trial_round.cases if case.id not in failed]
    ask.begin([case.id for case in cases])
    outcomes = dict(zip((case.id for case in cases), project.play_many(cases, ask), strict=True))
    causes = dict(zip(outcomes, ask.causes, strict=True))
    for case in trial_round.cases:
        rows.add(case, outcomes.get(case.id), causes.get(case.id, "declined"), "")
    return rows.frame(), ask.steps * len(cases)


class _Rows:
    """Cases as they are played, column by column."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._columns: dict[str, list[Any]] = {name: [] for name in (*TEXT_COLUMNS, "answer")}
        self._sums: dict[str, list[float | None]] = {}

    def add(self, case: Case, outcome: Any, cause: str, reason: str) -> None:
        """One case; no outcome where the practice itself had no answer. Raises UserError for a score that is no number."""
        columns, project = self._columns, self._project
        sums: Mapping[str, float] = project.score(case, outcome) if outcome is not None else dict.fromkeys(self._sums)  # type: ignore[assignment]
        if not self._sums and sums:
            self._sums = {name: [None] * len(columns["case"]) for name in sums}
            _known(project, set(sums))
        if sums.keys() != self._sums.keys():
            raise UserError(_("the score has other sums than in the first case"), where=_("case {case}", case=case.id))
        for name, value in sums.items():
            if value is not None and not isfinite(value):
                raise UserError(_("the score {name} is not a number", name=name), where=_("case {case}", case=case.id))
            self._sums[name].append(value)
        for name, text in zip(
            TEXT_COLUMNS,
            (case.site, case.block, case.id, case.time and case.time.isoformat(), cause, reason[:200]),
            strict=True,
        ):
            columns[name].append(text)
        columns["answer"].append(outcome.model_dump_json() if isinstance(outcome, Form) else "")

    def frame(self) -> pl.DataFrame:
        """All of them."""
        texts = {name: pl.Series(values, dtype=pl.String) for name, values in self._columns.items()}
        return pl.DataFrame(texts | {name: pl.Series(values, dtype=pl.Float64) for name, values in self._sums.items()})


def _known(project: Project, names: set[str]) -> None:
    """Raises UserError where a KPI needs a sum that the score does not give."""
    for kpi in project.kpis:
        missing = sorted(formula.names(kpi.of) - names - {"cases"})
        if missing:
            raise UserError(
                _("the KPI {kpi} needs {name}, which the score does not give", kpi=kpi.name, name=missing[0])
            )
