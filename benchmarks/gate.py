"""How often is the verdict wrong where there is nothing to find, and how often does it find what it says it can?

    python benchmarks/gate.py [--replications 2000] [--out docs/gate.md]

Draws block gains whose true mean is zero in shapes from kind to cruel, asks `dure.statistics.rules.rule_1.compare`, and counts. The
bounds were set from a study of many rules before this one was built; a shape that breaks its bound by more than three
standard errors ends the command with exit code 1. About twelve minutes on one core.
"""

from __future__ import annotations

import math
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from rich.progress import track

from dure.statistics.blocks import autocorrelation, time_blocks
from dure.statistics.power import detectable_gain
from dure.statistics.rules.rule_1 import compare
from dure.statistics.types import Pair

Drawn = tuple[list[Pair], str]  # the sites, and the formula of a KPI of which less is better
Draw = Callable[[np.random.Generator, int], Drawn | None]  # (rng, blocks or steps); None = too few blocks
Rule = Callable[[list[Pair], str, int, float], str]  # (sites, formula, seed, level) -> verdict

HISTORY = 200  # steps on which the autocorrelation is estimated before a series is cut
POWER = (76.0, 84.0)


def of_gains(gains: np.ndarray, sizes: np.ndarray | None = None) -> Drawn:
    """A pair of methods whose loss per case differs by `gains`, block by block."""
    cases = np.ones(len(gains)) if sizes is None else sizes.astype(float)
    practice = cases * 10.0
    return [
        Pair({"loss": practice - cases * gains, "cases": cases}, {"loss": practice, "cases": cases})
    ], "loss / cases"


def normal(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.normal(size=blocks))


def t3(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.standard_t(3, blocks))


def mostly_zero(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.normal(size=blocks) * (rng.random(blocks) < 0.3))


def unequal(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.normal(size=blocks), rng.integers(1, 51, blocks))


def skewed(shape: float) -> Draw:
    """Gains of a gamma loss: skewness 2 / sqrt(shape), the long tail on the losing side."""
    return lambda rng, blocks: of_gains(shape - rng.gamma(shape, size=blocks))


