"""The first pass: a ridge regression on 4,096 bits of ECFP4, one fingerprint and one product a molecule.

It learns what the model says of molecules drawn from the file itself (as Graff, Shakhnovich and Coley 2021, Chem. Sci. 12:7866
do for docking scores), and what it loses of the model's own best is counted on others drawn from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure.methods import load_arrays, save_arrays

from ..forms import _
from . import catalogue
from .processes import in_order

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

SIZE = 4_096  # bits of the first pass
PENALTY = 30.0  # of the ridge; from 3 to 30 its order hardly changes


@dataclass
class State:
    """How far a first pass has come: lines read, how many could not be, and the best so far (first pass's order)."""

    lines: int
    unread: int
    places: np.ndarray
    scores: np.ndarray

    def joined(self, pieces: list[State], keep: int) -> State:
        """With the lines that follow."""
        places = np.concatenate([self.places, *(piece.places for piece in pieces)])
        scores = np.concatenate([self.scores, *(piece.scores for piece in pieces)])
        best = np.lexsort((places, -scores))[:keep]
        unread = self.unread + sum(piece.unread for piece in pieces)
        return State(pieces[-1].lines, unread, places[best], scores[best])

    def write(self, place: Path) -> None:
        """Write aside and rename: a kill leaves the old state or the new one."""
        save_arrays(place, counts=[self.lines, self.unread], places=self.places, scores=self.scores)

    @classmethod
    def read(cls, place: Path) -> State:
        """The state of a pass, or of one that has not begun."""
        if not place.is_file():
            return cls(0, 0, np.zeros(0, np.int64), np.zeros(0))
        arrays = load_arrays(place)
        lines, unread = map(int, arrays["counts"])
        return cls(lines, unread, arrays["places"], arrays["scores"])


def hashed(smiles: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the molecules that could be read, and their bits, (molecules, SIZE) float32."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=SIZE)
    mols = [(place, mol) for place, text in enumerate(smiles) if (mol := catalogue.molecule(text)) is not None]
    bits = np.array([generator.GetFingerprintAsNumPy(mol) for _place, mol in mols], dtype=np.float32)
    return np.array([place for place, _mol in mols], dtype=np.int64), bits.reshape(len(mols), SIZE)


def ridge_weights(path: Path, learnt: pl.DataFrame) -> pl.DataFrame:
    """Of the bits, and the intercept as the last one."""
    from sklearn.linear_model import Ridge

    ordered = learnt.sort("line")
    _places, bits = hashed(catalogue.read(path, ordered["line"].to_numpy()))
    ridge = Ridge(PENALTY).fit(bits, ordered["potency"].to_numpy())
    return pl.DataFrame({"weight": [*ridge.coef_.tolist(), float(ridge.intercept_)]})


def first_pass(
    path: Path,
    count: int,
    weights: np.ndarray,
    place: Path,
    keep: int,
    pool: Executor,
    tell: Callable[[float, str], None],
) -> State:
    """The best `keep` of a file of `count` lines, from where the state kept at `place` has come."""
    state = State.read(place)
    calls = ((number, smiles, weights) for number, smiles in catalogue.pieces(path) if number >= state.lines)
    pieces = in_order(pool, _scored, calls)
    while batch := list(itertools.islice(pieces, catalogue.WRITTEN // catalogue.PIECE)):
        state = state.joined(batch, keep)
        state.write(place)
        tell(
            state.lines / count,
            _("{count} molecules read, {unread} of them unreadable", count=state.lines, unread=state.unread),
        )
    return state


def _scored(number: int, smiles: list[str], weights: np.ndarray) -> State:
    """What the first pass says of the lines from `number` on."""
    places, bits = hashed(smiles)
    scores = bits @ weights[:-1].astype(np.float32) + weights[-1]
    return State(number + len(smiles), len(smiles) - len(places), number + places, scores)
