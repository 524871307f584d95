"""Which rows are judged: joined tables, names of cases, wrong units, values out of range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _, multilingual
from dure.judge.roles import is_named

if TYPE_CHECKING:
    from dure.judge.forms import Notes
    from dure.judge.roles import Roles
    from dure.tables import Sheet

FACTORS = (10.0, 60.0, 1000.0)  # wrong units people bring: per cent, minutes and hours, kilo


def case_ids(sheet: Sheet, roles: Roles) -> pl.Series:
    """Case ids: the id column's, else the row numbers the person sees. Duplicates and gaps are named with their rows."""
    rows = sheet.rows
    if roles.id is None:
        return pl.Series(rows).cast(pl.String)
    ids = tables.texts(sheet, roles.id)
    place = _("{file} column {column}", file=sheet.where, column=roles.id)
    empty = ids.is_null().arg_true()
    if empty.len():
        raise UserError(
            _("row {row} has no id", row=rows[empty[0]]), where=place, cure=_("Fill it in or delete the row.")
        )
    again = (~ids.is_first_distinct()).arg_true()
    if again.len():
        case_id = ids[again[0]]
        first = rows[(ids == case_id).arg_max() or 0]
        raise UserError(
            _("the id {id} stands in row {first} and again in row {row}", id=case_id, first=first, row=rows[again[0]]),
            where=place,
            cure=_("Every id may stand once. If a case comes at several times, leave --id out and give --time."),
        )
    return ids


def joined_tables(
    sheet: Sheet, offer_sheet: Sheet, roles: Roles, name: str, read: Callable[[Sheet, str], pl.Series], notes: Notes
) -> pl.Series:
    """An offer's own table, brought into the order of this one by id."""
    if roles.id is None:
        raise UserError(
            _("an offer in a file of its own is matched by id"),
            where=offer_sheet.file,
            cure=_("Name the id column with --id."),
        )
    if roles.id not in offer_sheet.headers:
        tables.named(offer_sheet, roles.id)
    column = (
        name
        if name in offer_sheet.headers
        else next((h for h in offer_sheet.headers if h != roles.id and is_named(h, "offer")), None)
    )
    if column is None:
        candidates = [header for header in offer_sheet.headers if header != roles.id]
        column = candidates[0] if len(candidates) == 1 else tables.named(offer_sheet, name)
    ids, offer_ids = case_ids(sheet, roles), case_ids(offer_sheet, roles)
    answers = pl.DataFrame({"id": offer_ids, "answer": read(offer_sheet, column)})
    missing = (~ids.is_in(offer_ids.implode())).arg_true()
    if missing.len():
        raise UserError(
            _("{count} ids of {file} are missing here; the first is {id} (row {row})", count=missing.len(),
              file=Path(sheet.file).name, id=ids[missing[0]], row=sheet.rows[missing[0]]),
            where=offer_sheet.where,
            cure=_("Give an answer, or an empty cell, for every id."),
        )  # fmt: skip
    shuffled = (ids != offer_ids.head(ids.len())).arg_true()
    if shuffled.len():
        row = offer_sheet.rows[shuffled[0]]
        notes.append(
            multilingual(
                "{file}: ids stand in another order from row {row} on; matched by id", file=offer_sheet.where, row=row
            )
        )
    return ids.to_frame("id").join(answers, on="id", how="left", maintain_order="left")["answer"].alias(name)


def scale_of_offers(
    sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str, settled: Mapping[str, float],
    confirm: Callable[[str], bool] | None, notes: Notes,
) -> dict[str, float]:  # fmt: skip
    """Ask about each column that stands a factor of 10, 60 or 1,000 away from the truth (of costs: from the practice)."""
    yard = roles.truth if roles.truth and kind != "cost" else roles.practice
    base = _size(columns[yard]) if yard and kind != "brier" else 0.0
    factors: dict[str, float] = {}
    for name, values in columns.items():
        ratio = _size(values) / base if base else 0.0
        factor = next((f for f in (*FACTORS, *(1 / size for size in FACTORS)) if ratio and 0.7 < ratio / f < 1.4), None)
        if name == yard or name in settled or factor is None:
            continue
        times = f"{factor:,.0f}" if factor > 1 else f"1/{1 / factor:,.0f}"
        message = _("{column} is about {times} times {yard}: another unit?", column=name, times=times, yard=yard)
        if confirm is None:
            cure = _(
                "If so, give --scale {column}={by}; if not, --scale {column}=1.", column=name, by=f"{1 / factor:g}"
            )
            raise UserError(message, where=sheet.where, cure=cure)
        factors[name] = 1 / factor if confirm(message + " " + _("Divide it by {times}?", times=times)) else 1.0
        if factors[name] != 1.0:
            notes.append(multilingual("{column} was divided by {times}", column=name, times=times))
    return factors


def _size(values: pl.Series) -> float:
    sizes = values.drop_nulls().abs()
    sizes = sizes.filter(sizes > 0)
    return float(sizes.median() or 0.0) if sizes.len() else 0.0  # type: ignore[arg-type]


def in_range(sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, kind: str) -> None:
    """The Brier score wants a two-valued truth and answers in 0..1."""
    if kind != "brier":
        return
    for name, values in columns.items():
        fine = values.is_in([0.0, 1.0]) if name == roles.truth else values.is_between(0.0, 1.0)
        bad = (~fine.fill_null(value=True)).arg_true()
        if bad.len():
            message = (
                _("{value} is not 0 or 1", value=values[bad[0]])
                if name == roles.truth
                else _("{value} is not within 0..1", value=values[bad[0]])
            )
            raise UserError(
                message,
                where=_("{file} row {row} column {column}", file=sheet.where, row=sheet.rows[bad[0]], column=name),
                cure=_("The Brier score wants a truth of 0 or 1 and probabilities; otherwise give another --kpi."),
            )


def judged_rows(sheet: Sheet, frame: pl.DataFrame, columns: Mapping[str, pl.Series], notes: Notes) -> pl.DataFrame:
    """The rows where the truth and every answer are there; in the others blanks are counted and the first is named."""
    for name, values in columns.items():
        empty = values.is_null().arg_true()
        if empty.len():
            notes.append(multilingual("{column}: {count} empty cells, the first in row {row}; those rows are left out for everybody",
                           column=name, count=empty.len(), row=sheet.rows[empty[0]]))  # fmt: skip
    full = pl.select(pl.all_horizontal(*(values.is_not_null() for values in columns.values()))).to_series()
    if not full.any():
        raise UserError(_("no row has the truth and every answer"), where=sheet.where)
    return frame if full.all() else frame.filter(full)
