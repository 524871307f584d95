"""The swap test: the methods of a block exchanged by a coin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dure.statistics.draws import EXACT, swap_signs

if TYPE_CHECKING:
    from dure.statistics.types import KpiSums, SiteSums


def swap_p_values(
    sites: list[SiteSums], kpi: KpiSums, mean: float, tolerance: float, bits: np.random.PCG64, resamples: int
) -> tuple[float, float]:
    """Share of the exchanges of whole blocks with a gain at least as large, and at most as small, as the one seen."""
    edges = np.cumsum([0] + [site.blocks for site in sites])
    up = down = tried = 0
    for coins in swap_signs(int(edges[-1]), bits, resamples):
        gains = np.zeros(len(coins))
        for site, start, end in zip(sites, edges, edges[1:], strict=False):
            first, other = site.first.sum(axis=1)[:, None], site.other.sum(axis=1)[:, None]
            moved = (site.other - site.first) @ coins[:, start:end].T
            gains += kpi.gain(first + moved, other - moved) / len(sites)
        up += int(np.sum(~(gains < mean - tolerance)))  # an undefined one counts against either side
        down += int(np.sum(~(gains > mean + tolerance)))
        tried += len(coins)
    drawn = int(edges[-1]) > EXACT
    return (up + drawn) / (tried + drawn), (down + drawn) / (tried + drawn)
