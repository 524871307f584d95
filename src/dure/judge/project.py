"""The table as a project: what a trial says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dure.judge.forms import KINDS, Number, Word
from dure.project.case import Case, Kpi, Round
from dure.project.form import Form
from dure.project.project import Project

if TYPE_CHECKING:
    from dure.judge.forms import Answers
    from dure.project.case import Builder, History, Method, Work


def project_of(answers: Answers, unit: str, word: str) -> Project:
    """Title, KPI, methods and blocks of the table, for the trial to say.

    The trial takes `dure.judge.parts`; to ask the cases one by one comes to the same, slowly.

    Parameters
    ----------
    unit
        Of the truth, or of the practice where there is no truth.
    word
        What a block is called.
    """
    from dure.project.manifest import Manifest, Practice, Text, Words

    kind, name = KINDS[answers.kpi], answers.name
    unit = unit if kind.unit is None or answers.kpi == "cost" else kind.unit
    title = Text(ko=name, en=name)
    practice, model, *_others = (column_builder(answers, method) for method in answers.methods)
    return Project(
        request=Form,  # nothing: the answers were given elsewhere
        response=Word if answers.kpi == "hit" else Number,
        sources=(),
        history=lambda _data, _until: (),  # what was known before is not in the table
        rounds=lambda _data: (Round(name, (), cases(answers.frame)),),
        practice=practice,
        model=model,
        score=lambda case, answer: {
            name: column[0] for name, column in kind.sums(pl.Series([case.truth]), pl.Series([answer.value])).items()
        },
        kpis=(Kpi(kind.name, unit, kind.better, kind.of),),  # type: ignore[arg-type]
        manifest=Manifest(
            id="judge.table",
            title=title,
            summary=title,
            version="1",
            ground="field",
            words=Words(block=word),
            unanswered=1.0,  # rows without an answer are left out of the comparison, counted and said
            practice=Practice(source=f"{name} · {answers.methods[0]}", who=title, year=1,
                              stronger=Text(ko="알려지지 않음", en="not known")),
        ),
    )  # fmt: skip


def column_builder(answers: Answers, method: str) -> Builder:
    """A column of answers as a method."""

    def build(_history: History, _seed: int, _work: Work) -> Method:
        from dure.trial.recorded import Recorded

        return Recorded(
            {case: {"value": value} for case, value in zip(answers.frame["case"], answers.of(method), strict=True)}
        )

    build.__name__ = build.__doc__ = method
    return build


def cases(frame: pl.DataFrame) -> tuple[Case, ...]:
    """The rows as cases."""
    columns = frame.select("case", "truth", "block", "site", "time")
    return tuple(Case(case, Form(), *about) for case, *about in columns.iter_rows())
