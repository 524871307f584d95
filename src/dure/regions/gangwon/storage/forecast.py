"""Load and sun of the next hours from those of the last two weeks: last week's same hour, and better.

Each hour ahead has a linear regression of its own on a few readings of the past (the same hour yesterday, a week ago, on average,
and what the last hours were), fitted on the history of all homes together; without an intercept, so that a home twice as large has
a forecast twice as large. The form is that of the direct strategy (Ben Taieb and others 2012, Expert Systems with Applications
39:7067).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dure.methods import kept_arrays

from .forms import AHEAD, PAST

if TYPE_CHECKING:
    import polars as pl

DAYS = PAST // 24
RIDGE = 1e-2  # share of the features' own variance
STRIDE = 3  # the fit looks at every third hour: neighbours tell the same
KINDS = ("load", "sun")


def readings(past: np.ndarray, kind: str) -> np.ndarray:
    """(AHEAD, features) of each hour ahead, from (PAST,) hours of the past [kWh]."""
    days = past.reshape(DAYS, 24)  # the last column of the last row is the hour before now
    usual, week, top = days.mean(axis=0), days[-7:].mean(axis=0), days.max(axis=0)
    hour = np.arange(AHEAD) % 24
    yesterday = days[-1][hour]
    last = np.full(AHEAD, past[-1])
    level = np.full(AHEAD, past[-24:].mean())
    if kind == "load":
        off = past[-3:].mean() - usual[-3:].mean()
        return np.stack(
            [yesterday, days[-7][hour], days[-2][hour], usual[hour], week[hour], last, level, np.full(AHEAD, off)],
            axis=1,
        )
    clear = past[-3:].sum() / max(top[-3:].sum(), 1e-9) if top[-3:].sum() > 0.05 * top.max() else 0.0
    daylight = 1.0 if clear else 0.0
    return np.stack(
        [
            yesterday,
            days[-2][hour],
            usual[hour],
            week[hour],
            top[hour],
            top[hour] * daylight,
            top[hour] * min(clear, 1.5),
        ],
        axis=1,
    )


def padded(past: Sequence[float], usual: np.ndarray, hour: int) -> np.ndarray:
    """(PAST,) the past, with hours that are not known filled from the usual day; `hour` is the clock's hour now."""
    hours = np.asarray(past, dtype=float)
    if hours.size == PAST:
        return hours
    filled = usual[(hour - PAST + np.arange(PAST)) % 24]
    if hours.size:
        usual_hours = usual[(hour - hours.size + np.arange(hours.size)) % 24]
        if usual_hours.sum() > 0 and hours.size >= 24:
            filled = filled * hours.sum() / usual_hours.sum()
        filled[PAST - hours.size :] = hours
    return filled


class Forecast:
    """Weights of the regressions and the usual day, by kind; `of` makes (AHEAD,) kWh from the past."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def of(self, kind: str, past: np.ndarray) -> np.ndarray:
        """(AHEAD,) expected energy [kWh] of each hour ahead; never below 0, the sun never above the brightest of two weeks."""
        expected = np.maximum(np.einsum("hf,hf->h", readings(past, kind), self.arrays[f"{kind} weights"]), 0.0)
        if kind == "sun":
            expected = np.minimum(expected, past.reshape(DAYS, 24).max(axis=0)[np.arange(AHEAD) % 24])
        return expected


def fitted(history: pl.DataFrame, place: Path) -> Forecast:
    """The forecast fitted on a history (site, time, load, sun), or taken up from the file at `place`."""
    return Forecast(kept_arrays(place, lambda: _fit(history)))


def _fit(history: pl.DataFrame) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for kind in KINDS:
        rows, targets = [], []
        days = np.zeros(24)
        for hours, values in _stretches(history, kind):
            days += np.bincount(hours % 24, values, minlength=24)
            for begin in range(PAST, values.size - AHEAD + 1, STRIDE):
                rows.append(readings(values[begin - PAST : begin], kind))
                targets.append(values[begin : begin + AHEAD])
        arrays[f"{kind} usual"] = days / max(history.height / 24, 1)
        arrays[f"{kind} weights"] = _weights(rows, targets, kind)
    return arrays


def _weights(rows: list[np.ndarray], targets: list[np.ndarray], kind: str) -> np.ndarray:
    """(AHEAD, features) by ridge regression; without enough history the mean of the last two weeks' same hour."""
    features = readings(np.zeros(PAST), kind).shape[1]
    plain = np.zeros((AHEAD, features))
    plain[:, 3 if kind == "load" else 2] = 1.0
    if len(rows) < 24:
        return plain
    inputs, aims = np.stack(rows), np.stack(targets)
    weights = np.empty((AHEAD, features))
    for ahead in range(AHEAD):
        x, y = inputs[:, ahead], aims[:, ahead] - inputs[:, ahead] @ plain[ahead]
        gram = x.T @ x
        # towards the plain mean, not towards nothing
        weights[ahead] = plain[ahead] + np.linalg.solve(
            gram + (RIDGE * np.trace(gram) / features + 1e-9) * np.eye(features), x.T @ y
        )
    return weights


def _stretches(history: pl.DataFrame, kind: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(clock hours, values) of every stretch of hours without a gap, home by home."""
    for _site, home in history.sort("site", "time").group_by("site", maintain_order=True):
        stamps = home["time"].dt.epoch("s").to_numpy() // 3600
        cuts = np.flatnonzero(np.diff(stamps) != 1) + 1
        values = home[kind].to_numpy()
        yield from zip(np.split(stamps, cuts), np.split(values, cuts), strict=True)
