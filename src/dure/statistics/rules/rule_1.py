"""Rule 1, of every verdict until Dure 0.1.0: sums per block go in, machine codes and numbers come out.

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
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from dure.statistics.blocks import skewness
from dure.statistics.bootstrap import interval_bounds, resampled, standard_error, studentised
from dure.statistics.draws import random_bits
from dure.statistics.power import detectable_gain
from dure.statistics.swap_test import swap_p_values
from dure.statistics.types import (
    ENDLESS,
    FEW,
    LEAST,
    LEVELS,
    SITES,
    Finding,
    SiteSums,
    as_blocks,
    kpi_sums,
    rounding_error,
    site_sums,
)
from dure.statistics.undo import undoing_loss

if TYPE_CHECKING:
    from dure.statistics.types import Array, KpiSums, Pair, Verdict

SKEWED = (
    1.0  # block gains of open rounds above this skewness: the verdict on sealed rounds is taken at 99 % (docs/gate.md)
)


def sealed_level(gains: Array) -> float:
    """The level of a verdict on sealed rounds, from the block gains of the open ones."""
    finite = gains[np.isfinite(gains)]
    return 0.99 if finite.size >= 6 and abs(skewness(finite)) > SKEWED else 0.95


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
    kpi = kpi_sums(of, better)
    sites, turned = site_sums(pairs, kpi)
    blocks, tolerance = sum(site.blocks for site in sites), rounding_error(sites, kpi)
    unit: Literal["block", "site"] = "block"
    if len(sites) >= SITES:
        sites, kpi, unit = [as_blocks(sites, kpi)], kpi_sums("gain / cases", "higher"), "site"
    units = sum(site.blocks for site in sites)
    mean = float(np.mean([kpi.total(site) for site in sites]))
    finding = Finding("not shown", "undefined", None, None, None, None, None, level, blocks, unit, units)
    if math.isfinite(mean):
        finding = replace(finding, mean=mean, rare=units / 3 if units < FEW else None)
        lacking, reason = _lacking(sites, level)
        finding = (
            replace(finding, verdict="too few", because=reason, more_blocks=lacking)
            if lacking
            else _judged(finding, sites, kpi, tolerance, (seed, resamples))
        )
    return _mirrored(finding) if turned else finding


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
    kpi = kpi_sums(of, better)
    bands, turned = site_sums(pairs, kpi)
    total = SiteSums(
        np.sum([band.first.sum(axis=1) for band in bands], axis=0)[:, None],
        np.sum([band.other.sum(axis=1) for band in bands], axis=0)[:, None],
    )
    tolerance, mean = rounding_error([total], kpi), kpi.total(total) * (-1 if turned else 1)
    blocks = sum(band.blocks for band in bands)
    finding = Finding("not shown", "undefined", None, None, None, None, None, 1.0, blocks)
    if not math.isfinite(mean):
        return finding
    finding = replace(finding, mean=mean)
    if abs(mean) <= tolerance:
        return replace(finding, because="census, equal", mean=0.0)
    if mean < 0:
        return replace(finding, verdict="worse", because="census")
    if any(_band_loses(band, kpi, turned=turned) for band in bands):
        return replace(finding, because="census, worse in a band")
    return replace(finding, verdict="better", because="census")


def _judged(finding: Finding, sites: list[SiteSums], kpi: KpiSums, tolerance: float, draws: tuple[int, int]) -> Finding:
    """Interval, exchange, and what the two of them say."""
    seed, resamples = draws
    half, error = (1 - finding.level) / 2, standard_error(sites, kpi)
    mean = finding.mean if finding.mean and abs(finding.mean) > tolerance else 0.0
    finding = replace(finding, mean=mean)
    if error <= tolerance and mean == 0:
        return replace(finding, because="no difference", low=0.0, high=0.0, p_better=1.0, p_worse=1.0, resolution=0.0)
    gains, errors = resampled(sites, kpi, random_bits(seed, 0), resamples)
    low, high = interval_bounds(mean, error, studentised(gains - mean, errors, tolerance), half)
    p_better, p_worse = swap_p_values(sites, kpi, mean, tolerance, random_bits(seed, 1), resamples)
    up, down = low is not None and low > 0, high is not None and high < 0
    agrees = {True: p_better <= half, False: p_worse <= half}
    verdict: Verdict = "not shown"
    because = "swap only" if any(agrees.values()) else "neither"
    if up or down:
        because = "interval and swap" if agrees[up] else "interval only"
        verdict = "not shown" if not agrees[up] else "better" if up else "worse"
    finding = replace(finding, verdict=verdict, because=because, low=low, high=high, p_better=p_better, p_worse=p_worse)
    if finding.rare and verdict == "better":  # the better method stands first, so that worse comes only by mirroring
        finding = replace(finding, undo=undoing_loss(sites, kpi, mean, half, random_bits(seed, 2), resamples))
    return _resolved(finding, error, len(sites))


def _resolved(finding: Finding, error: float, sites: int) -> Finding:
    """With the gain these units would have found, and the units a smaller one needs."""
    if not (math.isfinite(error) and error > 0):
        return finding
    units, free = finding.units, sites - 1  # each further site costs a degree of freedom
    resolution = detectable_gain(units - free, finding.level) * error
    smaller = finding.mean if finding.mean and 0 < finding.mean < resolution else resolution / 2

    def finds(blocks: int) -> float:
        return -detectable_gain(blocks - free, finding.level) * error * math.sqrt(units / blocks)

    enough = min(math.ceil(units * (resolution / smaller) ** 2), ENDLESS)
    needed = units + bisect_left(range(units, enough), -smaller, key=finds)
    return replace(finding, resolution=resolution, smaller=smaller, more_blocks=max(needed - units, 1))


def _lacking(sites: list[SiteSums], level: float) -> tuple[int, str]:
    """How many more units are needed before anything can be said, and the reason.

    One site needs as many blocks as let the exchange reach (1 - level) / 2 at all: 2^-6 < 0.025, 2^-8 < 0.005. Blocks
    within several sites need as many degrees of freedom, and three at each site: of two, half the resamples hold one
    twice and have no error, so that nothing is ever found.
    """
    fewest = math.ceil(math.log2(2 / (1 - level)))
    missing = fewest - sum(site.blocks for site in sites) + len(sites) - 1
    alone = sum(max(3 - site.blocks, 0) for site in sites) if len(sites) > 1 else 0
    return max(missing, alone, 0), LEVELS[level] if missing > 0 else "a site under three blocks"


def _band_loses(band: SiteSums, kpi: KpiSums, *, turned: bool) -> bool:
    gain = kpi.total(band) * (-1 if turned else 1)
    if math.isnan(gain):
        return not (np.isnan(kpi.number(band.first.sum(axis=1))) and np.isnan(kpi.number(band.other.sum(axis=1))))
    return gain < -rounding_error([band], kpi)


def _mirrored(finding: Finding) -> Finding:
    """The finding with the two methods' names exchanged."""
    turned: dict[Verdict, Verdict] = {"better": "worse", "worse": "better"}
    low, mean, high = (None if number is None else -number for number in (finding.high, finding.mean, finding.low))
    finding = replace(finding, low=low, mean=mean, high=high, p_better=finding.p_worse, p_worse=finding.p_better)
    return replace(finding, verdict=turned.get(finding.verdict, finding.verdict))
