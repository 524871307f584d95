"""A confirmed mapping becomes the frame that a source promises."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _
from dure.mapping.match import bound_text
from dure.tables import long

if TYPE_CHECKING:
    from dure.mapping.column import Column
    from dure.mapping.proposal import Match, Proposal
    from dure.tables import Sheet


def confirm(proposal: Proposal, ask: Callable[[str], bool] | None) -> Proposal:
    """The proposal, confirmed by one question. Raises UserError where columns are missing, or it is not confirmed."""
    where = f"‘{Path(proposal.file).name}’"
    if not proposal.complete:
        raise UserError(
            _(
                "columns were not found: {names}",
                names=", ".join(proposal.labels.get(name, name) for name in proposal.missing),
            )
            + "\n"
            + proposal.text()
            + "\n",
            where=where,
            cure=_("Rename the headers, or write the mapping by hand and give it with --map."),
        )
    if ask is None:
        raise UserError(
            _("the mapping of the columns has not been confirmed") + "\n" + proposal.text() + "\n",
            where=where,
            cure=_("Confirm it, or give a saved one with --map."),
        )
    if not ask(proposal.text()):
        raise UserError(
            _("the mapping of the columns was refused"),
            where=where,
            cure=_("Rename the headers, or write the mapping by hand and give it with --map."),
        )
    return replace(proposal, confirmed=True)


def apply(sheet: Sheet, proposal: Proposal, columns: Sequence[Column]) -> pl.DataFrame:
    """The frame a source promises: wanted names, types and units, one row a row of the sheet.

    Raises UserError with file, sheet, row and column for a cell of the wrong type, out of range, a missing or doubled key.
    """
    table = long(sheet) if proposal.long else sheet
    series = []
    for column in columns:
        match = proposal.matches.get(column.name)
        if match is None:
            series.append(pl.Series(column.name, [None] * table.cells.height, dtype=_TYPES[column.type]))
            continue
        values = _typed(table, column, match)
        if column.type == "number":
            _check_range(table, column, match, values)
        if column.key or column.type == "time":
            _check_filled(table, match.header, values)
        series.append(values.alias(column.name))
    frame = pl.DataFrame(series)
    _check_keys(
        table, frame, [column.name for column in columns if column.key and column.name in proposal.matches], proposal
    )
    return frame


_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.Float64,
    "time": pl.Datetime("us"),
    "date": pl.Date,
    "text": pl.String,
    "category": pl.String,
}


def _typed(sheet: Sheet, column: Column, match: Match) -> pl.Series:
    if column.type == "number":
        read = tables.hours if match.unit == "h" else tables.numbers
        values = read(sheet, match.header)
        return values if (match.factor, match.offset) == (1.0, 0.0) else values * match.factor + match.offset
    if column.type == "time":
        return tables.times(sheet, match.header, clock=match.clock or None)
    if column.type == "date":
        return tables.times(sheet, match.header, midnight=False).cast(pl.Date)
    return tables.texts(sheet, match.header)


def _check_range(sheet: Sheet, column: Column, match: Match, values: pl.Series) -> None:
    low = -math.inf if column.low is None else column.low - 1e-9 * abs(column.low)
    high = math.inf if column.high is None else column.high + 1e-9 * abs(column.high)  # conversions round
    bad = (~values.is_between(low, high)).fill_null(value=False)
    if bad.any():
        place = bad.arg_max() or 0
        fields = {"text": tables.texts(sheet, match.header)[place], "unit": column.unit}
        cure = _(
            "Check the value and its unit; leave the cell empty where nothing was measured, then give the file again."
        )
        raise UserError(
            _(
                "‘{text}’ is outside {low} to {high} {unit}",
                low=bound_text(column.low),
                high=bound_text(column.high),
                **fields,
            ),
            where=sheet.at(place, match.header),
            cure=tables.also_in(int(bad.sum())) + cure,
        )


def _check_filled(sheet: Sheet, header: str, values: pl.Series) -> None:
    if values.null_count():
        place = values.is_null().arg_max() or 0
        raise UserError(
            _("the cell is empty"),
            where=sheet.at(place, header),
            cure=_("Fill it in, or delete the row, then give the file again."),
        )


def _check_keys(sheet: Sheet, frame: pl.DataFrame, keys: list[str], proposal: Proposal) -> None:
    """Rows must differ in the key columns."""
    if not keys or not (doubled := frame.select(pl.struct(keys).is_duplicated()).to_series()).any():
        return
    second = frame.with_columns(again=~pl.struct(keys).is_first_distinct())["again"].arg_max() or 0
    same = (
        doubled
        & frame.select(pl.all_horizontal(pl.col(key).eq_missing(frame[key][second]) for key in keys)).to_series()
    )
    first = same.arg_max() or 0
    names = ", ".join(f"‘{proposal.matches[key].header}’" for key in keys)
    raise UserError(
        _("row {row} has the same {names} as row {first}: {value}", row=sheet.rows[second], names=names, first=sheet.rows[first],
          value=", ".join(str(frame[key][second]) for key in keys)),
        where=sheet.where,
        cure=_("Keep one of the rows, then give the file again."),
    )  # fmt: skip
