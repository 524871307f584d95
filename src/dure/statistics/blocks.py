"""Which steps of time are one block, and how blocks hang together."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dure.statistics.types import SAME


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
    series = np.asarray(losses, dtype=float)
    series = series - series.mean() if series.size else series
    power = float(series @ series)
    return float(series[1:] @ series[:-1]) / power if series.size > 2 and power > 0 else 0.0


def skewness(gains: npt.ArrayLike) -> float:
    """Adjusted Fisher-Pearson skewness G1 of block gains; 0 for equal ones or under three."""
    values = np.asarray(gains, dtype=float)
    count = values.size
    if count < 3 or np.ptp(values) <= SAME * np.abs(values).max():
        return 0.0
    values = values - values.mean()
    return float(np.mean(values**3) / np.mean(values**2) ** 1.5 * math.sqrt(count * (count - 1)) / (count - 2))
