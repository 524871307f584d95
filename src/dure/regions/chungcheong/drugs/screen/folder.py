"""What a screening keeps in its folder, so that it goes on where it was."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from dure import UserError, write_atomically

from ..forms import _

if TYPE_CHECKING:
    from pathlib import Path

    from ..methods import Known
    from .ranking import Limits


def bind(path: Path, target: str, known: Known, limits: Limits, folder: Path) -> Path:
    """Where the known compounds are kept. Raises UserError where the folder belongs to another file, target or compounds."""
    learnt = hashlib.sha256("\n".join(known.smiles).encode() + known.potency.tobytes()).hexdigest()[:12]
    size = path.stat().st_size
    mark = f"{path.name} ({size} B), {target} ({learnt}), --keep {limits.keep} --show {limits.show}"
    place = folder / "of.txt"
    if place.is_file() and (other := place.read_text(encoding="utf-8")) != mark:
        raise UserError(
            _("this folder holds another screening: {other}", other=other),
            where=str(folder),
            cure=_("Give another --out, or delete the folder to begin anew."),
        )
    write_atomically(place, mark)
    compounds = folder / f"known-{learnt}.parquet"
    table_at(compounds, lambda: pl.DataFrame({"smiles": known.smiles, "potency": known.potency}))
    return compounds


def table_at(place: Path, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """The table written here before, else `make()`, written down."""
    if not place.is_file():
        buffer = io.BytesIO()
        make().write_parquet(buffer)
        write_atomically(place, buffer.getvalue())
    return pl.read_parquet(place)