def ten_lognormals(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(10 * math.exp(0.5) - rng.lognormal(size=(blocks, 10)).sum(axis=1))


def lognormal(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(math.exp(0.5) - rng.lognormal(size=blocks))


def lognormal_unequal(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(math.exp(0.5) - rng.lognormal(size=blocks), rng.integers(1, 51, blocks))


def root_mean_square(rng: np.random.Generator, blocks: int) -> Drawn:
    """Ten forecasts a block; the offer's errors are larger in bad blocks (variance lognormal, mean 1)."""
    cases = np.full(blocks, 10.0)
    offer, practice = rng.chisquare(10, (2, blocks)) * [rng.lognormal(-0.5, 1, blocks), np.ones(blocks)]
    return [Pair({"squares": offer, "cases": cases}, {"squares": practice, "cases": cases})], "sqrt(squares / cases)"


def series(rho: float) -> Draw:
    """A loss with memory, its autocorrelation estimated on a history and the steps cut by the rule of time."""

    def draw(rng: np.random.Generator, steps: int) -> Drawn | None:
        gains = np.empty(HISTORY + steps)
        gains[0] = rng.normal() / math.sqrt(1 - rho**2)
        for step, shock in enumerate(rng.normal(size=len(gains) - 1), start=1):
            gains[step] = rho * gains[step - 1] + shock
        labels = time_blocks(steps, autocorrelation(gains[:HISTORY]))
        if labels is None:
            return None
        sizes = np.bincount(labels)
        return of_gains(np.bincount(labels, gains[HISTORY:]) / sizes, sizes)

    return draw


def sites(places: int) -> Draw:
    """Normal gains at several places of different spread, each with a share of the blocks."""

    def draw(rng: np.random.Generator, blocks: int) -> Drawn:
        drawn = [of_gains(rng.normal(size=blocks // places) * (1 + place)) for place in range(places)]
        return [pairs[0] for pairs, _of in drawn], "loss / cases"

    return draw


def powered_sites(rng: np.random.Generator, blocks: int) -> Drawn:
    """Two sites of equal spread: each site costs a degree of freedom, so the resolution is that of a block fewer."""
    halves = np.split(rng.normal(detectable_gain(blocks - 1) / math.sqrt(blocks), 1, blocks), 2)
    return [of_gains(half)[0][0] for half in halves], "loss / cases"


def rare_loss(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.normal(0.1, 0.05, blocks) - (rng.random(blocks) < 0.1))


def powered(rng: np.random.Generator, blocks: int) -> Drawn:
    return of_gains(rng.normal(detectable_gain(blocks) / math.sqrt(blocks), 1, blocks))


@dataclass(frozen=True)
class Cell:
    """A shape at a number of blocks (steps, for a series), and the most that may be called better, worse, different (%)."""

    shape: str
    draw: Draw
    blocks: int
    each: float
    different: float
    kind: str = "gate"  # "known failure" and "no bound" are printed, "power" must lie in POWER
    level: float = 0.95


def cells() -> Iterator[Cell]:
    """The gate, row by row."""
    every, small, skew = (6, 8, 11, 15, 20, 30, 300), (6, 8, 11, 15), (6, 8, 11, 15, 30, 300)
    kind = {"normal": normal, "t3": t3, "symmetric, mostly zero": mostly_zero, "unequal sizes, ratio of sums": unequal}
    for shape, draw in (*kind.items(), ("skewness 0.5", skewed(16))):
        yield from (Cell(shape, draw, blocks, 2.5, 5) for blocks in every)
    yield from (Cell("skewness 1", skewed(4), blocks, 3.5 if blocks in small else 2.5, 5) for blocks in every)
    for shape, draw in (("exponential losses (skewness 2)", skewed(1)), ("sums of ten lognormals (2)", ten_lognormals)):
        for blocks in skew:
            yield Cell(shape, draw, blocks, {30: 4.0, 300: 2.5}.get(blocks, 5.5), 6 if blocks in small else 5)
    cruel = {
        "lognormal losses (6)": lognormal,
        "lognormal losses, unequal sizes": lognormal_unequal,
        "root mean square, bad blocks": root_mean_square,
    }
    for shape, draw in cruel.items():
        for blocks in skew:
            yield Cell(shape, draw, blocks, {30: 7.5, 300: 3.5}.get(blocks, 9.5), {30: 8, 300: 5}.get(blocks, 10))
    for rho in (0.3, 0.6):
        yield from (Cell(f"AR(1) {rho}, cut by the rule", series(rho), steps, 3, 6) for steps in (60, 120, 300))
    yield from (
        Cell(f"{n} sites, blocks within them", sites(n), blocks, 2.5, 5) for n, blocks in ((2, 8), (3, 12), (5, 15))
    )
    yield Cell("8 sites, sites themselves", sites(8), 32, 2.5, 5)
    yield from (Cell("one block in ten a large loss", rare_loss, blocks, 100, 100, "known failure") for blocks in small)
    for shape, draw in (
        ("lognormal losses (6), at level 0.99", lognormal),
        ("one block in ten, at level 0.99", rare_loss),
    ):
        yield from (Cell(shape, draw, blocks, 100, 100, "no bound", 0.99) for blocks in (8, 11, 15, 30))
    yield from (Cell("normal, a gain of the stated resolution", powered, blocks, 100, 100, "power") for blocks in every)
    yield Cell("normal at 2 sites, a gain of the stated resolution", powered_sites, 8, 100, 100, "power")


def verdict(pairs: list[Pair], of: str, seed: int, level: float) -> str:
    """The rule under test."""
    return compare(pairs, of, "lower", seed=seed, level=level).verdict


def shares(cell: Cell, replications: int, rule: Rule = verdict) -> dict[str, float]:
    """Verdicts of a cell in per cent of its replications."""
    rng = np.random.default_rng([zlib.crc32(cell.shape.encode()), cell.blocks])
    counted: Counter[str] = Counter()
    for seed in range(replications):
        drawn = cell.draw(rng, cell.blocks)
        counted[rule(*drawn, seed, cell.level) if drawn else "too few"] += 1
    return {name: 100 * counted[name] / replications for name in ("better", "worse", "too few")}


def allowed(bound: float, replications: int) -> float:
    """A bound with three standard errors, all in per cent."""
    return bound + 3 * math.sqrt(bound * (100 - bound) / replications)


def passes(cell: Cell, share: dict[str, float], replications: int) -> bool:
    """Is the cell within its bound?"""
    if cell.kind == "power":
        return POWER[0] <= share["better"] <= POWER[1]
    most = max(share["better"], share["worse"])
    different = share["better"] + share["worse"]
    return most <= allowed(cell.each, replications) and different <= allowed(cell.different, replications)


def line(cell: Cell, share: dict[str, float], replications: int) -> str:
    """One row of the page."""
    held = {
        "gate": f"{allowed(cell.each, replications):.2f} / {allowed(cell.different, replications):.2f}",
        "power": f"better {POWER[0]:.0f} to {POWER[1]:.0f}",
    }.get(cell.kind, "none")
    word = cell.kind if held == "none" else "yes" if passes(cell, share, replications) else "**NO**"
    different = share["better"] + share["worse"]
    figures = f"{share['better']:.2f} | {share['worse']:.2f} | {different:.2f} | {share['too few']:.1f}"
    return f"| {cell.shape} | {cell.blocks} | {figures} | {held} | {word} |"


PAGE = """# How often the verdict is wrong

Written by `python benchmarks/gate.py --replications {replications}`: {outcome}.

Every row but the last ones, on power, draws two methods between which there is **no** difference, {replications:,} times, and
counts how often the verdict says otherwise: the share called better, called worse, and either. The bound (*better and worse, each
at most / either at most*) holds three standard errors of {replications:,} replications. Gains are drawn with their long tail on the
losing side, so that a false "better" is the likelier mistake. "Blocks" are steps in the rows of AR(1): the series is cut into
blocks by `time_blocks`, its autocorrelation estimated on {history} steps of history, and where six blocks cannot be had "too few" is
said.

| no difference, shape of the block gains | blocks | better % | worse % | different % | too few % | allowed % | passes |
|---|---:|---:|---:|---:|---:|---:|---|
{rows}

**The known failure.** Where one block in ten brings a large loss, six to fifteen blocks often hold none, look certain, and are
called better. No rule can see what did not happen; therefore every verdict on under 50 blocks says which rare loss may not have
been seen, and which loss in one more block would undo it. At level 0.99, which is taken where the history's block gains are
skewed, the mistake is rarer (rows without a bound).

**Power.** The resolution printed with a verdict is the gain that this rule finds in four of five trials of that many blocks,
were their gains normal. The last rows draw a gain of just that size.
"""


@click.command()
@click.option("--replications", default=2000, show_default=True, help="Trials drawn per row.")
@click.option("--out", default="docs/gate.md", show_default=True, type=click.Path(dir_okay=False, path_type=Path))
def main(replications: int, out: Path) -> None:
    """Run the gate, print and write its table; exit code 1 where a row fails."""
    began, rows, failed = time.perf_counter(), [], 0
    for cell in track(list(cells()), description="shapes"):
        share = shares(cell, replications)
        failed += not passes(cell, share, replications)
        rows.append(line(cell, share, replications))
        click.echo(rows[-1])
    outcome = f"{failed} rows fail" if failed else "every row with a bound passes"
    page = PAGE.format(replications=replications, history=HISTORY, outcome=outcome, rows="\n".join(rows))
    aside = out.with_suffix(".part")
    aside.write_text(page, encoding="utf-8", newline="\n")
    aside.replace(out)
    click.echo(f"{outcome}; {time.perf_counter() - began:.0f} s; {out}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
