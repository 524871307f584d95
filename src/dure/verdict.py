"""The statistics of a verdict, and nothing else: sums per block go in, machine codes and numbers come out.

*Better* needs two judges who fail on different shapes of gains: the studentised bootstrap interval over blocks [1]_
lies above zero, **and** exchanging the two methods' sums of whole blocks by a coin [2]_ seldom gives as large a gain.
`docs/gate.md` shows how often the rule is wrong where there is nothing to find.

Everything is computed with the better method first and mirrored at the end, and blocks are put into an order of their
own first: who is called the offer, and the order of the rows, change no digit. Random numbers are PCG64's raw 64 bits,
which NumPy promises never to change, so that a stranger gets the same interval years later.

.. [1] B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), 12.5; the error is 11.5's delete-one jackknife.
.. [2] B. Phipson, G. K. Smyth, Permutation p-values should never be zero (2010).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from dure.formula import Formula, formula

Array = npt.NDArray[np.float64]
Sums = Mapping[str, Array]  # name of a sum -> (B,), one entry a block

LEVELS = {0.95: "under six blocks", 0.99: "under eight blocks"}  # and the reason given below the fewest blocks of each
FEW = 50  # under so many blocks the rare loss that cannot have been seen is named
LEAST = 999  # resamples
SITES = 6  # from so many sites on the sites are resampled, below it the blocks within them
_EXACT = 11  # up to so many blocks every exchange is tried (2^11 = 2048), beyond it `resamples` are drawn
Verdict = Literal["better", "worse", "not shown", "too few"]
_CHUNK = 200_000  # blocks x resamples held at once: a few megabytes, which stay in the processor's cache
_ENDLESS = 10**15  # blocks: more is never
_SAME = 1e-11  # of the KPI's size: a smaller difference is rounding, and counts as none
# Gain found with 80 % power, in SD / sqrt(B) of normal block gains; straight in 1/B, at infinity z_(1-a/2) + z_0.8.
_POWER = {
    0.95: ((6, 4.91), (8, 3.96), (11, 3.44), (15, 3.27), (30, 3.03), (300, 2.81), (math.inf, 2.80)),
    0.99: ((8, 6.14), (11, 4.79), (15, 4.34), (30, 3.90), (300, 3.52), (math.inf, 3.42)),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One site: the named sums of both methods, block by block, entry i of each being the same block."""

    offer: Sums
    practice: Sums


@dataclass(frozen=True, slots=True)
class Finding:
    """What the blocks say. Gains are in the KPI's unit, positive where the offer is better.

    Attributes
    ----------
    verdict : `better`, `worse`, `not shown` or `too few`
    because : machine code of the reason
        better, worse: `interval and swap`, `census`;
        not shown: `interval only`, `swap only`, `neither`, `no difference` (both methods alike in every block),
        `undefined` (the KPI of all blocks cannot be computed), `census, worse in a band`, `census, equal`;
        too few: `under six blocks`, `under eight blocks` (at level 0.99), `a site under three blocks`
    low, mean, high : gain and its interval; None where there is no bound (or the KPI is undefined)
    p_better, p_worse : share of the exchanges with a gain at least as large, or as small; None where too few
    level : of the interval, 0.95 or 0.99
    blocks : all blocks
    unit, units : what was resampled and exchanged (`block` or `site`) and how many there are
    resolution : gain these units would have found with 80 % power, were they normal
    smaller, more_blocks : a smaller gain, and how many more units would show it; of too few, the units that are missing
    rare : with under 50 units, a loss that strikes fewer than one unit in `rare` may not have been seen
    undo : with under 50 units and a better or worse, the loss (for worse: the gain) in one more unit of average size
        that undoes the verdict, in the KPI of that unit alone; 0 where any further unit without a gain would
    """

    verdict: Verdict
    because: str
    low: float | None
    mean: float | None
    high: float | None
    p_better: float | None
    p_worse: float | None
    level: float
    blocks: int
    unit: Literal["block", "site"] = "block"
    units: int = 0
    resolution: float | None = None
    smaller: float | None = None
    more_blocks: int | None = None
    rare: float | None = None
    undo: float | None = None


@dataclass(frozen=True, slots=True)
class _Site:
    """Sums of one site, (names, blocks): of the method that came out better over all, and of the other."""

    first: Array
    other: Array

    @property
    def blocks(self) -> int:
        return int(self.first.shape[1])


