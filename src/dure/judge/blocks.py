"""Which rows of a table are one block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _, multilingual
from dure.judge.forms import KINDS
from dure.judge.roles import SPANS

if TYPE_CHECKING:
    import polars as pl

    from dure.judge.forms import Notes
    from dure.judge.roles import Roles
    from dure.tables import Sheet

ROWS = (
    300  # rows without time or block: more are joined, in the file's order, into so many groups (docs/gate.md: at 300
)
_ONE = {"day": "one day", "week": "one week", "month": "one month"}


def block_of_rows(
    sheet: Sheet,
    columns: Mapping[str, pl.Series],
    roles: Roles,
    times: pl.Series | None,
    keep: list[int],
    kind: str,
    notes: Notes,
) -> tuple[list[str | None], str]:
    """A block for every row, and what a block is called."""
    if roles.block and roles.block not in SPANS:
        return [str(block) for block in tables.texts(sheet, roles.block).to_list()], "block"
    if times is None:
        if roles.block:
            message = _("--block {block} needs the time of every row", block=roles.block)
            raise UserError(message, cure=_("Name its column with --time."))
        notes.append(multilingual("no time and no block: rows are taken as independent of each other"))
        return _groups(len(sheet.rows), keep)
    empty = times.gather(keep).null_count() and next(row for row in keep if times[row] is None)
    if empty:
        message = _("row {row} has no time", row=sheet.rows[empty])
        raise UserError(message, where=sheet.where, cure=_("Fill it in or delete the row."))
    span = roles.block
    if span is None:
        span = span_of(times.gather(keep), _losses(sheet, columns, roles, keep, kind, times))
        notes.append(multilingual("blocks are {span} each, from the times; another one with --block", span=_ONE[span]))
    return times.dt.strftime(SPANS[span]).to_list(), span


def _groups(rows: int, keep: list[int]) -> tuple[list[str | None], str]:
    """Each row its own block, or `ROWS` groups of neighbours where there are more."""
    size = -(-len(keep) // ROWS)
    place = {row: f"{number // size:04d}" for number, row in enumerate(keep)}
    return [place.get(row) for row in range(rows)], "row" if size == 1 else "group of rows"


def _losses(
    sheet: Sheet, columns: Mapping[str, pl.Series], roles: Roles, keep: list[int], kind: str, times: pl.Series
) -> list[float]:
    """The practice's loss row by row, site by site in the order of time."""
    sites = tables.texts(sheet, roles.site).fill_null("").to_list() if roles.site else [""] * len(times)
    moments, practice = times.to_list(), columns[str(roles.practice)]
    truth = columns[roles.truth] if roles.truth else practice
    order = sorted(keep, key=lambda row: (sites[row], moments[row]))
    return [next(iter(KINDS[kind].sums(truth[row], practice[row]).values())) for row in order]


def span_of(times: pl.Series, losses: list[float]) -> str:
    """The shortest of day, week and month that is at least 4 (1 + rho) / (1 - rho) steps long (docs/gate.md).

    rho is the lag-1 autocorrelation of the practice's loss; a step is from one time to the next.
    """
    from dure.statistics.blocks import autocorrelation

    rho = autocorrelation(np.asarray(losses))
    needed = 4 * (1 + rho) / (1 - rho)
    steps = times.n_unique()
    long = [name for name, style in SPANS.items() if steps / times.dt.strftime(style).n_unique() >= needed]
    return next(iter(long), "month")
