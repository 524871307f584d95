"""A person's own file as the frame a source promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _
from dure.mapping.apply import apply, confirm
from dure.mapping.propose import propose, signature
from dure.mapping.saved import load, other_headers, save, saved, still_fits

if TYPE_CHECKING:
    from dure.mapping.column import Column
    from dure.mapping.proposal import Proposal
    from dure.tables import Sheet


def open_own(
    path: Path,
    columns: Sequence[Column],
    *,
    sheet: str | None = None,
    map_file: Path | None = None,
    confirm: Callable[[str], bool] | None = None,
) -> tuple[pl.DataFrame, Proposal]:
    """A person's own file as the frame a source promises, and the mapping that was used.

    A mapping kept beside the file, or given with `map_file`, is used without asking as long as the headers are the
    same. Else a proposal is shown through `confirm`, once, and kept. Raises UserError for whatever cannot be read.
    """
    found = meant(path, columns, sheet)
    place = map_file or saved(path)
    kept = load(place) if map_file or place.is_file() else None
    if kept and still_fits(kept, found[0], columns):
        used = replace(kept, file=str(path), labels={column.name: column.label for column in columns})
        return _applied(found, used, columns), used
    if kept and map_file:
        raise other_headers(kept, found[0], map_file)
    proposal = propose(found[0], columns)
    if len(found) > 1:
        said = _(
            "{count} sheets with the same headers become one table: {names}",
            count=len(found),
            names=", ".join(each.sheet for each in found),
        )
        proposal = replace(proposal, notes=(*proposal.notes, said))
    used = _confirm(proposal, confirm)
    frame = _applied(found, used, columns)
    save(path, used)
    return frame, used


def open_known(
    path: Path, columns: Sequence[Column], *, sheet: str | None = None, confirm: Callable[[str], bool] | None = None
) -> pl.DataFrame:
    """A file in a layout that `columns` declare, as `open_own`, but asking only where something is doubtful; nothing is kept.

    Raises UserError for whatever cannot be read, and for a doubt where `confirm` is missing.
    """
    found = meant(path, columns, sheet)
    proposal = propose(found[0], columns)
    if proposal.asks or not proposal.complete:
        proposal = _confirm(proposal, confirm)
    return _applied(found, proposal, columns)


def _applied(found: Sequence[Sheet], used: Proposal, columns: Sequence[Column]) -> pl.DataFrame:
    """All sheets as one frame; a key may stand only once in all of them."""
    frames = [apply(each, used, columns) for each in found]
    keys = [column.name for column in columns if column.key and column.name in used.matches]
    seen: dict[tuple[object, ...], str] = {}
    for each, frame in zip(found, frames, strict=True) if keys and len(found) > 1 else ():
        for row in frame.select(keys).rows():
            if seen.setdefault(row, each.sheet) != each.sheet:
                what = _(
                    "{value} stands in the sheets {one} and {other}",
                    value=", ".join(map(str, row)),
                    one=seen[row],
                    other=each.sheet,
                )
                raise UserError(
                    what, where=f"‘{Path(each.file).name}’", cure=_("Name one: --sheet {name}", name=each.sheet)
                )
    return pl.concat(frames)


_confirm = confirm  # open_own's parameter has the same name


def meant(path: Path, columns: Sequence[Column], name: str | None = None) -> list[Sheet]:
    """The sheets that are meant: the named one, or the only ones in which every required column is found.

    Several of those must have the same headers, as twelve months in twelve sheets do.
    """
    if name is not None:
        return [tables.read(path, name)]
    every = [each for each in tables.sheets(path) if each.cells.height and not each.hidden]
    complete = [each for each in every if propose(each, columns).complete] if len(every) > 1 else []
    alike = len({signature(each) for each in complete}) == 1
    return complete if alike else [tables.read(path)]
