"""Which rows of a table are one block."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from dure.errors import UserError
from dure.i18n.texts import _, multilingual
from dure.judge.forms import KINDS
from dure.judge.roles import SPANS

if TYPE_CHECKING:
    from dure.judge.forms import Answers, Notes
    from dure.judge.roles import Roles
    from dure.tables import Sheet

# Rows without time or block: more are joined, in the file's order, into so many groups (docs/gate.md: at 300 blocks the
# interval is as sharp as it gets, and neighbours that depend on each other fall together).
ROWS = 300
_ONE = {"day": "one day", "week": "one week", "month": "one month"}


def with_blocks(answers: Answers, sheet: Sheet, roles: Roles, notes: Notes) -> tuple[Answers, str]:
    """The answers with a block for every row, and what a block is called."""
    frame = answers.frame
    if roles.block and roles.block not in SPANS:
        word, block = "block", pl.col("block")
    elif roles.time is None:
        if roles.block:
            message = _("--block {block} needs the time of every row", block=roles.block)
            raise UserError(message, cure=_("Name its column with --time."))
        notes.append(multilingual("no time and no block: rows are taken as independent of each other"))
        size = -(-frame.height // ROWS)
        word = "row" if size == 1 else "group of rows"
        block = (pl.int_range(pl.len()) // size).cast(pl.String).str.zfill(4)
    else:
        word = _span(answers, sheet, roles, notes)
        block = pl.col("time").dt.strftime(SPANS[word])
    return replace(answers, frame=frame.with_columns(block.alias("block"))), word


def _span(answers: Answers, sheet: Sheet, roles: Roles, notes: Notes) -> str:
    """Day, week or month: as the person says, else as long as the practice's losses hang together."""
    empty = answers.frame.filter(pl.col("time").is_null())
    if empty.height:
        message = _("row {row} has no time", row=empty["row"][0])
        raise UserError(message, where=sheet.where, cure=_("Fill it in or delete the row."))
    if roles.block:
        return roles.block
    span = span_of(answers.frame["time"], _losses(answers))
    notes.append(multilingual("blocks are {span} each, from the times; another one with --block", span=_ONE[span]))
    return span


def _losses(answers: Answers) -> pl.Series:
    """The practice's loss row by row, site by site in the order of time."""
    sums = KINDS[answers.kpi].sums(answers.frame["truth"], answers.of(answers.methods[0]))
    places = answers.frame.select("site", "time", loss=next(iter(sums.values())))
    return places.sort("site", "time", maintain_order=True)["loss"]


def span_of(times: pl.Series, losses: pl.Series) -> str:
    """The shortest of day, week and month that is at least 4 (1 + rho) / (1 - rho) steps long (docs/gate.md).

    rho is the lag-1 autocorrelation of the practice's loss; a step is from one time to the next.
    """
    from dure.statistics.blocks import autocorrelation

    rho = autocorrelation(losses.to_numpy())
    needed = 4 * (1 + rho) / (1 - rho)
    steps = times.n_unique()
    long = [name for name, style in SPANS.items() if steps / times.dt.strftime(style).n_unique() >= needed]
    return next(iter(long), "month")
