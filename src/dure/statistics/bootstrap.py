"""The studentised bootstrap over blocks, its error by the delete-one-block jackknife."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dure.statistics.draws import chunk_rows, resample_counts

if TYPE_CHECKING:
    from dure.statistics.types import Array, KpiSums, SiteSums


def studentised(away: Array, error: Array, tolerance: float) -> Array:
    """Distance in errors; an error of zero counts as +infinity, -infinity or 0 by the sign of the distance."""
    flat = error <= tolerance
    with np.errstate(all="ignore"):
        scaled = away / np.where(flat, 1.0, error)
    away = np.where(np.abs(away) <= tolerance, 0.0, away)
    return np.where(flat, np.where(away == 0, 0.0, np.copysign(np.inf, away)), scaled)


def interval_bounds(mean: float, error: float, scaled: Array, half: float) -> tuple[float | None, float | None]:
    """The interval of the studentised resamples; one that is undefined counts against either bound."""
    place = math.floor((scaled.size + 1) * half + 1e-9)
    lost = np.isnan(scaled)
    most = np.sort(np.where(lost, np.inf, scaled))[-place]
    least = np.sort(np.where(lost, -np.inf, scaled))[place - 1]
    defined = math.isfinite(error)
    low, high = (
        float(mean - quantile * error) if defined and math.isfinite(quantile) else None for quantile in (most, least)
    )
    return low, high


def standard_error(sites: list[SiteSums], kpi: KpiSums) -> float:
    """Delete-one-block jackknife error of the mean of the sites' gains."""
    squares = [jackknife(kpi, site, np.ones((1, site.blocks)))[1][0] for site in sites]
    return math.sqrt(sum(squares)) / len(sites)


def resampled(sites: list[SiteSums], kpi: KpiSums, bits: np.random.PCG64, resamples: int) -> tuple[Array, Array]:
    """Mean gain of the sites and its jackknife error in each resample of the blocks within them, both (resamples,)."""
    gains, squares = np.zeros(resamples), np.zeros(resamples)
    for site in sites:
        parts = [
            jackknife(kpi, site, resample_counts(bits, rows, site.blocks))
            for rows in chunk_rows(resamples, site.blocks)
        ]
        gains += np.concatenate([part[0] for part in parts]) / len(sites)
        squares += np.concatenate([part[1] for part in parts]) / len(sites) ** 2
    return gains, np.sqrt(squares)


def jackknife(kpi: KpiSums, site: SiteSums, counts: Array) -> tuple[Array, Array]:
    """Gain and squared error of resamples that hold block i `counts[:, i]` times; leaves one copy of each block out."""
    size = site.blocks
    first, other = site.first @ counts.T, site.other @ counts.T  # (names, resamples)
    without = kpi.gain(first[:, :, None] - site.first[:, None, :], other[:, :, None] - site.other[:, None, :])
    without = np.where(counts > 0, without, 0.0) if np.isnan(without).any() else without
    centre = np.einsum("rb,rb->r", counts, without) / size
    away = without - centre[:, None]
    return kpi.gain(first, other), np.einsum("rb,rb,rb->r", counts, away, away) * (size - 1) / size


def pseudo_values(sites: list[SiteSums], kpi: KpiSums, mean: float) -> Array:
    """Jackknife pseudo-values of all blocks, weighted so that their mean and its error are those of the sites' mean."""
    blocks, values = sum(site.blocks for site in sites), []
    for site in sites:
        totals = site.first.sum(axis=1)[:, None], site.other.sum(axis=1)[:, None]
        without = kpi.gain(totals[0] - site.first, totals[1] - site.other)
        values.append(mean + (site.blocks - 1) * (without.mean() - without) * blocks / (len(sites) * site.blocks))
    return np.concatenate(values)
