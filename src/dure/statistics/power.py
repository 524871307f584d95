"""What gain a number of blocks can show."""

from __future__ import annotations

import math

import numpy as np

# Gain found with 80 % power, in SD / sqrt(B) of normal block gains; straight in 1/B, at infinity z_(1-a/2) + z_0.8.
_POWER = {
    0.95: ((6, 4.91), (8, 3.96), (11, 3.44), (15, 3.27), (30, 3.03), (300, 2.81), (math.inf, 2.80)),
    0.99: ((8, 6.14), (11, 4.79), (15, 4.34), (30, 3.90), (300, 3.52), (math.inf, 3.42)),
}


def detectable_gain(units: float, level: float = 0.95) -> float:
    """Gain found with 80 % power by the rule, in SD / sqrt(units) of normal gains."""
    at, power = zip(*_POWER[level], strict=True)
    return float(np.interp(1 / units, [1 / size for size in at[::-1]], power[::-1]))
