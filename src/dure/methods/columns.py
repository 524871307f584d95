"""Columns of features: their mean over what is known, and their scale."""

from __future__ import annotations

import numpy as np


def known_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean over what is not NaN along an axis, NaN where nothing is: `numpy.nanmean` without its warnings."""
    count = np.isfinite(values).sum(axis=axis)
    return np.asarray(np.where(count > 0, np.nansum(values, axis=axis) / np.maximum(count, 1), np.nan))


def column_scale(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column of (n, columns); a column that is always the same has the deviation 1."""
    spread = rows.std(axis=0)
    return rows.mean(axis=0), np.where(spread > 0, spread, 1.0)
