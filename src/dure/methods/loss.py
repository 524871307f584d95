"""What a forecast costs when the truth is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pinball(quantiles: np.ndarray, truth: np.ndarray, levels: Sequence[float] | np.ndarray) -> np.ndarray:
    """(n,): the pinball loss of each forecast, averaged over its levels, in the unit of the truth.

    Koenker and Bassett (1978), Econometrica 46, 33-50; averaged as by Hong et al. (2016), International Journal of Forecasting
    32(3), equation 1.

    Parameters
    ----------
    quantiles
        (n, levels).
    truth
        (n,).
    levels
        (levels,), each between 0 and 1.
    """
    beyond, share = truth[:, None] - quantiles, np.asarray(levels)
    return np.asarray(np.maximum(share * beyond, (share - 1) * beyond).mean(axis=1))
