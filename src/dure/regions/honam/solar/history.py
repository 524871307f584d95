"""What a history holds for learning: days of distinct roofs with what came after, and the latitude of their days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import sun
from .data import copies, grid
from .forms import DAY, PAST

if TYPE_CHECKING:
    import polars as pl

AHEAD = 2 * DAY  # hours asked in the trial


@dataclass(frozen=True)
class Known:
    """Hours of distinct roofs from the midnight `start`; NaN where nothing is known."""

    start: datetime
    hours: dict[str, np.ndarray]

    def midnights(self, home: str) -> Iterator[tuple[datetime, np.ndarray, np.ndarray]]:
        """(midnight, up to 28 days before, 48 hours after) of every day whose yesterday is wholly known."""
        values = self.hours[home]
        for day in range(1, len(values) // DAY):
            at = day * DAY
            after = np.full(AHEAD, np.nan)
            after[: len(values) - at] = values[at : at + AHEAD]
            if np.isfinite(values[at - DAY : at]).all() and np.isfinite(after).any():
                yield self.start + timedelta(days=day), values[max(0, at - PAST) : at], after


def known(history: pl.DataFrame) -> Known | None:
    """One roof of each group of copies; None where the history is empty."""
    if not history.height:
        return None
    start, hours = grid(history)
    return Known(start, {group[0]: hours[group[0]] for group in copies(hours)})


def latitude(past: Known | None) -> float:
    """The latitude that the roofs' days of light tell of (see `dure.regions.honam.solar.sun`)."""
    if past is None:
        return sun.MIDDLE
    dates, light = [], []
    for values in past.hours.values():
        for day, hours in enumerate(values.reshape(-1, DAY)):
            if np.isfinite(hours).all() and (hours > 0).any():
                dates.append((past.start + timedelta(days=day)).timetuple().tm_yday)
                light.append((hours > 0).sum())
    return sun.latitude_of(np.array(dates), np.array(light))
