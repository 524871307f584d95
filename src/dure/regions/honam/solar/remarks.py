"""What must be read beside the verdict, found in the data: copies of a roof, a nominal year, a clock that is set, gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from .data import FIRST_YEAR, HOUR, copies, doubled, grid, roofs, together
from .forms import DAY, _
from .history import known, latitude

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import polars as pl

    from dure import Data

JUMP = 0.6  # hours by which the middle of a day's power moves from one week to the next: no season does that
WEEK, ENOUGH = 7, 5  # days on either side, and how many of them must be known


def remarks(data: Data) -> dict[str, list[str]]:
    """Said for all roofs together: they are one site."""
    frame = together(data)
    start, hours = grid(frame)
    groups = copies(hours)
    texts = [_("Roofs under one sky: a block is a week of all roofs together.")]
    copied = [group for group in groups if len(group) > 1]
    if copied:
        texts.append(
            _("{homes} roofs are {count} different ones: copies ({names}) correlate above 0.999 and weigh together as one roof.",
              homes=len(hours), count=len(groups), names="; ".join(", ".join(group) for group in copied))
        )  # fmt: skip
    if not data.has("roofs"):
        texts.append(
            _("The files hold no year, place, tilt or direction. Dates are counted from a nominal {year}; the length of the "
              "days tells a latitude of about {latitude}°.", year=FIRST_YEAR, latitude=round(latitude(known(frame))))
        )  # fmt: skip
        texts.append(_("The forecast weather published with them equals the future exactly; it is not opened."))
    texts += _clock(start, [hours[group[0]] for group in groups])
    texts += _gaps(roofs(data))
    if data.has("roofs"):
        twice = {name: count for name, table in data.several("roofs").items() if (count := doubled(table))}
        texts += [
            _(
                "{roof}: {count} times stand twice; where they differ the hour counts as unknown.",
                roof=name,
                count=count,
            )
            for name, count in twice.items()
        ]
    return {"": texts}


def _clock(start: datetime, roofs: list[np.ndarray]) -> list[str]:
    """Days on which the middle of the power moves by more than the sun does, on all roofs together: a clock was set."""
    moved = np.median(np.vstack([_moves(values) for values in roofs]), axis=0)
    large = np.flatnonzero(np.abs(np.nan_to_num(moved)) > JUMP)
    days = [run[len(run) // 2] for run in _runs(large)]  # medians of weeks see it some days early and as many late
    if not days:
        return []
    dates = ", ".join(f"{start + timedelta(days=int(day)):%m-%d} ({moved[day]:+.1f} h)" for day in days)
    return [_("The clock of the stamps seems to be set (daylight saving), which no column says: {days}.", days=dates)]


def _moves(values: np.ndarray) -> np.ndarray:
    """For each day, hours by which the middle of the power in the week from it lies after that of the week before."""
    days = values.reshape(-1, DAY)
    total = days.sum(axis=1)
    lit = np.isfinite(total) & (total > 0)
    middle = np.where(lit, np.nan_to_num(days) @ (np.arange(DAY) + 0.5) / np.where(lit, total, 1), np.nan)
    moves = np.full(len(days), np.nan)
    for day in range(WEEK, len(days) - WEEK + 1):
        before, after = middle[day - WEEK : day], middle[day : day + WEEK]
        if min(np.isfinite(before).sum(), np.isfinite(after).sum()) >= ENOUGH:
            moves[day] = np.nanmedian(after) - np.nanmedian(before)
    return moves


def _runs(days: np.ndarray) -> Iterator[list[int]]:
    """Days next to each other (a week apart at most) together."""
    run: list[int] = []
    for day in map(int, days):
        if run and day - run[-1] > WEEK:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _gaps(tables: dict[str, pl.DataFrame]) -> list[str]:
    """Hours that are missing between a roof's first and last, told once for roofs that miss the same."""
    gaps: dict[tuple[int, datetime], list[str]] = {}
    for home, table in tables.items():
        times = table.drop_nulls("power")["time"].sort()
        steps = times.diff()
        missing = int(steps.drop_nulls().sum() / HOUR) - max(len(times) - 1, 0) if len(times) > 1 else 0  # type: ignore[operator]  # a duration
        if missing:
            first = times[int((steps > HOUR).arg_max() or 0) - 1] + HOUR
            gaps.setdefault((missing, first), []).append(home)
    return [
        _("{count} hours are missing ({roofs}), the first at {first}; a day is asked only where yesterday is known.",
          count=count, roofs=", ".join(homes), first=f"{first:%Y-%m-%d %H:%M}")
        for (count, first), homes in gaps.items()
    ]  # fmt: skip
