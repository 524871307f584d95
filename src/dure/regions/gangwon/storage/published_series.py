"""Series that are known beforehand: the published prices and the carbon of the grid, by the hour of the year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from .dates import HOUR

if TYPE_CHECKING:
    from dure import Data

# pricing.csv and carbon_intensity.csv have no calendar of their own: row by row they follow the published homes, whose first
# row is the hour that ends at midnight of 31 July.
FIRST_OF_SERIES = datetime.fromisoformat("2001-07-31T23:00")


def read_series(data: Data, name: str, column: str) -> dict[tuple[int, int, int], float]:
    """A published series by (month, day, hour)."""
    values = data[name][column].cast(pl.Float64).to_list()
    keyed = {}
    for step, value in enumerate(values):
        time = FIRST_OF_SERIES + step * HOUR
        keyed[time.month, time.day, time.hour] = value
    return keyed


def values_at(keyed: dict[tuple[int, int, int], float], times: Sequence[datetime]) -> np.ndarray:
    """The series at these hours of the year; 29 February is as the 28th."""
    mean = float(np.mean(list(keyed.values())))
    values = (keyed.get((t.month, 28 if (t.month, t.day) == (2, 29) else t.day, t.hour), mean) for t in times)
    return np.array(list(values))
