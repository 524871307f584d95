"""How large a loss in one more block would undo a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dure.statistics.bootstrap import interval_bounds, pseudo_values, studentised
from dure.statistics.draws import EXACT, resample_counts, swap_signs
from dure.statistics.types import SAME

if TYPE_CHECKING:
    from dure.statistics.types import Array, KpiSums, SiteSums


def undoing_loss(
    sites: list[SiteSums], kpi: KpiSums, mean: float, half: float, bits: np.random.PCG64, resamples: int
) -> float | None:
    """The smallest loss in one more block of average size after which the first method is no longer better.

    Which pseudo-value undoes the verdict is one question, which block has that pseudo-value another; both by bisection.
    Exact for means of equal blocks; elsewhere the spread of the blocks, not the new block's pull, is of first order.
    """
    undone = -_undoing(pseudo_values(sites, kpi, mean), half, bits, resamples)
    losses = [_loss(sites, place, kpi, undone) for place in range(len(sites))]
    return min((loss for loss in losses if loss is not None), default=None)


def _undoing(values: Array, half: float, bits: np.random.PCG64, resamples: int) -> float:
    """The smallest loss that, put beside these pseudo-values, ends the verdict; 0 where a nought ends it.

    Every resample's sums are linear in the loss and in its square, so that a step costs little.
    """
    units = values.size + 1
    counts = resample_counts(bits, resamples, units)
    signs = 1 - 2 * np.concatenate(list(swap_signs(units, bits, resamples)))
    sums, squares, swapped = counts[:, :-1] @ values, counts[:, :-1] @ values**2, signs[:, :-1] @ values
    drawn, tolerance = units > EXACT, SAME * float(np.abs(values).max())

    def holds(loss: float) -> bool:
        mean = (values.sum() - loss) / units
        spread = (values @ values + loss**2) / units - mean**2
        means = (sums - counts[:, -1] * loss) / units
        spreads = np.maximum((squares + counts[:, -1] * loss**2) / units - means**2, 0.0)
        error = math.sqrt(max(spread, 0.0) / (units - 1))
        # the difference of squares keeps half the digits
        scaled = studentised(means - mean, np.sqrt(spreads / (units - 1)), 1e-7 * (abs(mean) + error))
        low = interval_bounds(mean, error, scaled, half)[0]
        beyond = int(np.sum((swapped - signs[:, -1] * loss) / units >= mean - tolerance))
        return low is not None and low > 0 and (beyond + drawn) / (len(signs) + drawn) <= half

    if not holds(0.0):
        return 0.0
    return _edge(holds, 0.0, float(values.sum()))  # there the mean is zero


def _loss(sites: list[SiteSums], place: int, kpi: KpiSums, undone: float) -> float | None:
    """What a block of average size at one site loses by itself when its pseudo-value is as low as `undone`.

    Its sums are the other method's, and the first one's moved from there along the line through both averages.
    """
    site, units = sites[place], sum(site.blocks for site in sites)
    first, other = site.first.mean(axis=1), site.other.mean(axis=1)
    away = (other - first) * (1 if kpi.total(site) > 0 else -1)
    # sums of one block more, brought back to the size of before: of a total, too, only the average block shall change
    same_size = site.blocks / (site.blocks + 1)
    before = np.stack([site.first.sum(axis=1), site.other.sum(axis=1)])
    gain, mean = kpi.total(site), float(np.mean([kpi.total(sums) for sums in sites]))

    def holds(step: float) -> bool:
        after = same_size * (before + np.stack([other + step * away, other]))
        return mean + (units + 1) * (float(kpi.gain(*after)) - gain) / len(sites) > undone

    if not holds(0.0):
        return 0.0
    beyond = next((2.0**power for power in range(40) if not holds(2.0**power)), None)
    if beyond is None:
        return None
    loss = -float(kpi.gain(other + _edge(holds, 0.0, beyond) * away, other))
    return loss if math.isfinite(loss) else None


def _edge(holds: Callable[[float], bool], holding: float, undone: float) -> float:
    """Where `holds` ends, between a place where it does and one where it does not."""
    for _step in range(30):
        middle = (holding + undone) / 2
        holding, undone = (middle, undone) if holds(middle) else (holding, middle)
    return undone