@dataclass(frozen=True, slots=True)
class _Kpi:
    """A KPI over stacked sums: `number` of (names, ...) is (...)."""

    of: Formula
    sign: float

    @property
    def names(self) -> list[str]:
        return sorted(self.of.names)

    def number(self, sums: Array) -> Array:
        return np.asarray(self.of(dict(zip(self.names, sums, strict=True))))

    def gain(self, first: Array, other: Array) -> Array:
        return self.sign * (self.number(first) - self.number(other))

    def total(self, site: _Site) -> float:
        return float(self.gain(site.first.sum(axis=1), site.other.sum(axis=1)))


def compare(
    pairs: Sequence[Pair], of: str, better: str, *, level: float = 0.95, seed: int = 0, resamples: int = 999
) -> Finding:
    """Say whether the offer is better than the practice.

    Parameters
    ----------
    pairs
        One a site; at a site the number is `of` of the sums over all blocks, over several sites the mean of the sites'
        numbers. With six sites or more the sites are the units, under six the blocks within each site.
    of
        Formula of the KPI over the named sums, such as `sqrt(squares / cases)`.
    better
        `lower` or `higher`: which numbers are better.
    level
        0.95, or 0.99 where the history's gains are skewed.
    seed, resamples
        Of the random numbers; at least 999 resamples.

    Raises
    ------
    UserError
        The formula is none, or names a sum that is not there.
    ValueError
        A caller's mistake: an unknown level or direction, two methods whose blocks do not match.
    """
    if level not in LEVELS or resamples < LEAST:
        raise ValueError(f"level {level}, resamples {resamples}")
    kpi = _kpi(of, better)
    sites, turned = _sites(pairs, kpi)
    blocks, same = sum(site.blocks for site in sites), _rounding(sites, kpi)
    unit: Literal["block", "site"] = "block"
    if len(sites) >= SITES:
        sites, kpi, unit = [_as_blocks(sites, kpi)], _kpi("gain / cases", "higher"), "site"
    units = sum(site.blocks for site in sites)
    mean = float(np.mean([kpi.total(site) for site in sites]))
    found = Finding("not shown", "undefined", None, None, None, None, None, level, blocks, unit, units)
    if math.isfinite(mean):
        found = replace(found, mean=mean, rare=units / 3 if units < FEW else None)
        lacking, why = _lacking(sites, level)
        found = (
            replace(found, verdict="too few", because=why, more_blocks=lacking)
            if lacking
            else _judged(found, sites, kpi, same, (seed, resamples))
        )
    return _mirrored(found) if turned else found


def census(pairs: Sequence[Pair], of: str, better: str) -> Finding:
    """Compare two methods on every case there is: counts, no interval.

    Parameters
    ----------
    pairs
        One a band or site; its sums are added. Better = better over the sum of all bands and worse in none of them;
        worse = worse over all. A band in which both methods' KPI is undefined (no case fell into it) has no voice.

    Raises
    ------
    UserError, ValueError
        As `compare`.
    """
    kpi = _kpi(of, better)
    bands, turned = _sites(pairs, kpi)
    whole = _Site(
        np.sum([band.first.sum(axis=1) for band in bands], axis=0)[:, None],
        np.sum([band.other.sum(axis=1) for band in bands], axis=0)[:, None],
    )
    same, mean = _rounding([whole], kpi), kpi.total(whole) * (-1 if turned else 1)
    blocks = sum(band.blocks for band in bands)
    found = Finding("not shown", "undefined", None, None, None, None, None, 1.0, blocks)
    if not math.isfinite(mean):
        return found
    found = replace(found, mean=mean)
    if abs(mean) <= same:
        return replace(found, because="census, equal", mean=0.0)
    if mean < 0:
        return replace(found, verdict="worse", because="census")
    if any(_band_loses(band, kpi, turned=turned) for band in bands):
        return replace(found, because="census, worse in a band")
    return replace(found, verdict="better", because="census")


