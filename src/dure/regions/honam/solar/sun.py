"""The sun's geometry: how high it stands, how long a day is, and the latitude that days of such length belong to.

Equations are those of Duffie and Beckman, Solar Engineering of Thermal Processes (4th edition, 2013), chapter 1.
"""

from __future__ import annotations

import numpy as np

YEAR = 365.25
STEPS = 6  # moments of an hour over which the sun's height is averaged
LATITUDES = np.arange(0.0, 66.0, 0.5)
MIDDLE = 35.0  # where nothing is known: between Jeju and Seoul, and the latitude of the published homes within a degree


def declination(day: np.ndarray | float) -> np.ndarray:
    """Declination in radians on a day of the year (1 to 366); Cooper's equation (1.6.1a)."""
    return np.radians(23.45) * np.sin(2 * np.pi * (284 + np.asarray(day, dtype=float)) / 365)


def height(day: np.ndarray, clock: np.ndarray, noon: float, latitude: float) -> np.ndarray:
    """Mean sine of the sun's height over the hour that begins at `clock` (equation 1.6.5); 0 below the horizon.

    Parameters
    ----------
    day, clock
        Day of the year and hour at its beginning, of one shape.
    noon
        Clock time at which the sun stands highest, in hours.
    latitude
        In degrees.
    """
    phi, delta = np.radians(latitude), declination(day)
    moments = (np.arange(STEPS) + 0.5) / STEPS
    angle = np.pi / 12 * (np.asarray(clock)[..., None] + moments - noon)
    sine = np.sin(phi) * np.sin(delta)[..., None] + np.cos(phi) * np.cos(delta)[..., None] * np.cos(angle)
    return np.maximum(sine, 0.0).mean(axis=-1)


def length(day: np.ndarray, latitude: np.ndarray | float) -> np.ndarray:
    """Hours from sunrise to sunset (equation 1.6.11)."""
    cosine = -np.tan(np.radians(latitude)) * np.tan(declination(day))
    return 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))


def latitude_of(day: np.ndarray, light: np.ndarray) -> float:
    """The northern latitude whose days are as long as those seen; MIDDLE where none was seen.

    Hours are counted whole: the one in which the sun rises and the one in which it sets may count although half of each
    is dark, and a low sun may not wake an inverter. Over a year both cancel to about a degree.

    Parameters
    ----------
    day
        Days of the year.
    light
        Hours with any power on each of them.
    """
    if not len(day):
        return MIDDLE
    misfit = [np.square(light - length(day, latitude)).sum() for latitude in LATITUDES]
    return float(LATITUDES[int(np.argmin(misfit))])
