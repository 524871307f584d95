"""Several comparisons at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dure.statistics.types import Array


def holm(p_values: npt.ArrayLike) -> Array:
    """Adjusted p values, in the order given (S. Holm, 1979): all of them together are wrong as seldom as one."""
    raw = np.asarray(p_values, dtype=float)
    order = np.argsort(raw, kind="stable")
    adjusted = np.minimum(np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1)), 1.0)
    out = np.empty_like(raw)
    out[order] = adjusted
    return out