def time_blocks(steps: int, rho: float = 0.0) -> npt.NDArray[np.int64] | None:
    """The block of each of `steps` steps: 6 to 15 equal contiguous ones, each at least 4 (1 + rho) / (1 - rho) steps.

    `rho` is the autocorrelation of the loss on the history. None = too few steps for six such blocks.

    >>> time_blocks(48).tolist()[::8]
    [0, 1, 2, 3, 4, 5]
    """
    if steps < 48 or rho >= 1:  # six blocks of eight steps
        return None
    rho = max(rho, 0.0) if math.isfinite(rho) else 0.0
    shortest = math.ceil(4 * (1 + rho) / (1 - rho) - 1e-9)
    blocks = min(max(steps // 8, 6), 15, steps // shortest)
    return np.arange(steps) * blocks // steps if blocks >= 6 else None  # fewer say too little


def autocorrelation(losses: npt.ArrayLike) -> float:
    """Lag-1 autocorrelation of a series in time order; 0 for a constant one or one of under three steps."""
    left = np.asarray(losses, dtype=float)
    left = left - left.mean() if left.size else left
    power = float(left @ left)
    return float(left[1:] @ left[:-1]) / power if left.size > 2 and power > 0 else 0.0


def skewness(gains: npt.ArrayLike) -> float:
    """Adjusted Fisher-Pearson skewness G1 of block gains; 0 for equal ones or under three."""
    left = np.asarray(gains, dtype=float)
    count = left.size
    if count < 3 or np.ptp(left) <= _SAME * np.abs(left).max():
        return 0.0
    left = left - left.mean()
    return float(np.mean(left**3) / np.mean(left**2) ** 1.5 * math.sqrt(count * (count - 1)) / (count - 2))


def holm(p_values: npt.ArrayLike) -> Array:
    """Adjusted p values, in the order given (S. Holm, 1979): all of them together are wrong as seldom as one."""
    raw = np.asarray(p_values, dtype=float)
    order = np.argsort(raw, kind="stable")
    adjusted = np.minimum(np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1)), 1.0)
    out = np.empty_like(raw)
    out[order] = adjusted
    return out


def found_with(units: float, level: float = 0.95) -> float:
    """Gain found with 80 % power by the rule, in SD / sqrt(units) of normal gains."""
    at, power = zip(*_POWER[level], strict=True)
    return float(np.interp(1 / units, [1 / each for each in at[::-1]], power[::-1]))


def _judged(found: Finding, sites: list[_Site], kpi: _Kpi, same: float, draws: tuple[int, int]) -> Finding:
    """Interval, exchange, and what the two of them say."""
    seed, resamples = draws
    half, error = (1 - found.level) / 2, _error(sites, kpi)
    mean = found.mean if found.mean and abs(found.mean) > same else 0.0
    found = replace(found, mean=mean)
    if error <= same and mean == 0:
        return replace(found, because="no difference", low=0.0, high=0.0, p_better=1.0, p_worse=1.0, resolution=0.0)
    gains, errors = _resampled(sites, kpi, _bits(seed, 0), resamples)
    low, high = _bounds(mean, error, _studentised(gains - mean, errors, same), half)
    p_better, p_worse = _exchanged(sites, kpi, mean, same, _bits(seed, 1), resamples)
    up, down = low is not None and low > 0, high is not None and high < 0
    agrees = {True: p_better <= half, False: p_worse <= half}
    verdict: Verdict = "not shown"
    because = "swap only" if any(agrees.values()) else "neither"
    if up or down:
        because = "interval and swap" if agrees[up] else "interval only"
        verdict = "not shown" if not agrees[up] else "better" if up else "worse"
    found = replace(found, verdict=verdict, because=because, low=low, high=high, p_better=p_better, p_worse=p_worse)
    if found.rare and verdict == "better":  # the better method stands first, so that worse comes only by mirroring
        found = replace(found, undo=_undo(sites, kpi, mean, half, _bits(seed, 2), resamples))
    return _resolved(found, error, len(sites))


def _resolved(found: Finding, error: float, sites: int) -> Finding:
    """With the gain these units would have found, and the units a smaller one needs."""
    if not (math.isfinite(error) and error > 0):
        return found
    units, free = found.units, sites - 1  # each further site costs a degree of freedom
    resolution = found_with(units - free, found.level) * error
    smaller = found.mean if found.mean and 0 < found.mean < resolution else resolution / 2

    def finds(blocks: int) -> float:
        return -found_with(blocks - free, found.level) * error * math.sqrt(units / blocks)

    enough = min(math.ceil(units * (resolution / smaller) ** 2), _ENDLESS)
    needed = units + bisect_left(range(units, enough), -smaller, key=finds)
    return replace(found, resolution=resolution, smaller=smaller, more_blocks=max(needed - units, 1))


