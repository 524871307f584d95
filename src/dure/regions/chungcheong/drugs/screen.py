"""A million molecules ranked in a stream: a cheap first pass over all, the model on the best of it, resumed where it was killed.

The first pass is a ridge regression on 4,096 bits of ECFP4, fitted on the known compounds: one fingerprint and one product a
molecule. What it costs in found molecules is measured by benchmarks/screen.py.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dure import UserError, write_atomically

from . import chem
from .forms import Request, _

if TYPE_CHECKING:
    from dure import Method

    from .methods import Known

PIECE = 5_000  # molecules read at once; after each the state is written
SIZE = 4_096  # bits of the first pass
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
LONGEST = 2_000  # letters of a SMILES


@dataclass
class State:
    """How far a first pass has come: lines read, how many could not be, and the best so far (first pass's order)."""

    lines: int
    unread: int
    places: np.ndarray
    scores: np.ndarray

    def write(self, place: Path) -> None:
        """Write aside and rename: a kill leaves the old state or the new one."""
        buffer = io.BytesIO()
        np.savez(buffer, counts=np.array([self.lines, self.unread]), places=self.places, scores=self.scores)
        write_atomically(place, buffer.getvalue())

    @classmethod
    def read(cls, place: Path) -> State:
        """The state of a pass, or of one that has not begun."""
        if not place.is_file():
            return cls(0, 0, np.zeros(0, np.int64), np.zeros(0))
        with np.load(place, allow_pickle=False) as kept:
            lines, unread = map(int, kept["counts"])
            return cls(lines, unread, kept["places"], kept["scores"])


def screen(
    path: Path,
    known: Known,
    model: Method,
    *,
    target: str,
    folder: Path,
    keep: int = 50_000,
    tell: Callable[[float, str], None] = lambda share, text: None,
) -> pl.DataFrame:
    """The best molecules of a file, the most potent first.

    Parameters
    ----------
    path
        A molecule a line: SMILES, and whatever follows a space.
    known
        The target's known compounds: the first pass learns from them.
    model
        Asked for the `keep` molecules that the first pass likes best.
    folder
        Where state and answers are kept: called again on it, the screening goes on. It is bound to the file by its size.

    Returns
    -------
    DataFrame
        line, smiles, potency, low, high, similarity, in_domain.

    Raises
    ------
    UserError
        The folder holds the screening of another file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _bound(path, target, folder)
    state = _first_pass(path, known, folder, keep, tell)
    chosen = np.sort(state.places)
    for number in range(0, len(chosen), PIECE):
        place = folder / f"answers-{number:09d}.parquet"
        if not place.is_file():
            buffer = io.BytesIO()
            _asked(path, model, target, chosen[number : number + PIECE]).write_parquet(buffer)
            write_atomically(place, buffer.getvalue())
        tell(
            0.8 + 0.2 * (number + PIECE) / len(chosen),
            _("{count} molecules asked", count=min(number + PIECE, len(chosen))),
        )
    answers = pl.concat([pl.read_parquet(each) for each in sorted(folder.glob("answers-*.parquet"))])
    return answers.sort("potency", "line", descending=[True, False])


def _bound(path: Path, target: str, folder: Path) -> None:
    """Raises UserError where the folder belongs to another file or target."""
    mark, place = f"{path.name} {path.stat().st_size} {target}", folder / "of.txt"
    if place.is_file() and place.read_text(encoding="utf-8") != mark:
        raise UserError(
            _("this folder holds the screening of {other}", other=place.read_text(encoding="utf-8")),
            where=str(folder),
            cure=_("Give another folder."),
        )
    write_atomically(place, mark)


def _first_pass(path: Path, known: Known, folder: Path, keep: int, tell: Callable[[float, str], None]) -> State:
    place = folder / "first-pass.npz"
    state, weights = State.read(place), ridge(known)
    size, seen = path.stat().st_size, 0
    for number, piece in _pieces(path):
        seen += sum(map(len, piece)) + len(piece)
        if number < state.lines:
            continue
        rows, bits = hashed(piece)
        scores = bits @ weights[1:] + weights[0]
        places, values = np.concatenate([state.places, number + rows]), np.concatenate([state.scores, scores])
        best = np.lexsort((places, -values))[:keep]
        state = State(number + len(piece), state.unread + len(piece) - len(rows), places[best], values[best])
        state.write(place)
        tell(
            0.8 * min(1.0, seen / size),
            _("{count} molecules read, {unread} of them unreadable", count=state.lines, unread=state.unread),
        )
    return state


def _pieces(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line from zero, SMILES) of each piece."""
    with path.open(encoding="utf-8", errors="replace") as file:
        number = 0
        while piece := [line.split(maxsplit=1)[0] if line.strip() else "" for line in itertools.islice(file, PIECE)]:
            yield number, piece
            number += len(piece)


def hashed(smiles: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the molecules that could be read, and their bits, (molecules, SIZE) float32."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=SIZE)
    read: list[tuple[int, Any]] = []
    for place, each in enumerate(smiles):
        if len(each) <= LONGEST and (found := chem.molecule(each)) is not None:
            read.append((place, generator.GetFingerprintAsNumPy(found)))
    bits = np.array([each for _place, each in read], dtype=np.float32).reshape(len(read), SIZE)
    return np.array([place for place, _bits in read], dtype=np.int64), bits


def ridge(known: Known) -> np.ndarray:
    """Intercept and weights of SIZE bits; the penalty by leave-one-out errors in closed form."""
    _rows, bits = hashed(list(known.smiles))
    mean = known.potency.mean()
    values, vectors = np.linalg.eigh(bits.astype(np.float64) @ bits.T)
    turned = vectors.T @ (known.potency - mean)

    def left_out(penalty: float) -> float:
        inverse = 1 / (np.maximum(values, 0) + penalty)
        return float(np.mean(((vectors @ (turned * inverse)) / (vectors**2 @ inverse)) ** 2))

    penalty = min(PENALTIES, key=left_out)
    dual = vectors @ (turned / (np.maximum(values, 0) + penalty))
    return np.concatenate([[mean], bits.T @ dual]).astype(np.float32)


def _asked(path: Path, model: Method, target: str, lines: np.ndarray) -> pl.DataFrame:
    """The model's answers for these lines of the file."""
    wanted = set(lines.tolist())
    smiles = [
        each for number, piece in _pieces(path) for line, each in enumerate(piece, start=number) if line in wanted
    ]  # the file is read through again: a second of a million lines, and no molecule need stay in memory
    said = model(Request(target=target, molecules=smiles)).estimates
    fields = ("potency", "low", "high", "similarity", "in_domain")
    columns = {name: [getattr(each, name) for each in said] for name in fields}
    return pl.DataFrame({"line": lines, "smiles": smiles, **columns})
