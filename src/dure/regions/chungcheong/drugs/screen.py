"""A million molecules ranked in a stream: a cheap first pass, the model's potency of the best of it, all it says of the best of these.

Killed, it is resumed where it was.

    python -m dure.regions.chungcheong.drugs.screen molecules.smi --target CHEMBL204_Ki --out ranked.csv

The first pass is a ridge regression on 4,096 bits of ECFP4, fitted on the known compounds: one fingerprint and one product a
molecule. What it costs in found molecules is measured by benchmarks/screen.py.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import polars as pl

from dure import Data, UserError, Work, write_atomically

from . import chem
from .forms import Request, _
from .methods import by_target, potencies, unknown

if TYPE_CHECKING:
    from dure import Method

    from .methods import Known

PIECE = 5_000  # molecules read at once; after each the state is written
SIZE = 4_096  # bits of the first pass
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
LONGEST = 2_000  # letters of a SMILES
ENDS = re.compile(r"[\s,;]")  # of a SMILES: what follows on its line is the molecule's name
SAID = ("potency", "low", "high", "nearest", "similarity", "in_domain", "cliff", "lipinski", "veber")


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
    keep: int = 150_000,
    show: int = 5_000,
    tell: Callable[[float, str], None] = lambda share, text: None,
) -> pl.DataFrame:
    """The best molecules of a file, the most potent first.

    Parameters
    ----------
    path
        A molecule a line: SMILES, and whatever follows a space, a comma or a semicolon.
    known
        The target's known compounds: the first pass learns from them.
    model
        Asked about the `show` molecules that come out best.
    keep
        Molecules of which the first pass leaves the potency to the Gaussian process.
    folder
        Where state and answers are kept: called again on it, the screening goes on. It is bound to the file, by its name
        and size, and to the known compounds.

    Returns
    -------
    DataFrame
        line (from 1), smiles, potency, low, high, nearest, similarity, in_domain, cliff, lipinski, veber, alerts.

    Raises
    ------
    UserError
        The folder holds another screening, or no line of the file is a molecule.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _bound(path, target, known, (keep, show), folder)
    state = _first_pass(path, known, folder, keep, tell)
    chosen = np.sort(state.places)
    if not chosen.size:
        raise UserError(
            _("no line begins with a molecule"), where=path.name, cure=_("Write a SMILES a line, nothing before it.")
        )
    potency = potencies(known, target, Work(folder=folder))
    for number in range(0, len(chosen), PIECE):
        place = folder / f"potencies-{number:09d}.parquet"
        if not place.is_file():
            lines = chosen[number : number + PIECE]
            said = potency([_asked_as(each) for each in _read(path, lines)])
            _kept(pl.DataFrame({"line": lines, "potency": said}), place)
        done = min(number + PIECE, len(chosen))
        tell(0.5 + 0.45 * done / len(chosen), _("{count} molecules asked", count=done))
    every = pl.concat([pl.read_parquet(each) for each in sorted(folder.glob("potencies-*.parquet"))])
    best = every.sort("potency", "line", descending=[True, False])["line"].head(show).sort().to_numpy()
    return _answers(best, _read(path, best), model, target).sort("potency", "line", descending=[True, False])


def _kept(frame: pl.DataFrame, place: Path) -> None:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_atomically(place, buffer.getvalue())


def _bound(path: Path, target: str, known: Known, sizes: tuple[int, int], folder: Path) -> None:
    """Raises UserError where the folder belongs to another file, target, or other known compounds."""
    learnt = hashlib.sha256("\n".join(known.smiles).encode() + known.potency.tobytes()).hexdigest()[:12]
    mark, place = f"{path.name} {path.stat().st_size} {target} {learnt} {sizes}", folder / "of.txt"
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
            0.5 * min(1.0, seen / size),
            _("{count} molecules read, {unread} of them unreadable", count=state.lines, unread=state.unread),
        )
    return state


def _pieces(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line from zero, SMILES) of each piece."""
    with path.open(encoding="utf-8", errors="replace") as file:
        number = 0
        while piece := [ENDS.split(line, maxsplit=1)[0] for line in itertools.islice(file, PIECE)]:
            yield number, piece
            number += len(piece)


def hashed(smiles: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the molecules that could be read, and their bits, (molecules, SIZE) float32."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=SIZE)
    read: list[tuple[int, Any]] = []
    for place, each in enumerate(smiles):
        if len(each) <= LONGEST and (found := chem.molecule(each)) is not None:
            read.append((place, generator.GetFingerprintAsNumPy(_without_salt(found, each))))
    bits = np.array([each for _place, each in read], dtype=np.float32).reshape(len(read), SIZE)
    return np.array([place for place, _bits in read], dtype=np.int64), bits


def _without_salt(found: Any, smiles: str) -> Any:
    """The molecule, of several parts its largest organic one."""
    from rdkit.Chem import rdmolops

    return chem.parent(found) if "." in smiles and len(rdmolops.GetMolFrags(found)) > 1 else found


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


def _read(path: Path, lines: np.ndarray) -> list[str]:
    """The molecules of these lines. The file is read through again: a second of a million lines, and none need stay in memory."""
    wanted = set(lines.tolist())
    return [each for number, piece in _pieces(path) for line, each in enumerate(piece, start=number) if line in wanted]


def _answers(lines: np.ndarray, smiles: list[str], model: Method, target: str) -> pl.DataFrame:
    """All that the model says of these molecules."""
    said = model(Request(target=target, molecules=[_asked_as(each) for each in smiles])).estimates
    columns = {name: [getattr(each, name) for each in said] for name in SAID}
    columns["alerts"] = ["; ".join(each.alerts) for each in said]
    return pl.DataFrame({"line": lines + 1, "smiles": smiles, **columns})


def _asked_as(smiles: str) -> str:
    from rdkit import Chem

    found = chem.molecule(smiles) if "." in smiles else None
    plain = _without_salt(found, smiles) if found is not None else found
    return smiles if plain is found else str(Chem.MolToSmiles(plain))


@click.command()
@click.argument("molecules", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Target, or the name of the file of one's own compounds.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "--compounds", multiple=True, type=click.Path(exists=True, path_type=Path), help="One's own known compounds."
)
@click.option("--keep", default=150_000, show_default=True, help="Molecules whose potency the model is asked for.")
@click.option("--show", default=5_000, show_default=True, help="Molecules in the table.")
def command(molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], keep: int, show: int) -> None:
    """Rank MOLECULES, a SMILES a line, for one target. Called again after a stop, it goes on from there."""
    try:
        ranked = _ranked(molecules, target, out, compounds, keep, show)
    except UserError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(_("{count} molecules ranked: {place}", count=ranked, place=str(out)))


def _ranked(molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], keep: int, show: int) -> int:
    from .project import PROJECT

    data = Data(PROJECT.sources, Path(__file__).parent, own={"compounds": list(compounds)} if compounds else {})
    cases = PROJECT.history(data, None)
    every = by_target(cases)
    if target not in every:
        raise unknown(target, list(every))
    folder = out.with_name(f".{out.name}.part")
    with click.progressbar(length=1000, file=sys.stderr) as bar:

        def tell(share: float, text: str) -> None:
            bar.label = text
            bar.update(max(0, round(1000 * share) - bar.pos))

        model = PROJECT.model(cases, 0, Work(folder=folder))
        ranked = screen(molecules, every[target], model, target=target, folder=folder, keep=keep, show=show, tell=tell)
    write_atomically(out, ranked.write_csv())
    shutil.rmtree(folder)
    return ranked.height


if __name__ == "__main__":
    command()
