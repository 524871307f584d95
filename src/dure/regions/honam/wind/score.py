"""What an answer was worth: pinball loss against climatology, coverage, error, and won under the forecast scheme."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dure.methods import pinball

from .forms import LEVELS

if TYPE_CHECKING:
    from dure import Case

    from .forms import Response

FINE = np.arange(1, 100) / 100  # the levels of the pinball loss, as in GEFCom2014 (Hong et al. 2016)
MEDIAN, LOW, HIGH = LEVELS.index(0.5), LEVELS.index(0.1), LEVELS.index(0.9)


def fine(quantiles: np.ndarray) -> np.ndarray:
    """From the 19 levels of an answer (n, 19) to .01 ... .99 (n, 99): straight between levels, level beyond the last."""
    return np.stack([np.interp(FINE, LEVELS, row) for row in quantiles])


def climatology_loss(history: np.ndarray, truth: np.ndarray) -> float:
    """Sum of the losses over the hours `truth` (n,) of always saying the empirical quantiles of all hours `before`."""
    return float(pinball(np.tile(np.quantile(history, FINE), (truth.size, 1)), truth, FINE).sum())


def score(case: Case, outcome: Response) -> dict[str, float]:
    """Sums over the hours whose power was measured; power and losses as shares of capacity."""
    capacity = case.request.capacity
    measured = np.array([np.nan if power is None else power / capacity for power in case.truth["power"]], dtype=float)
    known = ~np.isnan(measured)
    quantiles, measured = np.array(outcome.power)[known] / capacity, measured[known]
    days = [hour for hour, is_known in zip(case.request.time, known, strict=True) if is_known]
    won, energy = settlement(quantiles[:, MEDIAN], measured, days)
    return {
        "hours": float(known.sum()),
        "pinball": float(pinball(fine(quantiles), measured, FINE).sum()),
        "climatology": case.truth["climatology"],
        # an edge of the band that meets the power exactly (0, or capacity) holds it
        "covered": float(((measured >= quantiles[:, LOW] - 1e-9) & (measured <= quantiles[:, HIGH] + 1e-9)).sum()),
        "absolute": float(np.abs(measured - quantiles[:, MEDIAN]).sum()),
        "won": won,
        "energy": energy,
    }


# ---- the forecast scheme ---------------------------------------------------------------------------------------------


@cache
def scheme() -> list[dict[str, Any]]:
    """The parameters of the forecast scheme by the day they began, the oldest first (scheme.toml)."""
    with (Path(__file__).parent / "scheme.toml").open("rb") as file:
        return sorted(tomllib.load(file)["period"], key=lambda period: period["since"])


def in_force(day: date) -> dict[str, Any]:
    """The period of a day; a day before the scheme began is settled by the newest, as if it were today."""
    begun = [period for period in scheme() if period["since"] <= day]
    return begun[-1] if begun else scheme()[-1]


def settlement(forecast: np.ndarray, measured: np.ndarray, hours: list[datetime]) -> tuple[float, float]:
    """Won and energy of the hours that count, per kW of capacity [won/kW, kWh/kW].

    Parameters
    ----------
    forecast, measured
        (n,) as shares of capacity.
    hours
        Beginnings of the hours; each is settled by the rule of its day.
    """
    won = energy = 0.0
    for predicted, power, hour in zip(forecast.tolist(), measured.tolist(), hours, strict=True):
        rule = in_force(hour.date())
        if power < rule["least_utilisation"]:
            continue
        error = abs(predicted - power)  # of capacity
        energy += power
        won += power * next((band["won"] for band in rule["bands"] if error <= band["error"]), 0.0)
    return won, energy
