"""A roof as its own last weeks show it: what it gives under a clear sky, and how clear its sky has been.

Power is split into what the roof would give at this hour under its clearest sky (the envelope, carried from day to day by
the sun's height) and a clearness, their ratio. The envelope holds tilt, direction and shade; the clearness is weather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dure.methods import known_mean

from . import sun
from .forms import DAY, PAST

if TYPE_CHECKING:
    from datetime import datetime

    from .forms import Request

TILT = 20.0  # degrees towards the equator, where nobody says: the sun's height over such a plane carries the envelope
LOW = 0.03  # sine of the sun's height below which the envelope no longer follows it: refraction, hills, whole hours
LEAST = 0.01  # of the roof's peak: a clearness is counted of at least this much power
CLEAREST = 1.6  # a clearness above this is a change of the clock or of the roof, not of the sky
NOON_DAYS = 5  # noon is seen in the last days, so that a change of the clock is followed
NAMES = (
    "day ahead", "sun", "hour angle", "yesterday", "mean of 7 days", "mean of 28 days", "lowest tenth of 28 days",
    "yesterday as a whole", "mean of 7 days as a whole",
)  # fmt: skip


@dataclass(frozen=True)
class Roof:
    """A roof at the moment of a forecast. Days are windows of 24 hours that end at that moment, the latest last.

    Attributes
    ----------
    past
        Power, days x 24, NaN where unknown.
    clearness
        Power over envelope, days x 24, NaN where unknown or dark.
    envelope
        Power under the clearest sky, for each hour asked; 0 where it is dark.
    height
        Sine of the sun's height, for each hour of the past days and then each hour asked.
    angle
        Hours from noon, for each hour asked.
    peak
        The envelope's highest value.
    """

    past: np.ndarray
    clearness: np.ndarray
    envelope: np.ndarray
    height: np.ndarray
    angle: np.ndarray
    peak: float


def look(past: np.ndarray, first: datetime, hours: int, latitude: float, tilt: float = TILT) -> Roof:
    """See a roof in its last 28 days (or fewer).

    Parameters
    ----------
    past
        Power of the hours before `first`, NaN where unknown; hours that fill no whole day are left out.
    first
        Beginning of the first hour asked, local time.
    hours
        How many are asked.
    latitude
        Degrees north.
    tilt
        Degrees towards the equator. A plane tilted so sees the sun as level ground nearer to the equator does.
    """
    count = min(len(past), PAST) // DAY
    days = past[len(past) - count * DAY :].reshape(count, DAY)
    begin, day = first.hour + first.minute / 60, first.timetuple().tm_yday
    ago = np.arange(-count * DAY, hours).astype(float)
    clock = (begin + ago) % 24
    dates = day + np.floor((begin + ago) / 24)
    noon = _noon(days, clock[:DAY])
    height = sun.height(dates, clock, noon, latitude)
    reach = np.where(height > 0, sun.height(dates, clock, noon, latitude - np.sign(latitude) * tilt), 0)
    reach = np.maximum(reach, LOW)
    known, asked = reach[: count * DAY].reshape(count, DAY), reach[count * DAY :]
    best = _most(days / known)
    column = np.arange(hours) % DAY
    envelope = best[column] * asked
    peak = float(envelope.max(initial=0.0))
    lit = best > 0
    floor = np.maximum(best * known, LEAST * peak)
    clearness = np.where(lit, np.minimum(days / np.where(floor > 0, floor, 1), CLEAREST), np.nan)
    envelope = np.where(lit[column], np.maximum(envelope, LEAST * peak), 0.0)
    return Roof(days, clearness, envelope, height, _angle(clock[count * DAY :], noon), peak)


def roof_of(request: Request, latitude: float) -> Roof:
    """`look` at a request's past; the request's own latitude and tilt count where it has them."""
    past = np.array([np.nan if value is None else value for value in request.past], dtype=float)
    return at_moment(request, latitude, past, request.first, request.hours)


def at_moment(request: Request, latitude: float, past: np.ndarray, first: datetime, hours: int) -> Roof:
    """`look` at the roof of a request at another moment."""
    where = latitude if request.latitude is None else request.latitude
    return look(past, first, hours, where, TILT if request.tilt is None else request.tilt)


def features(roof: Roof) -> np.ndarray:
    """What the weather's memory is learnt from: a row for each hour asked, columns NAMES, NaN where unknown."""
    y, hours = roof.clearness, len(roof.envelope)
    column, daily = np.arange(hours) % DAY, whole_days(roof)
    ones = np.ones(hours)
    table = [
        np.arange(hours) // DAY, roof.height[-hours:], roof.angle, y[-1][column], known_mean(y[-7:], 0)[column], known_mean(y, 0)[column],
        _tenth(y)[column], ones * daily[-1], ones * known_mean(daily[-7:], 0),
    ]  # fmt: skip
    return np.column_stack(table).astype(float)


def whole_days(roof: Roof) -> np.ndarray:
    """Each day's clearness as a whole, hours weighted by the most they gave; NaN where an hour of light is unknown."""
    y, weight = roof.clearness, _most(roof.past)
    light = np.isfinite(y).any(axis=0) & (weight > 0)
    if not light.any():
        return np.full(len(y), np.nan)
    return np.asarray(y[:, light] @ weight[light] / weight[light].sum())


def _noon(days: np.ndarray, clock: np.ndarray) -> float:
    """Clock time of the middle of the light, from the last days that have any; 12 where none has."""
    peak = np.nanmax(days, initial=0.0)
    middles = []
    for row in days[::-1]:
        hours = np.sort(clock[np.nan_to_num(row) > LEAST * peak])
        if hours.size > 2 and np.isfinite(row).all():
            middles.append((hours[0] + hours[-1] + 1) / 2)
        if len(middles) == NOON_DAYS:
            break
    return float(np.mean(middles)) if middles else 12.0


def _angle(clock: np.ndarray, noon: float) -> np.ndarray:
    """Hours from noon of the middle of each hour, -12 to 12."""
    return (clock + 0.5 - noon + 12) % 24 - 12


def _most(days: np.ndarray) -> np.ndarray:
    """Highest known value of each hour; 0 where none is known."""
    return np.nanmax(np.vstack([days, np.zeros(days.shape[1])]), axis=0)


def _tenth(y: np.ndarray) -> np.ndarray:
    """The lowest tenth of each hour's known days (the lower of two), NaN where none is known."""
    ordered = np.sort(y, axis=0)  # NaN last
    count = np.isfinite(y).sum(axis=0)
    at = np.maximum(np.floor(0.1 * (count - 1)).astype(int), 0)
    return np.where(count > 0, ordered[at, np.arange(y.shape[1])], np.nan)
