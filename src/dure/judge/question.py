"""A table as a question: read into one frame of answers, checked there, cut into blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.content_store import sha256_of
from dure.errors import UserError
from dure.i18n.texts import LANGUAGES, _, multilingual
from dure.judge.blocks import with_blocks
from dure.judge.forms import KINDS, Answers, Question
from dure.judge.project import column_builder, project_of
from dure.judge.roles import SPANS, complete, split_columns
from dure.judge.rows import case_ids, in_range, joined_tables, judged_rows, scale_of_offers
from dure.record import NamedFile, TableReading

if TYPE_CHECKING:
    from dure.judge.forms import Notes
    from dure.judge.roles import Roles
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
    """Make the table a question.

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
    complete(sheet, roles, kind, others or {})
    columns = _columns(sheet, roles, kind, others or {}, notes)
    if kind != "hit":
        scale = {**scale_of_offers(sheet, columns, roles, kind, scale or {}, confirm, notes), **(scale or {})}
        columns = {name: values * scale[name] if name in scale else values for name, values in columns.items()}
        in_range(sheet, columns, roles, kind)
    frame = _frame(sheet, roles, columns)
    methods = tuple(name for name in columns if name != roles.truth)
    judged = Answers(Path(sheet.file).name, judged_rows(sheet, frame, columns, notes), methods, kind)
    answers, word = with_blocks(judged, sheet, roles, notes)
    project = project_of(answers, sheet.units.get(roles.truth or methods[0], ""), word)
    offers = tuple(column_builder(answers, method) for method in methods[2:])
    return Question(answers, project, offers, tuple(notes), _reading(sheet, roles, kind, scale or {}, others or {}))


def _columns(sheet: Sheet, roles: Roles, kind: str, others: Mapping[str, Sheet], notes: Notes) -> dict[str, pl.Series]:
    """The truth, the practice and each offer by name: texts where words are judged, else numbers."""
    read = tables.texts if kind == "hit" else tables.numbers
    split_columns([roles.truth, roles.practice, *roles.offers, *others], sheet)
    columns = {name: read(sheet, name) for name in (roles.truth, roles.practice, *roles.offers) if name}
    return columns | {name: joined_tables(sheet, table, roles, name, read, notes) for name, table in others.items()}


def _frame(sheet: Sheet, roles: Roles, columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """Every row of the table as `Answers` has it, blanks still null."""
    answers = [values for name, values in columns.items() if name != roles.truth]
    block = roles.block if roles.block not in SPANS else None
    unknown = pl.repeat(None, len(sheet.rows), dtype=pl.Null, eager=True)
    return pl.DataFrame(
        {
            "row": pl.Series(sheet.rows, dtype=pl.Int64),
            "case": case_ids(sheet, roles),
            "time": tables.times(sheet, roles.time) if roles.time else unknown.cast(pl.Datetime("us")),
            "site": (tables.texts(sheet, roles.site) if roles.site else unknown.cast(pl.String)).fill_null(""),
            "block": tables.texts(sheet, block).fill_null("None") if block else unknown,  # rows without one are one
            "truth": columns[roles.truth] if roles.truth else unknown,
            **{f"answer {number}": values for number, values in enumerate(answers)},
        }
    )


def _reading(
    sheet: Sheet, roles: Roles, kind: str, scale: Mapping[str, float], others: Mapping[str, Sheet]
) -> TableReading:
    """How the question was put, as the evidence keeps it: whoever has the tables can put it again."""
    files = {name: NamedFile(Path(table.file).name, sha256_of(Path(table.file))) for name, table in others.items()}
    return TableReading(roles=asdict(roles), kpi=kind, scale=dict(scale), sheet=sheet.sheet, others=files)


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
        two, inside = truth.is_in([0.0, 1.0]).all(), bool(answers.is_between(0, 1).all())
        kind = "brier" if two and inside and answers.n_unique() > 2 else "hit" if two and inside else "mae"
    notes.append(multilingual("judged by {kpi}; another one with --kpi", kpi=KINDS[kind].name))
    return kind


def _mostly_numbers(sheet: Sheet, column: str) -> bool:
    texts = tables.texts(sheet, column).drop_nulls().str.replace_all(",", "")
    return texts.cast(pl.Float64, strict=False).is_not_null().sum() * 2 > texts.len()
