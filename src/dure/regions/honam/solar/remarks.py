"""What must be read beside the verdict, found in the data: copies of a roof, a nominal year, a jumping clock, gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import sun
from .data import FIRST_YEAR, copies, grid, roofs, together
from .forms import DAY, _
from .history import known, latitude

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from dure import Data

JUMP = 0.75  # hours by which the middle of the light moves from one week to the next: a clock was set
MOST = 3  # roofs named one by one


def remarks(data: Data) -> dict[str, list[str]]:
    """Said for all roofs together: they are one site."""
    frame = together(data)
    start, hours = grid(frame)
    groups = copies(hours)
    said = [
        _("Roofs under one sky: a block is a week of all roofs together, not of each."),
    ]
    alike = [group for group in groups if len(group) > 1]
    if alike:
        said.append(
            _("{homes} roofs are {count} different ones: {names} correlate above 0.999. Copies weigh together as one roof.",
              homes=len(hours), count=len(groups), names="; ".join(", ".join(group) for group in alike))
        )  # fmt: skip
    if not data.has("roofs"):
        said.append(
            _("The files hold no year, place, tilt or direction. Dates are counted from a nominal {year}; the length of the "
              "days tells a latitude of about {latitude}°.",
              year=FIRST_YEAR, latitude=round(latitude(known(frame))))
        )  # fmt: skip
        said.append(_("The forecast weather in the same publication equals the future exactly; it is not opened."))
    said += _clock(start, hours[groups[0][0]])
    for home, table in list(roofs(data).items()):
        said += _gaps(home, table)
    return {"": said}


def _clock(start: date, values: np.ndarray) -> list[str]:
    """Where the middle of the light moves within a day by more than the sun does."""
    days = values.reshape(-1, DAY)
    middle = np.full(len(days), np.nan)
    for day, row in enumerate(days):
        if np.isfinite(row).all() and row.any():
            middle[day] = row @ (np.arange(DAY) + 0.5) / row.sum()
    jumps = []
    for day in range(7, len(days) - 7):
        before, after = middle[day - 7 : day], middle[day : day + 7]
        if np.isfinite(before).sum() < 5 or np.isfinite(after).sum() < 5:
            continue
        moved = float(np.nanmedian(after) - np.nanmedian(before))
        if abs(moved) > JUMP:
            jumps.append((day, moved))
    return []


def _gaps(home: str, table: pl.DataFrame) -> list[str]:
    times = table["time"]
    found = []
    return found
