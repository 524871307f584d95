"""Which rows are judged: joined tables, names of cases, wrong units, values out of range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _, multilingual
from dure.judge.roles import is_named

if TYPE_CHECKING:
    from dure.judge.forms import Notes
    from dure.judge.roles import Roles
    from dure.tables import Sheet


# blocks the interval is as sharp as it gets, and neighbours that depend on each other fall together)
FACTORS = (10.0, 60.0, 1000.0)  # wrong units people bring: per cent, minutes and hours, kilo


def case_ids(sheet: Sheet, roles: Roles) -> list[str]:
    """Case ids: the id column's, else the row numbers the person sees. Duplicates and gaps are named with their rows."""
    rows = sheet.rows
    if roles.id is None:
        return [str(row) for row in rows]
    ids = tables.texts(sheet, roles.id)
    place = _("{file} column {column}", file=sheet.where, column=roles.id)
    empty = ids.is_null().arg_true()
    if empty.len():
        raise UserError(
            _("row {row} has no id", row=rows[empty[0]]), where=place, cure=_("Fill it in or delete the row.")
        )
    seen: dict[str, int] = {}
    for row, each in zip(rows, ids.to_list(), strict=True):
        if each in seen:
            raise UserError(
                _("the id {id} stands in row {first} and again in row {row}", id=each, first=seen[each], row=row),
                where=place,
                cure=_("Every id may stand once. If a case comes at several times, leave --id out and give --time."),
            )
        seen[each] = row
    return list(ids.to_list())


def joined_tables(
    sheet: Sheet, other: Sheet, roles: Roles, name: str, read: Callable[[Sheet, str], pl.Series], notes: Notes
) -> pl.Series:
    """An offer's own table, brought into the order of this one by id."""
    if roles.id is None:
        raise UserError(
            _("an offer in a file of its own is matched by id"),
            where=other.file,
            cure=_("Name the id column with --id."),
        )
    if roles.id not in other.headers:
        tables.named(other, roles.id)
    column = (
        name
        if name in other.headers
        else next((h for h in other.headers if h != roles.id and is_named(h, "offer")), None)
    )
    if column is None:
        rest = [header for header in other.headers if header != roles.id]
        column = rest[0] if len(rest) == 1 else tables.named(other, name)
    mine, theirs = case_ids(sheet, roles), case_ids(other, roles)
    values = dict(zip(theirs, read(other, column).to_list(), strict=True))
    missing = [(row, each) for row, each in zip(sheet.rows, mine, strict=True) if each not in values]
    if missing:
        raise UserError(
            _("{count} ids of {file} are missing here; the first is {id} (row {row})",
              count=len(missing), file=Path(sheet.file).name, id=missing[0][1], row=missing[0][0]),
            where=other.where,
            cure=_("Give an answer, or an empty cell, for every id."),
        )  # fmt: skip
    shuffled = next((row for row, a, b in zip(other.rows, mine, theirs, strict=False) if a != b), None)
    if shuffled is not None:
        notes.append(
            multilingual(
                "{file}: ids stand in another order from row {row} on; matched by id", file=other.where, row=shuffled
            )
        )
    return pl.Series(name, [values[each] for each in mine])


def scale_of_offers(
    sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str, settled: Mapping[str, float],
    confirm: Callable[[str], bool] | None, notes: Notes,
) -> dict[str, float]:  # fmt: skip
    """Ask about each column that stands a factor of 10, 60 or 1,000 away from the truth (of costs: from the practice)."""
    yard = roles.truth if roles.truth and kind != "cost" else roles.practice
    base = _size(columns[yard]) if yard and kind != "brier" else 0.0
    found: dict[str, float] = {}
    for name, values in columns.items():
        ratio = _size(values) / base if base else 0.0
        factor = next((f for f in (*FACTORS, *(1 / each for each in FACTORS)) if ratio and 0.7 < ratio / f < 1.4), None)
        if name == yard or name in settled or factor is None:
            continue
        times = f"{factor:,.0f}" if factor > 1 else f"1/{1 / factor:,.0f}"
        what = _("{column} is about {times} times {yard}: another unit?", column=name, times=times, yard=yard)
        if confirm is None:
            cure = _(
                "If so, give --scale {column}={by}; if not, --scale {column}=1.", column=name, by=f"{1 / factor:g}"
            )
            raise UserError(what, where=sheet.where, cure=cure)
        found[name] = 1 / factor if confirm(what + " " + _("Divide it by {times}?", times=times)) else 1.0
        if found[name] != 1.0:
            notes.append(multilingual("{column} was divided by {times}", column=name, times=times))
    return found


def _size(values: pl.Series) -> float:
    found = values.drop_nulls().abs()
    found = found.filter(found > 0)
    return float(found.median() or 0.0) if found.len() else 0.0  # type: ignore[arg-type]


def in_range(sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str) -> None:
    """The Brier score wants a two-valued truth and answers in 0..1."""
    if kind != "brier":
        return
    for name, values in columns.items():
        fine = values.is_in([0.0, 1.0]) if name == roles.truth else values.is_between(0.0, 1.0)
        bad = (~fine.fill_null(value=True)).arg_true()
        if bad.len():
            what = (
                _("{value} is not 0 or 1", value=values[bad[0]])
                if name == roles.truth
                else _("{value} is not within 0..1", value=values[bad[0]])
            )
            raise UserError(
                what,
                where=_("{file} row {row} column {column}", file=sheet.where, row=sheet.rows[bad[0]], column=name),
                cure=_("The Brier score wants a truth of 0 or 1 and probabilities; otherwise give another --kpi."),
            )


def judged_rows(sheet: Sheet, columns: Mapping[str, pl.Series], notes: Notes) -> list[int]:
    """Rows where the truth and every answer are there; the others are counted and the first is named."""
    full = np.ones(len(sheet.rows), dtype=bool)
    for name, values in columns.items():
        empty = values.is_null().to_numpy()
        if empty.any():
            first = sheet.rows[int(np.flatnonzero(empty)[0])]
            notes.append(multilingual("{column}: {count} empty cells, the first in row {row}; those rows are left out for everybody",
                           column=name, count=int(empty.sum()), row=first))  # fmt: skip
        full &= ~empty
    if not full.any():
        raise UserError(_("no row has the truth and every answer"), where=sheet.where)
    return [int(row) for row in np.flatnonzero(full)]