def _studentised(away: Array, error: Array, same: float) -> Array:
    """Distance in errors; an error of zero counts as +infinity, -infinity or 0 by the sign of the distance."""
    flat = error <= same
    with np.errstate(all="ignore"):
        scaled = away / np.where(flat, 1.0, error)
    away = np.where(np.abs(away) <= same, 0.0, away)
    return np.where(flat, np.where(away == 0, 0.0, np.copysign(np.inf, away)), scaled)


def _bounds(mean: float, error: float, scaled: Array, half: float) -> tuple[float | None, float | None]:
    """The interval of the studentised resamples; one that is undefined counts against either bound."""
    place = math.floor((scaled.size + 1) * half + 1e-9)
    lost = np.isnan(scaled)
    most = np.sort(np.where(lost, np.inf, scaled))[-place]
    least = np.sort(np.where(lost, -np.inf, scaled))[place - 1]
    defined = math.isfinite(error)
    low, high = (float(mean - each * error) if defined and math.isfinite(each) else None for each in (most, least))
    return low, high


def _error(sites: list[_Site], kpi: _Kpi) -> float:
    """Delete-one-block jackknife error of the mean of the sites' gains."""
    squares = [_jackknife(kpi, site, np.ones((1, site.blocks)))[1][0] for site in sites]
    return math.sqrt(sum(squares)) / len(sites)


def _resampled(sites: list[_Site], kpi: _Kpi, bits: np.random.PCG64, resamples: int) -> tuple[Array, Array]:
    """Mean gain of the sites and its jackknife error in each resample of the blocks within them, both (resamples,)."""
    gains, squares = np.zeros(resamples), np.zeros(resamples)
    for site in sites:
        parts = [_jackknife(kpi, site, _counts(bits, rows, site.blocks)) for rows in _rows(resamples, site.blocks)]
        gains += np.concatenate([part[0] for part in parts]) / len(sites)
        squares += np.concatenate([part[1] for part in parts]) / len(sites) ** 2
    return gains, np.sqrt(squares)


def _jackknife(kpi: _Kpi, site: _Site, counts: Array) -> tuple[Array, Array]:
    """Gain and squared error of resamples that hold block i `counts[:, i]` times; leaves one copy of each block out."""
    size = site.blocks
    first, other = site.first @ counts.T, site.other @ counts.T  # (names, resamples)
    without = kpi.gain(first[:, :, None] - site.first[:, None, :], other[:, :, None] - site.other[:, None, :])
    without = np.where(counts > 0, without, 0.0) if np.isnan(without).any() else without
    centre = np.einsum("rb,rb->r", counts, without) / size
    away = without - centre[:, None]
    return kpi.gain(first, other), np.einsum("rb,rb,rb->r", counts, away, away) * (size - 1) / size


def _exchanged(
    sites: list[_Site], kpi: _Kpi, mean: float, same: float, bits: np.random.PCG64, resamples: int
) -> tuple[float, float]:
    """Share of the exchanges of whole blocks with a gain at least as large, and at most as small, as the one seen."""
    edges = np.cumsum([0] + [site.blocks for site in sites])
    up = down = tried = 0
    for coins in _coins(int(edges[-1]), bits, resamples):
        gains = np.zeros(len(coins))
        for site, left, right in zip(sites, edges, edges[1:], strict=False):
            first, other = site.first.sum(axis=1)[:, None], site.other.sum(axis=1)[:, None]
            moved = (site.other - site.first) @ coins[:, left:right].T
            gains += kpi.gain(first + moved, other - moved) / len(sites)
        up += int(np.sum(~(gains < mean - same)))  # an undefined one counts against either side
        down += int(np.sum(~(gains > mean + same)))
        tried += len(coins)
    drawn = int(edges[-1]) > _EXACT
    return (up + drawn) / (tried + drawn), (down + drawn) / (tried + drawn)


def _undo(
    sites: list[_Site], kpi: _Kpi, mean: float, half: float, bits: np.random.PCG64, resamples: int
) -> float | None:
    """The smallest loss in one more block of average size after which the first method is no longer better.

    Which pseudo-value undoes the verdict is one question, which block has that pseudo-value another; both by bisection.
    Exact for means of equal blocks; elsewhere the spread of the blocks, not the new block's pull, is of first order.
    """
    undone = -_undoing(_pseudo(sites, kpi, mean), half, bits, resamples)
    losses = [_loss(sites, place, kpi, undone) for place in range(len(sites))]
    return min((loss for loss in losses if loss is not None), default=None)


