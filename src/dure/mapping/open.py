"""A person's own file as the frame a source promises."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dure import tables
from dure.errors import UserError
from dure.i18n.texts import _
from dure.mapping.apply import apply, confirm
from dure.mapping.propose import propose, signature
from dure.mapping.saved import header_mismatch, load, save, saved, still_fits

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
    sheets = meant(path, columns, sheet)
    place = map_file or saved(path)
    saved_proposal = load(place) if map_file or place.is_file() else None
    if saved_proposal and still_fits(saved_proposal, sheets[0], columns):
        used = replace(saved_proposal, file=str(path), labels={column.name: column.label for column in columns})
        return _applied(sheets, used, columns), used
    if saved_proposal and map_file:
        raise header_mismatch(saved_proposal, sheets[0], map_file)
    proposal = propose(sheets[0], columns)
    if len(sheets) > 1:
        note = _(
            "{count} sheets with the same headers become one table: {names}",
            count=len(sheets),
            names=", ".join(part.sheet for part in sheets),
        )
        proposal = replace(proposal, notes=(*proposal.notes, note))
    used = _confirm(proposal, confirm)
    frame = _applied(sheets, used, columns)
    save(path, used)
    return frame, used


def open_known(
    path: Path, columns: Sequence[Column], *, sheet: str | None = None, confirm: Callable[[str], bool] | None = None
) -> pl.DataFrame:
    """A file in a layout that `columns` declare, as `open_own`, but asking only where something is doubtful; nothing is kept.

    Raises UserError for whatever cannot be read, and for a doubt where `confirm` is missing.
    """
    sheets = meant(path, columns, sheet)
    proposal = propose(sheets[0], columns)
    if proposal.asks or not proposal.complete:
        proposal = _confirm(proposal, confirm)
    return _applied(sheets, proposal, columns)


def _applied(sheets: Sequence[Sheet], used: Proposal, columns: Sequence[Column]) -> pl.DataFrame:
    """All sheets as one frame; a key may stand only once in all of them."""
    frames = [apply(sheet, used, columns) for sheet in sheets]
    keys = [column.name for column in columns if column.key and column.name in used.matches]
    sheet_of_key: dict[tuple[Hashable, ...], str] = {}
    for sheet, frame in zip(sheets, frames, strict=True) if keys and len(sheets) > 1 else ():
        for key_values in frame.select(keys).rows():
            if sheet_of_key.setdefault(key_values, sheet.sheet) != sheet.sheet:
                message = _(
                    "{value} stands in the sheets {one} and {other}",
                    value=", ".join(map(str, key_values)),
                    one=sheet_of_key[key_values],
                    other=sheet.sheet,
                )
                raise UserError(
                    message, where=f"‘{Path(sheet.file).name}’", cure=_("Name one: --sheet {name}", name=sheet.sheet)
                )
    return pl.concat(frames)


_confirm = confirm  # open_own's parameter has the same name


def meant(path: Path, columns: Sequence[Column], name: str | None = None) -> list[Sheet]:
    """The sheets that are meant: the named one, or the only ones in which every required column is found.

    Several of those must have the same headers, as twelve months in twelve sheets do.
    """
    if name is not None:
        return [tables.read(path, name)]
    candidates = [sheet for sheet in tables.sheets(path) if sheet.cells.height and not sheet.hidden]
    complete = [sheet for sheet in candidates if propose(sheet, columns).complete] if len(candidates) > 1 else []
    alike = len({signature(sheet) for sheet in complete}) == 1
    return complete if alike else [tables.read(path)]
