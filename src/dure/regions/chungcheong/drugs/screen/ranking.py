"""The best molecules of a file: which are drawn, what the first pass leaves to the model, what comes out on top."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dure import UserError, Work

from ..forms import _
from ..methods import Known, potencies
from . import catalogue
from .answers import estimates_of, potencies_of
from .first_pass import first_pass, ridge_weights
from .folder import bind, table_at
from .processes import processes

if TYPE_CHECKING:
    import polars as pl

    from dure import Method

DRAWN = 10_000  # molecules of the file that the model is asked for at the start; of half of them the first pass learns
BEST = 0.01  # share of the other half that are its best, by which the first pass is judged


class Limits(NamedTuple):
    """Of a screening.

    Parameters
    ----------
    keep
        Molecules of which the first pass leaves the potency to the Gaussian process.
    show
        Molecules in the table, of which the model says all it has to say.
    jobs
        Processes.
    """

    keep: int = 100_000
    show: int = 5_000
    jobs: int = 2


class Screened(NamedTuple):
    """What a screening came to.

    Parameters
    ----------
    ranked
        line (from 1), smiles, potency, low, high, nearest, similarity, in_domain, cliff, lipinski, veber, alerts; the most
        potent first.
    best, kept
        Of the molecules drawn from the file to judge the first pass, how many are the model's own best, and how many of these
        the first pass would have left to the model.
    """

    ranked: pl.DataFrame
    best: int
    kept: int


def screen(
    path: Path,
    known: Known,
    model: Method,
    *,
    target: str,
    folder: Path,
    limits: Limits,
    tell: Callable[[float, str], None] = lambda share, text: None,
) -> Screened:
    """The best molecules of a file, the most potent first.

    Parameters
    ----------
    path
        A molecule a line: SMILES, and whatever follows a space, a comma or a semicolon.
    known
        The target's known compounds.
    model
        Asked about the molecules that come out best.
    folder
        Where state and answers are kept: called again on it, the screening goes on. It is bound to the file, by its name
        and size, and to the known compounds.

    Raises
    ------
    UserError
        The folder holds another screening, or no line of the file is a molecule.
    """
    folder.mkdir(parents=True, exist_ok=True)
    compounds = bind(path, target, known, limits, folder)
    potencies(known, target, Work(folder=folder, tell=tell))  # fitted here, so that every process finds it
    count = sum(len(piece) for _number, piece in catalogue.pieces(path))
    with processes(limits.jobs) as pool:
        ask = partial(potencies_of, path, compounds=compounds, target=target, pool=pool)
        sample = np.sort(np.random.default_rng(0).permutation(count)[:DRAWN])
        learnt, judged = _halves(ask(sample, folder / "drawn", _between(tell, 0.0, 0.05)), path, folder)
        weights = table_at(folder / "weights.parquet", lambda: ridge_weights(path, learnt))["weight"].to_numpy()
        place, share = folder / "first-pass.npz", _between(tell, 0.05, 0.6)
        state = first_pass(path, count, weights, place, limits.keep, pool, share)
        answered = ask(np.sort(state.places), folder / "potencies", _between(tell, 0.6, 0.95))
    best = _most_potent(answered, limits.show).sort().to_numpy()
    ranked = estimates_of(best, catalogue.read(path, best), model, target, _between(tell, 0.95, 1.0))
    wanted = _most_potent(judged, round(BEST * judged.height))
    return Screened(
        ranked.sort("potency", "line", descending=[True, False]),
        best=len(wanted),
        kept=int(np.isin(wanted.to_numpy(), state.places).sum()),
    )


def _halves(drawn: pl.DataFrame, path: Path, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of the molecules drawn, those the first pass learns from and those it is judged by; without any the folder goes."""
    shuffled = drawn.drop_nulls("potency").sample(fraction=1.0, shuffle=True, seed=0)
    if shuffled.is_empty():
        shutil.rmtree(folder)
        raise UserError(
            _("no line begins with a molecule"),
            where=path.name,
            cure=_("Write a SMILES a line, nothing before it."),
        )
    return shuffled.head(-(-shuffled.height // 2)), shuffled.tail(shuffled.height // 2)


def _most_potent(table: pl.DataFrame, count: int) -> pl.Series:
    """Their lines."""
    return table.sort("potency", "line", descending=[True, False])["line"].head(count)


def _between(tell: Callable[[float, str], None], begin: float, end: float) -> Callable[[float, str], None]:
    return lambda share, text: tell(begin + (end - begin) * share, text)