def _undoing(values: Array, half: float, bits: np.random.PCG64, resamples: int) -> float:
    """The smallest loss that, put beside these pseudo-values, ends the verdict; 0 where a nought ends it.

    Every resample's sums are linear in the loss and in its square, so that a step costs little.
    """
    units = values.size + 1
    counts = _counts(bits, resamples, units)
    signs = 1 - 2 * np.concatenate(list(_coins(units, bits, resamples)))
    sums, squares, swapped = counts[:, :-1] @ values, counts[:, :-1] @ values**2, signs[:, :-1] @ values
    drawn, same = units > _EXACT, _SAME * float(np.abs(values).max())

    def holds(loss: float) -> bool:
        seen = (values.sum() - loss) / units
        spread = (values @ values + loss**2) / units - seen**2
        means = (sums - counts[:, -1] * loss) / units
        spreads = np.maximum((squares + counts[:, -1] * loss**2) / units - means**2, 0.0)
        error = math.sqrt(max(spread, 0.0) / (units - 1))
        # the difference of squares keeps half the digits
        scaled = _studentised(means - seen, np.sqrt(spreads / (units - 1)), 1e-7 * (abs(seen) + error))
        low = _bounds(seen, error, scaled, half)[0]
        beyond = int(np.sum((swapped - signs[:, -1] * loss) / units >= seen - same))
        return low is not None and low > 0 and (beyond + drawn) / (len(signs) + drawn) <= half

    if not holds(0.0):
        return 0.0
    return _edge(holds, 0.0, float(values.sum()))  # there the mean is zero


def _loss(sites: list[_Site], place: int, kpi: _Kpi, undone: float) -> float | None:
    """What a block of average size at one site loses by itself when its pseudo-value is as low as `undone`.

    Its sums are the other method's, and the first one's moved from there along the line through both averages.
    """
    site, units = sites[place], sum(site.blocks for site in sites)
    first, other = site.first.mean(axis=1), site.other.mean(axis=1)
    away = (other - first) * (1 if kpi.total(site) > 0 else -1)
    # sums of one block more, brought back to the size of before: of a total, too, only the average block shall change
    same_size = site.blocks / (site.blocks + 1)
    before = np.stack([site.first.sum(axis=1), site.other.sum(axis=1)])
    gain, mean = kpi.total(site), float(np.mean([kpi.total(each) for each in sites]))

    def holds(step: float) -> bool:
        after = same_size * (before + np.stack([other + step * away, other]))
        return mean + (units + 1) * (float(kpi.gain(*after)) - gain) / len(sites) > undone

    if not holds(0.0):
        return 0.0
    far = next((2.0**power for power in range(40) if not holds(2.0**power)), None)
    if far is None:
        return None
    loss = -float(kpi.gain(other + _edge(holds, 0.0, far) * away, other))
    return loss if math.isfinite(loss) else None


def _edge(holds: Callable[[float], bool], kept: float, undone: float) -> float:
    """Where `holds` ends, between a place where it does and one where it does not."""
    for _step in range(30):
        middle = (kept + undone) / 2
        kept, undone = (middle, undone) if holds(middle) else (kept, middle)
    return undone


def _pseudo(sites: list[_Site], kpi: _Kpi, mean: float) -> Array:
    """Jackknife pseudo-values of all blocks, weighted so that their mean and its error are those of the sites' mean."""
    blocks, values = sum(site.blocks for site in sites), []
    for site in sites:
        whole = site.first.sum(axis=1)[:, None], site.other.sum(axis=1)[:, None]
        without = kpi.gain(whole[0] - site.first, whole[1] - site.other)
        values.append(mean + (site.blocks - 1) * (without.mean() - without) * blocks / (len(sites) * site.blocks))
    return np.concatenate(values)


def _kpi(of: str, better: str) -> _Kpi:
    return _Kpi(formula(of), {"lower": -1.0, "higher": 1.0}[better])


