"""Forecast runs as arrays: what every method learns from and is asked with, whatever form the wind came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from .forms import HOUR, KNOWN, Request, Wind

if TYPE_CHECKING:
    from datetime import datetime

PARTS = ("speed", "u", "v")
Heights = Mapping[float, np.ndarray]


@dataclass(frozen=True)
class Runs:
    """Forecast runs of one farm, one a row, equally long; what is missing is NaN.

    Attributes
    ----------
    wind
        By height [m]: (runs, hours, 3), speed, u and v [m/s]; u and v are NaN where no direction is known.
    hour, season
        (runs, hours): hour of the day, 0 to 23, and share of the year gone.
    past
        (runs, KNOWN): power of the last hours known, oldest first, as a share of capacity.
    age
        (runs,): hours from the end of the last of them to the issue.
    neighbours
        Wind of the other farms by name, as `wind`.
    power
        (runs, hours): what came, as a share of capacity; all NaN where it is still to come.
    """

    wind: Heights
    hour: np.ndarray
    season: np.ndarray
    past: np.ndarray
    age: np.ndarray
    neighbours: Mapping[str, Heights]
    power: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(runs, hours): whether wind and power of an hour are both known."""
        return ~np.isnan(self.power) & ~np.isnan(next(iter(self.wind.values()))[..., 0])


def run_of(request: Request) -> Runs:
    """One request as one run; hours between those asked are NaN."""
    place = places(request)
    hours = place[-1] + 1

    def spread(winds: Sequence[Wind]) -> Heights:
        by_height = {}
        for wind in winds:
            by_height[wind.height] = np.full((1, hours, 3), np.nan)
            by_height[wind.height][0, place] = in_parts(wind)
        return by_height

    past = np.full((1, KNOWN), np.nan)
    if request.past:
        known = [np.nan if power is None else power / request.capacity for power in request.past]
        past[0, -len(known) :] = known
    moments = [request.issued + number * HOUR for number in range(hours)]
    return Runs(
        spread(request.wind), np.array([[moment.hour for moment in moments]]), np.array([[_season(moment) for moment in moments]]),
        past, np.array([(request.issued - (request.past_until or request.issued)) / HOUR]),
        {other.name: spread(other.wind) for other in request.neighbours}, np.full((1, hours), np.nan),
    )  # fmt: skip


def places(request: Request) -> list[int]:
    """Hours from the issue to each hour asked."""
    return [int((hour - request.issued) / HOUR) for hour in request.time]


def in_parts(wind: Wind) -> np.ndarray:
    """(hours, 3): speed, u and v at one height; a direction is where the wind comes from (WMO-No. 8, vol. I, 5.1)."""
    if wind.u is not None and wind.v is not None:
        u, v = np.array(wind.u, dtype=float), np.array(wind.v, dtype=float)
        return np.column_stack([np.hypot(u, v), u, v])
    speed = np.array(wind.speed, dtype=float)
    angle = (
        np.full(speed.shape, np.nan) if wind.direction is None else np.radians(np.array(wind.direction, dtype=float))
    )
    return np.column_stack([speed, -speed * np.sin(angle), -speed * np.cos(angle)])


def _season(moment: datetime) -> float:
    return (moment.timetuple().tm_yday - 1) / 365.25


def recorded(history: pl.DataFrame, farm: str) -> Runs:
    """The runs of one farm in a history (a frame as `data.farms` gives it), the other farms' wind beside them."""
    rows = history.filter(pl.col("farm") == farm)
    issued = rows["issued"].unique().sort()
    hours = int((rows["time"] - rows["issued"]).max() / HOUR) + 1  # type: ignore[operator]  # a farm has rows
    others = [name for name in history["farm"].unique(maintain_order=True) if name != farm]
    moments = (issued.to_numpy()[:, None] + np.arange(hours) * np.timedelta64(1, "h")).astype("datetime64[h]")
    ends = rows.group_by("issued").agg(pl.col("past_until").first()).sort("issued")["past_until"].to_numpy()
    age = (issued.to_numpy() - ends) / np.timedelta64(1, "h")
    days = moments.astype("datetime64[D]")
    return Runs(
        _heights(rows, issued, hours),
        (moments - days).astype(int),
        (days - days.astype("datetime64[Y]")).astype(int) / 365.25,
        _past(rows, ends), age,
        {name: _heights(history.filter(pl.col("farm") == name), issued, hours) for name in others},
        _grid(rows, "truth_power", issued, hours),
    )  # fmt: skip


def heights(frame: pl.DataFrame) -> list[float]:
    """The heights [m] that a farm's rows have wind for."""
    return [
        float(name.removeprefix("speed "))
        for name in frame.columns
        if name.startswith("speed ") and frame[name].count()
    ]


def _heights(rows: pl.DataFrame, issued: pl.Series, hours: int) -> Heights:
    return {
        height: np.stack([_grid(rows, f"{part} {height:g}", issued, hours) for part in PARTS], axis=-1)
        for height in heights(rows)
    }


def _grid(rows: pl.DataFrame, column: str, issued: pl.Series, hours: int) -> np.ndarray:
    """(runs, hours) of one column, NaN where there is no row."""
    table = np.full((len(issued), hours), np.nan)
    part = rows.filter(pl.col("issued").is_in(issued.implode()))
    run = issued.search_sorted(part["issued"])
    lead = ((part["time"] - part["issued"]).dt.total_hours()).to_numpy()
    fits = lead < hours
    table[np.asarray(run)[fits], lead[fits]] = part[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()[fits]
    return table


def _past(rows: pl.DataFrame, ends: np.ndarray) -> np.ndarray:
    """(runs, KNOWN): power of the hours before each end."""
    time = rows["time"].to_numpy().astype("datetime64[h]")
    first = time.min() - KNOWN
    line = np.full(int((time.max() - first).astype(int)) + 1, np.nan)
    line[(time - first).astype(int)] = rows["truth_power"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    place = (ends.astype("datetime64[h]") - first).astype(int)[:, None] + np.arange(-KNOWN, 0)
    inside = (place >= 0) & (place < line.size)
    return np.where(inside, line[np.clip(place, 0, line.size - 1)], np.nan)
