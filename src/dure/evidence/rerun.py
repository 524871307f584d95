"""The rows in which a trial played again differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dure.evidence.format import KEYS, is_close
from dure.i18n.texts import _

if TYPE_CHECKING:
    import polars as pl

    from dure.evidence.format import Cell


def compare(old: pl.DataFrame, new: pl.DataFrame, tolerance: float = 0.0) -> list[str]:
    """Rows of two tables of outcomes that differ by more than the declared relative tolerance, in words.

    Empty: it reproduces. The order of the rows does not matter here.
    """
    old_rows, new_rows = (
        {tuple(row[key] for key in KEYS): row for row in table.iter_rows(named=True)} for table in (old, new)
    )
    differing = [_("{row}: missing in the re-run", row=_row_name(key)) for key in old_rows if key not in new_rows]
    differing += [_("{row}: only in the re-run", row=_row_name(key)) for key in new_rows if key not in old_rows]
    for number, (key, row) in enumerate(old_rows.items(), start=1):
        replayed = new_rows.get(key)
        changes = _changes(row, replayed, tolerance) if replayed else ""
        if changes:
            differing.append(_("row {number}: {name}", number=number, name=f"{_row_name(key)}: {changes}"))
    return differing


def _row_name(key: Sequence[Cell]) -> str:
    return " · ".join(str(part) for part in key if part != "")


def _changes(row: Mapping[str, Cell], replayed: Mapping[str, Cell], tolerance: float) -> str:
    names = [name for name in dict.fromkeys((*row, *replayed)) if name not in KEYS]
    changed = [
        name
        for name in names
        if name not in row or name not in replayed or not is_close(row[name], replayed[name], tolerance)
    ]
    return ", ".join(f"{name} {row.get(name, '–')} → {replayed.get(name, '–')}" for name in changed)
