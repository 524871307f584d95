"""What the model is asked of a file's molecules: the potency of many, all it says of the best."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dure import Work

from ..forms import Request, _
from ..methods import Known, potencies
from . import catalogue
from .folder import table_at
from .processes import in_order

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    from dure import Method

    from ..forms import Estimate

COLUMNS = ("potency", "low", "high", "nearest", "similarity", "in_domain", "cliff", "lipinski", "veber")


def potencies_of(
    path: Path,
    lines: np.ndarray,
    place: Path,
    tell: Callable[[float, str], None],
    *,
    compounds: Path,
    target: str,
    pool: Executor,
) -> pl.DataFrame:
    """Line and potency of these molecules; none where one cannot be read. Written every WRITTEN molecules."""
    smiles, parts = catalogue.read(path, lines), [pl.DataFrame(schema={"line": pl.Int64, "potency": pl.Float64})]
    for begin in range(0, len(lines), catalogue.WRITTEN):
        part = slice(begin, begin + catalogue.WRITTEN)
        file = place.with_name(f"{place.name}-{begin:09d}.parquet")
        parts.append(table_at(file, partial(_computed, lines[part], smiles[part], compounds, target, pool)))
        answered = begin + parts[-1].height
        tell(answered / len(lines), _("{count} molecules asked", count=answered))
    return pl.concat(parts)


def _computed(lines: np.ndarray, smiles: list[str], compounds: Path, target: str, pool: Executor) -> pl.DataFrame:
    piece = catalogue.PIECE
    calls = ((compounds, target, smiles[begin : begin + piece]) for begin in range(0, len(smiles), piece))
    values = itertools.chain.from_iterable(in_order(pool, _potencies, calls))
    return pl.DataFrame({"line": lines, "potency": pl.Series(list(values), dtype=pl.Float64)})


def _potencies(compounds: Path, target: str, smiles: list[str]) -> list[float | None]:
    mols = [catalogue.molecule(text) for text in smiles]
    readable = [mol for mol in mols if mol is not None]
    values = iter(_model(compounds, target)(readable).tolist() if readable else ())
    return [None if mol is None else next(values) for mol in mols]


@lru_cache(maxsize=1)
def _model(compounds: Path, target: str) -> Callable[[list[Any]], np.ndarray]:
    """A process's own: the known compounds take part in every comparison, so they are read once."""
    table = pl.read_parquet(compounds)
    known = Known(tuple(table["smiles"]), table["potency"].to_numpy())
    return potencies(known, target, Work(folder=compounds.parent))


def estimates_of(
    lines: np.ndarray, smiles: list[str], model: Method, target: str, tell: Callable[[float, str], None]
) -> pl.DataFrame:
    """All that the model says of these molecules."""
    estimates: list[Estimate] = []
    while len(estimates) < len(lines):
        piece = smiles[len(estimates) : len(estimates) + catalogue.PIECE]
        request = Request(target=target, molecules=list(map(catalogue.parent_smiles, piece)))
        estimates += model(request).estimates
        tell(len(estimates) / len(lines), _("{count} molecules asked", count=len(estimates)))
    columns = {name: [getattr(estimate, name) for estimate in estimates] for name in COLUMNS}
    columns["alerts"] = ["; ".join(estimate.alerts) for estimate in estimates]
    return pl.DataFrame({"line": lines + 1, "smiles": smiles, **columns})
