"""A million molecules ranked in a stream: a cheap first pass, the model's potency of the best of it, all it says of the best of these.

Killed, it is resumed where it was.

    python -m dure.regions.chungcheong.drugs.screen molecules.smi --target CHEMBL204_Ki --out ranked.csv

The first pass is a ridge regression on 4,096 bits of ECFP4, one fingerprint and one product a molecule. It learns what the model
says of molecules drawn from the file itself (as Graff, Shakhnovich and Coley 2021, Chem. Sci. 12:7866 do for docking scores), and
what it loses of the model's own best is counted on others drawn from it.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import numpy as np
import polars as pl

from dure import Data, UserError, Work, write_atomically

from . import chem
from .forms import Request, _
from .methods import Known, by_target, potencies, unknown

if TYPE_CHECKING:
    from dure import Method

T = TypeVar("T")
PIECE = 250  # molecules a process takes at once
AHEAD = 32  # pieces on their way: while one process computes, another does not wait for the reading
WRITTEN = 10_000  # molecules after which the state is written
DRAWN = 10_000  # molecules of the file that the model is asked for at the start; of half of them the first pass learns
BEST = 0.01  # share of the other half that are its best, by which the first pass is judged
SIZE = 4_096  # bits of the first pass
PENALTY = 30.0  # of the ridge; from 3 to 30 its order hardly changes
LONGEST = 2_000  # letters of a SMILES
ENDS = re.compile(r"[\s,;]")  # of a SMILES: what follows on its line is the molecule's name
SAID = ("potency", "low", "high", "nearest", "similarity", "in_domain", "cliff", "lipinski", "veber")


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


@dataclass
class State:
    """How far a first pass has come: lines read, how many could not be, and the best so far (first pass's order)."""

    lines: int
    unread: int
    places: np.ndarray
    scores: np.ndarray

    def joined(self, pieces: list[State], keep: int) -> State:
        """With the lines that follow."""
        places = np.concatenate([self.places, *(each.places for each in pieces)])
        scores = np.concatenate([self.scores, *(each.scores for each in pieces)])
        best = np.lexsort((places, -scores))[:keep]
        unread = self.unread + sum(each.unread for each in pieces)
        return State(pieces[-1].lines, unread, places[best], scores[best])

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
    compounds = _bound(path, target, known, limits, folder)
    potencies(known, target, Work(folder=folder, tell=tell))  # fitted here, so that every process finds it
    count = sum(len(piece) for _number, piece in _pieces(path))
    with _processes(limits.jobs) as pool:

        def asked(lines: np.ndarray, name: str, begin: float, end: float) -> pl.DataFrame:
            return _asked(path, lines, (compounds, target), folder / name, pool, _between(tell, begin, end))

        drawn = asked(np.sort(np.random.default_rng(0).permutation(count)[:DRAWN]), "drawn", 0.0, 0.05)
        shuffled = drawn.drop_nulls("potency").sample(fraction=1.0, shuffle=True, seed=0)
        if shuffled.is_empty():
            shutil.rmtree(folder)
            raise UserError(
                _("no line begins with a molecule"),
                where=path.name,
                cure=_("Write a SMILES a line, nothing before it."),
            )
        learnt, judged = shuffled.head(-(-shuffled.height // 2)), shuffled.tail(shuffled.height // 2)
        weights = _kept(folder / "weights.parquet", lambda: _weights(path, learnt))["weight"].to_numpy()
        state = _first_pass(
            path, count, weights, folder / "first-pass.npz", limits.keep, pool, _between(tell, 0.05, 0.6)
        )
        every = asked(np.sort(state.places), "potencies", 0.6, 0.95)
    best = _most_potent(every, limits.show).sort().to_numpy()
    said = _answers(best, _read(path, best), model, target, _between(tell, 0.95, 1.0))
    wanted = _most_potent(judged, round(BEST * judged.height))
    return Screened(
        said.sort("potency", "line", descending=[True, False]),
        best=len(wanted),
        kept=int(np.isin(wanted.to_numpy(), state.places).sum()),
    )


def _most_potent(asked: pl.DataFrame, count: int) -> pl.Series:
    """Their lines."""
    return asked.sort("potency", "line", descending=[True, False])["line"].head(count)


def _between(tell: Callable[[float, str], None], begin: float, end: float) -> Callable[[float, str], None]:
    return lambda share, text: tell(begin + (end - begin) * share, text)


def _kept(place: Path, made: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """The table written here before, else `made()`, written down."""
    if not place.is_file():
        buffer = io.BytesIO()
        made().write_parquet(buffer)
        write_atomically(place, buffer.getvalue())
    return pl.read_parquet(place)


def _bound(path: Path, target: str, known: Known, limits: Limits, folder: Path) -> Path:
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
    _kept(compounds, lambda: pl.DataFrame({"smiles": known.smiles, "potency": known.potency}))
    return compounds


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    """So many processes of this program; they end with it, even if it is killed."""
    spawned = multiprocessing.get_context("spawn")  # a fork would take over locks of threads that it does not have
    try:
        with ProcessPoolExecutor(jobs, mp_context=spawned, initializer=_begin_process) as pool:
            yield pool
    except BrokenProcessPool:
        raise UserError(
            _("a process was ended from outside, perhaps for want of memory"),
            cure=_("Call it again, it goes on; with --jobs 1 it needs less memory."),
        ) from None


def _begin_process() -> None:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    threadpool_limits(1)  # the processes are the threads
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process stops, and says so
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _in_order(pool: Executor, work: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Results of `work(*call)` in the order of the calls, of which few are taken ahead."""
    waiting: deque[Future[T]] = deque()
    for call in calls:
        waiting.append(pool.submit(work, *call))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _pieces(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line from zero, SMILES) of each piece."""
    with path.open(encoding="utf-8", errors="replace") as file:
        number = 0
        while piece := [ENDS.split(line, maxsplit=1)[0] for line in itertools.islice(file, PIECE)]:
            yield number, piece
            number += len(piece)


def _read(path: Path, lines: np.ndarray) -> list[str]:
    """The molecules of these lines. The file is read through again: a second of a million lines, and none need stay in memory."""
    wanted = set(lines.tolist())
    return [each for number, piece in _pieces(path) for line, each in enumerate(piece, start=number) if line in wanted]


def _molecule(smiles: str) -> Any:
    """The RDKit molecule, of several parts its largest organic one; None where it cannot be read."""
    from rdkit.Chem import rdmolops

    found = chem.molecule(smiles) if len(smiles) <= LONGEST else None
    several = found is not None and "." in smiles and len(rdmolops.GetMolFrags(found)) > 1
    return chem.parent(found) if several else found


# ---- the first pass ----------------------------------------------------------------------------------------------------


def hashed(smiles: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the molecules that could be read, and their bits, (molecules, SIZE) float32."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=SIZE)
    read = [(place, found) for place, each in enumerate(smiles) if (found := _molecule(each)) is not None]
    bits = np.array([generator.GetFingerprintAsNumPy(found) for _place, found in read], dtype=np.float32)
    return np.array([place for place, _found in read], dtype=np.int64), bits.reshape(len(read), SIZE)


def _weights(path: Path, learnt: pl.DataFrame) -> pl.DataFrame:
    """Of the bits, and the intercept as the last one."""
    from sklearn.linear_model import Ridge

    ordered = learnt.sort("line")
    _places, bits = hashed(_read(path, ordered["line"].to_numpy()))
    fitted = Ridge(PENALTY).fit(bits, ordered["potency"].to_numpy())
    return pl.DataFrame({"weight": [*fitted.coef_.tolist(), float(fitted.intercept_)]})


def _first_pass(
    path: Path,
    count: int,
    weights: np.ndarray,
    place: Path,
    keep: int,
    pool: Executor,
    tell: Callable[[float, str], None],
) -> State:
    state = State.read(place)
    left = ((number, smiles, weights) for number, smiles in _pieces(path) if number >= state.lines)
    pieces = _in_order(pool, _scored, left)
    while several := list(itertools.islice(pieces, WRITTEN // PIECE)):
        state = state.joined(several, keep)
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


# ---- the model ---------------------------------------------------------------------------------------------------------


def _asked(
    path: Path,
    lines: np.ndarray,
    of: tuple[Path, str],
    place: Path,
    pool: Executor,
    tell: Callable[[float, str], None],
) -> pl.DataFrame:
    """Line and potency of these molecules; none where one cannot be read. Written every WRITTEN molecules."""
    smiles, parts = _read(path, lines), [pl.DataFrame(schema={"line": pl.Int64, "potency": pl.Float64})]
    for begin in range(0, len(lines), WRITTEN):
        part = slice(begin, begin + WRITTEN)
        kept = place.with_name(f"{place.name}-{begin:09d}.parquet")
        parts.append(_kept(kept, partial(_asked_now, lines[part], smiles[part], of, pool)))
        done = begin + parts[-1].height
        tell(done / len(lines), _("{count} molecules asked", count=done))
    return pl.concat(parts)


def _asked_now(lines: np.ndarray, smiles: list[str], of: tuple[Path, str], pool: Executor) -> pl.DataFrame:
    calls = ((*of, smiles[begin : begin + PIECE]) for begin in range(0, len(smiles), PIECE))
    said = itertools.chain.from_iterable(_in_order(pool, _potencies, calls))
    return pl.DataFrame({"line": lines, "potency": pl.Series(list(said), dtype=pl.Float64)})


def _potencies(compounds: Path, target: str, smiles: list[str]) -> list[float | None]:
    found = [_molecule(each) for each in smiles]
    read = [each for each in found if each is not None]
    said = iter(_model(compounds, target)(read).tolist() if read else ())
    return [None if each is None else next(said) for each in found]


@lru_cache(maxsize=1)
def _model(compounds: Path, target: str) -> Callable[[list[Any]], np.ndarray]:
    """A process's own: the known compounds take part in every comparison, so they are read once."""
    table = pl.read_parquet(compounds)
    known = Known(tuple(table["smiles"]), table["potency"].to_numpy())
    return potencies(known, target, Work(folder=compounds.parent))


def _answers(
    lines: np.ndarray, smiles: list[str], model: Method, target: str, tell: Callable[[float, str], None]
) -> pl.DataFrame:
    """All that the model says of these molecules."""
    said: list[Any] = []
    while len(said) < len(lines):
        here = smiles[len(said) : len(said) + PIECE]
        said += model(Request(target=target, molecules=list(map(_asked_as, here)))).estimates
        tell(len(said) / len(lines), _("{count} molecules asked", count=len(said)))
    columns = {name: [getattr(each, name) for each in said] for name in SAID}
    columns["alerts"] = ["; ".join(each.alerts) for each in said]
    return pl.DataFrame({"line": lines + 1, "smiles": smiles, **columns})


def _asked_as(smiles: str) -> str:
    """A single molecule's SMILES is left as it is."""
    from rdkit import Chem

    return str(Chem.MolToSmiles(_molecule(smiles))) if "." in smiles else smiles


@click.command()
@click.argument("molecules", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, help="Target, or the name of the file of one's own compounds.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "--compounds", multiple=True, type=click.Path(exists=True, path_type=Path), help="One's own known compounds."
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Molecules whose potency the model is asked for.",
)
@click.option("--show", type=click.IntRange(min=1), default=5_000, show_default=True, help="Molecules in the table.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
def command(
    molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], keep: int, show: int, jobs: int
) -> None:
    """Rank MOLECULES, a SMILES a line, for one target. Called again after a stop, it goes on from there."""
    try:
        done = _screened(molecules, target, out, compounds, Limits(keep, show, jobs))
    except UserError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(_("{count} molecules ranked: {place}", count=done.ranked.height, place=str(out)))
    if done.best:
        click.echo(
            _(
                "The quick pass was judged by molecules drawn from the file: of the model's best {best} it kept {kept}.",
                best=done.best,
                kept=done.kept,
            )
        )


def _screened(molecules: Path, target: str, out: Path, compounds: tuple[Path, ...], limits: Limits) -> Screened:
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
        done = screen(molecules, every[target], model, target=target, folder=folder, limits=limits, tell=tell)
    write_atomically(out, done.ranked.write_csv())
    shutil.rmtree(folder)
    return done


if __name__ == "__main__":
    from . import screen as found  # under its own name: the other processes cannot import __main__

    found.command()
