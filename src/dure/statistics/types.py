"""What a comparison takes and gives: sums by block of two methods, a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dure.statistics.formula import Formula, formula

Array = npt.NDArray[np.float64]
Sums = Mapping[str, Array]  # name of a sum -> (B,), one entry a block
LEVELS = {0.95: "under six blocks", 0.99: "under eight blocks"}  # and the reason given below the fewest blocks of each
FEW = 50  # under so many blocks the rare loss that cannot have been seen is named
LEAST = 999  # resamples
SITES = 6  # from so many sites on the sites are resampled, below it the blocks within them
Verdict = Literal["better", "worse", "not shown", "too few"]
ENDLESS = 10**15  # blocks: more is never
SAME = 1e-11  # of the KPI's size: a smaller difference is rounding, and counts as none


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
class SiteSums:
    """Sums of one site, (names, blocks): of the method that came out better over all, and of the other."""

    first: Array
    other: Array

    @property
    def blocks(self) -> int:
        """How many blocks the site has."""
        return int(self.first.shape[1])


@dataclass(frozen=True, slots=True)
class KpiSums:
    """A KPI over stacked sums: `number` of (names, ...) is (...)."""

    of: Formula
    sign: float

    @property
    def names(self) -> list[str]:
        """Names of the sums that the formula asks for, in order."""
        return sorted(self.of.names)

    def number(self, sums: Array) -> Array:
        """The KPI of stacked sums: (names, ...) to (...)."""
        return np.asarray(self.of(dict(zip(self.names, sums, strict=True))))

    def gain(self, first: Array, other: Array) -> Array:
        """How much better the first method's KPI is, by its sign."""
        return self.sign * (self.number(first) - self.number(other))

    def total(self, site: SiteSums) -> float:
        """The gain over all blocks of a site."""
        return float(self.gain(site.first.sum(axis=1), site.other.sum(axis=1)))


def kpi_sums(of: str, better: str) -> KpiSums:
    """A KPI from its formula and the direction in which it is better."""
    return KpiSums(formula(of), {"lower": -1.0, "higher": 1.0}[better])


def site_sums(pairs: Sequence[Pair], kpi: KpiSums) -> tuple[list[SiteSums], bool]:
    """The sites with the better method first, in an order of their own; and whether that turned the two round."""
    if not pairs:
        raise ValueError("no site")
    sites = [SiteSums(stacked(pair.offer, kpi), stacked(pair.practice, kpi)) for pair in pairs]
    for site in sites:
        if site.first.shape != site.other.shape or not site.blocks:
            raise ValueError(f"blocks of the offer and of the practice: {site.first.shape[1]}, {site.other.shape[1]}")
    turned = sum(kpi.total(site) for site in sites) < 0
    sites = [SiteSums(site.other, site.first) if turned else site for site in sites]
    orders = [np.lexsort(np.vstack([site.first, site.other])) for site in sites]
    sites = [SiteSums(site.first[:, order], site.other[:, order]) for site, order in zip(sites, orders, strict=True)]
    return sorted(sites, key=lambda site: (site.blocks, site.first.tolist(), site.other.tolist())), turned


def stacked(sums: Sums, kpi: KpiSums) -> Array:
    """Named sums as rows in the formula's order, (names, blocks)."""
    kpi.of.need(sums)
    return np.vstack([np.atleast_1d(np.asarray(sums[name], dtype=float)) for name in kpi.names])


def as_blocks(sites: list[SiteSums], kpi: KpiSums) -> SiteSums:
    """Sites as the blocks of one: their gains against nought, so that exchanging a site turns its sign."""
    gains = np.sort([kpi.total(site) for site in sites])
    ones = np.ones_like(gains)
    return SiteSums(np.vstack([ones, gains]), np.vstack([ones, np.zeros_like(gains)]))


def rounding_error(sites: list[SiteSums], kpi: KpiSums) -> float:
    """The difference that is rounding, by the size of the KPI."""
    sizes = [abs(float(kpi.number(part.sum(axis=1)))) for site in sites for part in (site.first, site.other)]
    return SAME * max(sizes)
