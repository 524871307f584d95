"""A table as a project in memory: its cases, its methods, its KPI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.content_store import sha256_of
from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, multilingual
from dure.judge.blocks import block_of_rows
from dure.judge.forms import KINDS, Asked, Number, Question, Word
from dure.judge.roles import split_columns
from dure.judge.rows import case_ids, in_range, joined_tables, judged_rows, scale_of_offers
from dure.project.case import Case, Kpi, Round
from dure.project.project import Project
from dure.record import NamedFile, TableReading

if TYPE_CHECKING:
    from dure.datasets.data import Data
    from dure.judge.forms import Notes
    from dure.judge.roles import Roles
    from dure.project.case import Builder, History, Method, Work
    from dure.tables import Sheet


def question(
    sheet: Sheet,
    roles: Roles,
    *,
    kpi: str | None = None,
    scale: Mapping[str, float] | None = None,
    confirm: Callable[[str], bool] | None = None,
    others: Mapping[str, Sheet] | None = None,
) -> Question:
    """Make the table a project in memory.

    Parameters
    ----------
    roles
        Confirmed.
    kpi
        One of KPIS; None: chosen from the truth, and said in `notes`.
    scale
        Factor by column, where a unit is another one.
    confirm
        Asked when a column stands a factor of 10, 60 or 1,000 away from the truth; None: refuse and say the cure.
    others
        Offers that stand in a table of their own, by name; joined by `id`.

    Raises
    ------
    UserError
        Duplicate, missing or unmatched ids with their rows; text among numbers; a wrong unit.
    """
    notes: Notes = [dict.fromkeys(LANGUAGES, note) for note in sheet.notes]
    if sheet.dropped:
        notes.append(multilingual("{count} rows are no cases (totals, notes, blank lines); the first is row {row}",
                          count=len(sheet.dropped), row=sheet.dropped[0][0]))  # fmt: skip
    kind = kpi or _kind(sheet, roles, notes)
    read = tables.texts if kind == "hit" else tables.numbers
    split_columns([roles.truth, roles.practice, *roles.offers, *(others or {})], sheet)
    columns = {name: read(sheet, name) for name in (roles.truth, roles.practice, *roles.offers) if name}
    columns |= {name: joined_tables(sheet, table, roles, name, read, notes) for name, table in (others or {}).items()}
    names = [name for name in columns if name not in (roles.truth, roles.practice)]
    if kind != "hit":
        scale = {**scale_of_offers(sheet, columns, roles, kind, scale or {}, confirm, notes), **(scale or {})}
        columns = {name: values * scale.get(name, 1.0) for name, values in columns.items()}
        in_range(sheet, columns, roles, kind)
    ids = case_ids(sheet, roles)
    times = tables.times(sheet, roles.time) if roles.time else None
    sites = tables.texts(sheet, roles.site).fill_null("").to_list() if roles.site else [""] * len(ids)
    keep = judged_rows(sheet, columns, notes)
    blocks, word = block_of_rows(sheet, columns, roles, times, keep, kind, notes)
    truth = columns[roles.truth].to_list() if roles.truth else [None] * len(ids)
    moments = times.to_list() if times is not None else [None] * len(ids)
    cases = tuple(
        Case(ids[row], Asked(row=row), truth=truth[row], block=blocks[row], site=sites[row], time=moments[row])
        for row in keep
    )
    builders = [_recorded(name, columns[name], ids) for name in (roles.practice, *names) if name]
    project = _project(sheet, kind, roles, cases, builders, word)
    reading = _reading(sheet, roles, kind, scale or {}, others or {})
    return Question(project, tuple(builders[2:]), tuple(notes), reading)


def _reading(
    sheet: Sheet, roles: Roles, kind: str, scale: Mapping[str, float], others: Mapping[str, Sheet]
) -> TableReading:
    """How the question was put, as the evidence keeps it: whoever has the tables can put it again."""
    files = {name: NamedFile(Path(table.file).name, sha256_of(Path(table.file))) for name, table in others.items()}
    return TableReading(roles=asdict(roles), kpi=kind, scale=dict(scale), sheet=sheet.sheet, others=files)


def _project(
    sheet: Sheet, kind: str, roles: Roles, cases: tuple[Case, ...], builders: list[Builder], word: str
) -> Project:
    from dure.project.manifest import Manifest, Practice, Text, Words

    chosen = KINDS[kind]
    unit = (
        sheet.units.get(roles.truth or roles.practice or "", "")
        if chosen.unit is None or kind == "cost"
        else chosen.unit
    )
    title = Text(ko=Path(sheet.file).name, en=Path(sheet.file).name)
    return Project(
        request=Asked,
        response=Word if kind == "hit" else Number,
        sources=(),
        history=_no_history,
        rounds=lambda _data: (Round(Path(sheet.file).name, (), cases, sealed=False),),
        practice=builders[0],
        model=builders[1],
        rivals=(),
        score=lambda case, answer: chosen.sums(case.truth, answer.value),
        kpis=(Kpi(chosen.name, unit, chosen.better, chosen.of),),  # type: ignore[arg-type]
        manifest=Manifest(
            id="judge.table",
            title=title,
            summary=title,
            version="1",
            ground="field",
            words=Words(block=word),
            unanswered=1.0,  # rows without an answer are left out of the comparison, counted and said
            practice=Practice(source=f"{Path(sheet.file).name} · {roles.practice}", who=title, year=1,
                              stronger=Text(ko="알려지지 않음", en="not known")),
        ),
    )  # fmt: skip


def _no_history(_data: Data, _until: object = None) -> tuple[()]:
    """What was known before is not in the table."""
    return ()


def _recorded(name: str, values: pl.Series, ids: Sequence[str]) -> Builder:
    """A column as a method."""
    from dure.trial.recorded import Recorded

    answers = {case: {"value": value} for case, value in zip(ids, values.to_list(), strict=True) if value is not None}

    def build(_history: History, _seed: int, _work: Work) -> Method:
        return Recorded(answers)

    build.__name__ = build.__doc__ = name
    return build


def _kind(sheet: Sheet, roles: Roles, notes: Notes) -> str:
    """Mae for numbers, Brier score for a two-valued truth with answers in 0..1, share right for words; said in notes."""
    if roles.truth is None:
        raise UserError(_("without a truth only --kpi cost can be judged"), where=sheet.file)
    try:
        truth = tables.numbers(sheet, roles.truth).drop_nulls()
        answers = pl.concat(
            [tables.numbers(sheet, column).drop_nulls() for column in (roles.practice, *roles.offers) if column]
        )
    except UserError:
        if _mostly_numbers(sheet, roles.truth):  # one word among numbers is a mistake, not an answer in words
            raise
        kind = "hit"
    else:
        two, inside = set(truth.unique()) <= {0.0, 1.0}, bool(answers.is_between(0, 1).all())
        kind = "brier" if two and inside and answers.n_unique() > 2 else "hit" if two and inside else "mae"
    notes.append(multilingual("judged by {kpi}; another one with --kpi", kpi=KINDS[kind].name))
    return kind


def _mostly_numbers(sheet: Sheet, column: str) -> bool:
    texts = tables.texts(sheet, column).drop_nulls().str.replace_all(",", "")
    return texts.cast(pl.Float64, strict=False).is_not_null().sum() * 2 > texts.len()
