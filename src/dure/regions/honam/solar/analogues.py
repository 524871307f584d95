"""Days like tomorrow among the roof's own last weeks: the quantiles of what the sky let through on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dure.methods import pinball

from .forms import DAY, LEVELS
from .roof import whole_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .forms import Request
    from .roof import Roof

# Chosen on the open rounds.
MEMORY = 14.0  # days after which a day counts a third
LIKE = 0.4  # difference of whole days' clearness at which a day is half as like
NEIGHBOUR = 0.3  # weight of the hour before and the hour after
UNLIKE = 0.1  # a day counts at least so much
SKY = 0.1  # difference of forecast skies at which an hour is half as like
FULL_SUN = 1100.0  # W/m2 on level ground under a high sun and a clear sky
ENOUGH = 7  # days with a forecast before weather is looked at


def quantiles(roof: Roof, sky: np.ndarray | None = None, leave: int | None = None) -> np.ndarray:
    """Clearness at LEVELS for each hour asked (hours x 19), NaN where the roof's past has no such hour.

    A past hour counts the more the younger it is and the more the day before it was like yesterday. With `sky` (see
    `skies`) it counts by how like the sky was that was forecast for it.

    Parameters
    ----------
    roof
        As it was seen.
    sky
        Share of a clear sky that was forecast, for the past days and the hours asked; None: no weather.
    leave
        A past day that is asked as if it were the next one, and left out; None: the hours asked.
    """
    y, days = roof.clearness, len(roof.clearness)
    age = np.arange(days)[::-1].astype(float)
    young = np.exp(-age / MEMORY)
    if leave is not None:
        young[leave] = 0.0
    hours = len(roof.envelope) if leave is None else DAY
    table = np.full((hours, len(LEVELS)), np.nan)
    asked = days if leave is None else leave
    likeness = (
        [] if sky is not None else [_like(whole_days(roof), lead, asked) for lead in range(1 + (hours - 1) // DAY)]
    )
    lit = np.isfinite(y).any(axis=0)
    for hour in range(hours):
        column = hour % DAY
        if not lit[column]:
            continue
        if sky is None:
            weight = young * likeness[hour // DAY]
        else:
            past = sky[: days * DAY].reshape(days, DAY)[:, column]
            weight = young * (
                np.nan_to_num(np.exp(-0.5 * np.square((past - sky[asked * DAY + hour]) / SKY))) + UNLIKE / 10
            )
        values = np.concatenate([y[:, column], y[:, (column - 1) % DAY], y[:, (column + 1) % DAY]])
        table[hour] = weighted(values, np.concatenate([weight, NEIGHBOUR * weight, NEIGHBOUR * weight]))
    return table


def _like(daily: np.ndarray, lead: int, asked: int) -> np.ndarray:
    """How like each day's forerunner (as many days before it as yesterday is before the day asked) is to yesterday."""
    before = np.full(len(daily), np.nan)
    before[1 + lead :] = daily[: len(daily) - 1 - lead]
    yesterday = daily[asked - 1] if asked else np.nan
    if not np.isfinite(yesterday):
        return np.ones(len(daily))
    return np.nan_to_num(np.exp(-0.5 * np.square((before - yesterday) / LIKE)), nan=0.3) + UNLIKE


def weighted(values: np.ndarray, weights: np.ndarray, levels: Sequence[float] | np.ndarray = LEVELS) -> np.ndarray:
    """Quantiles at `levels` of values with weights, NaN left out; NaN where nothing is left."""
    counts = np.isfinite(values) & (weights > 0)
    if not counts.any():
        return np.full(len(levels), np.nan)
    order = np.argsort(values[counts], kind="stable")
    mass = weights[counts][order]
    return np.interp(levels, (np.cumsum(mass) - mass / 2) / mass.sum(), values[counts][order])


def skies(request: Request, roof: Roof) -> np.ndarray | None:
    """Share of a clear sky that was forecast for each hour of the roof's days and each hour asked; None without weather.

    Irradiance counts over that of a clear sky at the sun's height; where there is none, one minus the cloud.
    """
    forecast = request.irradiance or request.cloud
    if forecast is None:
        return None
    values = np.array([np.nan if value is None else value for value in forecast], dtype=float)
    values = values[len(values) - len(roof.envelope) - roof.past.size :]
    if request.irradiance is None:
        return 1 - values
    high = roof.height > 0.05
    clear = FULL_SUN * np.where(high, roof.height, 1.0)
    return np.where(high, np.minimum(values / clear, 1.5), np.nan)


def worth(roof: Roof, sky: np.ndarray) -> float:
    """What the forecast sky would have been worth on the roof's own last days: 1 - loss with / loss without, at least 0.

    Each day of the last two weeks is asked of the others. 0 where fewer than ENOUGH days have both.
    """
    days = len(roof.clearness)
    with_sky, without, counted = 0.0, 0.0, 0
    for day in range(max(1, days - 14), days):
        truth = roof.clearness[day]
        at = np.isfinite(truth) & np.isfinite(sky[day * DAY : (day + 1) * DAY])
        if not at.any():
            continue
        counted += 1
        weight = np.nanmax(np.vstack([roof.past, np.zeros(DAY)]), axis=0)[at]
        with_sky += float(weight @ pinball(quantiles(roof, sky, day)[at], truth[at], LEVELS))
        without += float(weight @ pinball(quantiles(roof, None, day)[at], truth[at], LEVELS))
    if counted < ENOUGH or not without:
        return 0.0
    return min(1.0, max(0.0, 1 - with_sky / without))