def _sites(pairs: Sequence[Pair], kpi: _Kpi) -> tuple[list[_Site], bool]:
    """The sites with the better method first, in an order of their own; and whether that turned the two round."""
    if not pairs:
        raise ValueError("no site")
    sites = [_Site(_stacked(pair.offer, kpi), _stacked(pair.practice, kpi)) for pair in pairs]
    for site in sites:
        if site.first.shape != site.other.shape or not site.blocks:
            raise ValueError(f"blocks of the offer and of the practice: {site.first.shape[1]}, {site.other.shape[1]}")
    turned = sum(kpi.total(site) for site in sites) < 0
    sites = [_Site(site.other, site.first) if turned else site for site in sites]
    orders = [np.lexsort(np.vstack([site.first, site.other])) for site in sites]
    sites = [_Site(site.first[:, order], site.other[:, order]) for site, order in zip(sites, orders, strict=True)]
    return sorted(sites, key=lambda site: (site.blocks, site.first.tolist(), site.other.tolist())), turned


def _stacked(sums: Sums, kpi: _Kpi) -> Array:
    kpi.of.need(sums)
    return np.vstack([np.atleast_1d(np.asarray(sums[name], dtype=float)) for name in kpi.names])


def _as_blocks(sites: list[_Site], kpi: _Kpi) -> _Site:
    """Sites as the blocks of one: their gains against nought, so that exchanging a site turns its sign."""
    gains = np.sort([kpi.total(site) for site in sites])
    ones = np.ones_like(gains)
    return _Site(np.vstack([ones, gains]), np.vstack([ones, np.zeros_like(gains)]))


def _lacking(sites: list[_Site], level: float) -> tuple[int, str]:
    """How many more units are needed before anything can be said, and the reason.

    One site needs as many blocks as let the exchange reach (1 - level) / 2 at all: 2^-6 < 0.025, 2^-8 < 0.005. Blocks
    within several sites need as many degrees of freedom, and three at each site: of two, half the resamples hold one
    twice and have no error, so that nothing is ever found.
    """
    fewest = math.ceil(math.log2(2 / (1 - level)))
    whole = fewest - sum(site.blocks for site in sites) + len(sites) - 1
    alone = sum(max(3 - site.blocks, 0) for site in sites) if len(sites) > 1 else 0
    return max(whole, alone, 0), LEVELS[level] if whole > 0 else "a site under three blocks"


def _rounding(sites: list[_Site], kpi: _Kpi) -> float:
    """The difference that is rounding, by the size of the KPI."""
    sizes = [abs(float(kpi.number(part.sum(axis=1)))) for site in sites for part in (site.first, site.other)]
    return _SAME * max(sizes)


def _band_loses(band: _Site, kpi: _Kpi, *, turned: bool) -> bool:
    gain = kpi.total(band) * (-1 if turned else 1)
    if math.isnan(gain):
        return not (np.isnan(kpi.number(band.first.sum(axis=1))) and np.isnan(kpi.number(band.other.sum(axis=1))))
    return gain < -_rounding([band], kpi)


def _mirrored(found: Finding) -> Finding:
    """The finding with the two methods' names exchanged."""
    turned: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}
    low, mean, high = (None if each is None else -each for each in (found.high, found.mean, found.low))
    found = replace(found, low=low, mean=mean, high=high, p_better=found.p_worse, p_worse=found.p_better)
    return replace(found, verdict=turned.get(found.verdict, found.verdict))


def _bits(seed: int, stream: int) -> np.random.PCG64:
    return np.random.PCG64(np.random.SeedSequence((seed, stream)))


def _counts(bits: np.random.PCG64, rows: int, size: int) -> Array:
    """How often each of `size` blocks is drawn, (rows, size); the upper 32 bits of a word scaled to a place."""
    drawn = ((bits.random_raw(rows * size) >> np.uint64(32)) * np.uint64(size) >> np.uint64(32)).astype(np.int64)
    drawn += np.repeat(np.arange(rows) * size, size)
    return np.bincount(drawn, minlength=rows * size).reshape(rows, size).astype(float)


def _coins(units: int, bits: np.random.PCG64, resamples: int) -> Iterator[Array]:
    """Zeros and ones, (rows, units): every exchange there is, or as many as are drawn."""
    if units <= _EXACT:
        yield (np.arange(2**units)[:, None] >> np.arange(units) & 1).astype(float)
        return
    for rows in _rows(resamples, units):
        yield (bits.random_raw(rows * units) >> np.uint64(63)).astype(float).reshape(rows, units)


def _rows(resamples: int, size: int) -> list[int]:
    """`resamples` in parts that are held at once."""
    part = max(_CHUNK // size, 1)
    return [min(part, resamples - start) for start in range(0, resamples, part)]
