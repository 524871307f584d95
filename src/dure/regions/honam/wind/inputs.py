"""What the quantile networks see of an hour: the wind around it, hour and season, the last power known, the neighbours' wind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dure.methods import known_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .runs import Runs

AROUND = 3  # hours before and after that are looked at
FADES = (3.0, 8.0)  # hours in which the weight of the last known power fades to 1/e
EDGE = 4.0  # standard deviations beyond which an input counts as its edge


def inputs(runs: Runs, neighbours: Sequence[str] | None = None) -> tuple[np.ndarray, int]:
    """What the network sees of each hour.

    Parameters
    ----------
    neighbours
        ``"farm height"`` of the neighbours it was fitted with; None: those of the runs.

    Returns
    -------
    rows
        (runs, hours, columns); NaN where something is not known.
    own
        How many of the columns, from the first, are the farm's own; the rest are its neighbours'.
    """
    hours = runs.hour.shape
    columns = [wave(phase * 2 * np.pi) for phase in (runs.hour / 24, runs.season) for wave in (np.sin, np.cos)]
    winds = {height: _between(wind) for height, wind in runs.wind.items()}
    for height in sorted(winds):
        columns += _around(winds[height])
    columns += _shear(winds)
    columns += _fading(runs)
    own = len(columns)
    others = {
        f"{name} {height:g}": _between(wind)
        for name, heights in runs.neighbours.items()
        for height, wind in heights.items()
    }
    for name in neighbour_names(runs) if neighbours is None else neighbours:
        wind = others.get(name, np.full((*hours, 3), np.nan))
        columns += [wind[..., 0], wind[..., 1], wind[..., 2], _shifted(wind[..., 0], -2), _shifted(wind[..., 0], 2)]
    return np.stack([np.broadcast_to(column, hours) for column in columns], axis=-1), own


def neighbour_names(runs: Runs) -> list[str]:
    """The neighbours' greatest heights."""
    return [f"{name} {max(heights):g}" for name, heights in sorted(runs.neighbours.items()) if heights]


def _around(wind: np.ndarray) -> list[np.ndarray]:
    """Of one height: the hour, the hours around, their mean, spread and extremes, the whole run's mean and highest."""
    speed, u, v = (wind[..., part] for part in range(3))
    near = [_shifted(speed, lag) for lag in range(-AROUND, AROUND + 1)]
    sides = [_shifted(component, lag) for component in (u, v) for lag in range(-AROUND, AROUND + 1)]
    window = np.stack(near)
    return [
        *near, *sides, u / (speed + 0.1), v / (speed + 0.1),
        window.mean(axis=0), window.std(axis=0), window.min(axis=0), window.max(axis=0),
        speed.mean(axis=1, keepdims=True), speed.max(axis=1, keepdims=True),
    ]  # fmt: skip


def _shear(winds: dict[float, np.ndarray]) -> list[np.ndarray]:
    """Between the lowest and the greatest height: difference of speed, and the angle by which the wind turns."""
    low, high = winds[min(winds)], winds[max(winds)]
    turned = np.arctan2(high[..., 1] * low[..., 2] - high[..., 2] * low[..., 1],
                        high[..., 1] * low[..., 1] + high[..., 2] * low[..., 2])  # fmt: skip
    return [high[..., 0] - low[..., 0], turned] if len(winds) > 1 else []


def _fading(runs: Runs) -> list[np.ndarray]:
    """The last power known and the past day's mean, by how long ago that is."""
    ahead = np.arange(1, runs.hour.shape[1] + 1) + runs.age[:, None]
    known = ~np.isnan(runs.past)
    filled = np.where(known, runs.past, 0.0)
    count = known.sum(axis=1, keepdims=True)
    newest = runs.past.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    last = np.where(count > 0, filled[np.arange(len(filled)), newest][:, None], np.nan)
    mean = known_mean(runs.past, 1)[:, None]
    weights = [np.exp(-ahead / fade) for fade in FADES]
    return [*(last * weight for weight in weights), mean, *weights]


def _between(wind: np.ndarray) -> np.ndarray:
    """(runs, hours, 3) with missing hours read in between their neighbours of the same run."""
    gaps = np.isnan(wind)
    if not gaps.any():
        return wind
    filled = wind.copy()
    hours = np.arange(wind.shape[1])
    for run, part in zip(*np.nonzero(gaps.any(axis=1)), strict=True):
        known = ~gaps[run, :, part]
        if known.any():
            filled[run, :, part] = np.interp(hours, hours[known], wind[run, known, part])
    return filled


def _shifted(values: np.ndarray, lag: int) -> np.ndarray:
    """(runs, hours) `lag` hours later; beyond the run its edge: a run knows nothing of the next."""
    hours = values.shape[1]
    return values[:, np.clip(np.arange(hours) + lag, 0, hours - 1)]


def column_scale(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each column over what is known; a column that says nothing has spread 1."""
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, rows, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (rows - mean) ** 2, 0).sum(axis=0) / count)
    return mean.astype(np.float32), np.where(spread > 1e-6, spread, 1).astype(np.float32)


def standardised(rows: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """In standard deviations, between the edges; what is not known counts as usual."""
    return np.nan_to_num(np.clip((rows - mean) / spread, -EDGE, EDGE), nan=0.0)
