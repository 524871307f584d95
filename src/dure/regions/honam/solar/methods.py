"""Today's practice, our proposal and what a user would pick instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from dure import write_atomically
from dure.methods import kept_arrays, known_mean

from . import analogues, forest
from .forms import DAY, LEVELS, Request, Response
from .history import AHEAD, Known, known, latitude
from .roof import CLEAREST, Roof, at_moment, features, look, roof_of

if TYPE_CHECKING:
    import polars as pl

    from dure import Method, Work

DIGITS = 4  # of kW for each kW installed in an answer: a tenth of a watt
WEEK = 7
Point = Callable[[np.ndarray, int], np.ndarray]  # past hours, hours asked -> power


# ---- today's practice, and the mean of a week: a curve and the quantiles of its past errors --------------------------------


def yesterday(history: pl.DataFrame, seed: int, work: Work, /) -> Method:
    """Today's practice: yesterday's curve, with a band from its own past errors.

    Errors are kept by day ahead, hour of the day and power (see `_errors`).
    """
    del seed
    return _dressed(_yesterdays_curve, history, work)


def week_mean(history: pl.DataFrame, seed: int, work: Work, /) -> Method:
    """Mean of the last seven days, with a band from its own past errors."""
    del seed
    return _dressed(_weeks_mean, history, work)


def _yesterdays_curve(past: np.ndarray, hours: int) -> np.ndarray:
    """Power at the same hour of the last day, within a week, on which it is known."""
    days = _last_days(past)
    curve = days[-1].copy()
    for row in days[-2::-1]:
        curve = np.where(np.isfinite(curve), curve, row)
    return curve[np.arange(hours) % DAY]


def _weeks_mean(past: np.ndarray, hours: int) -> np.ndarray:
    return np.asarray(known_mean(_last_days(past), 0)[np.arange(hours) % DAY])


def _last_days(past: np.ndarray) -> np.ndarray:
    """The last week (or less) as days x 24, the latest last."""
    count = min(len(past) // DAY, WEEK)
    return past[len(past) - count * DAY :].reshape(count, DAY)


STEP, BINS = 0.2, 7  # power bins: none, then steps of 0.2 kW for each kW installed
FEWEST = 20  # errors of a bin; with fewer those of its hour count, then all


def _bin(curve: np.ndarray) -> np.ndarray:
    return np.where(curve > 0, np.minimum(1 + (curve / STEP).astype(int), BINS - 1), 0)


def _dressed(point: Point, history: pl.DataFrame, work: Work) -> Method:
    errors = kept_arrays(work.folder / "errors.npz", lambda: {"errors": _errors(point, known(history))})["errors"]

    def answer(request: Request) -> Response | None:
        curve = point(_past(request), request.hours)
        if not np.isfinite(curve).all():
            return None
        hour = np.arange(request.hours)
        clock = (request.first.hour + hour) % DAY
        return _response(curve[:, None] + errors[np.minimum(hour // DAY, 1), clock, _bin(curve)])

    return answer


def _errors(point: Point, past: Known | None) -> np.ndarray:
    """Quantiles of truth minus curve by day ahead, hour of the day and power bin: 2 x 24 x BINS x 19."""
    by_bin: dict[tuple[int, int, int], list[float]] = {}
    hour = np.arange(AHEAD)
    for home in past.hours if past else ():
        assert past is not None
        for _midnight, before, after in past.midnights(home):
            curve = point(before, AHEAD)
            bins = _bin(curve)
            for at in np.flatnonzero(np.isfinite(after) & np.isfinite(curve)):
                by_bin.setdefault((hour[at] // DAY, hour[at] % DAY, bins[at]), []).append(after[at] - curve[at])
    everything = [error for errors in by_bin.values() for error in errors] or [0.0]
    table = np.empty((2, DAY, BINS, len(LEVELS)))
    for lead in range(2):
        for clock in range(DAY):
            of_hour = [error for bin_ in range(BINS) for error in by_bin.get((lead, clock, bin_), ())]
            for bin_ in range(BINS):
                of_bin = by_bin.get((lead, clock, bin_), [])
                chosen = next((errors for errors in (of_bin, of_hour) if len(errors) >= FEWEST), everything)
                table[lead, clock, bin_] = np.quantile(chosen, LEVELS)
    return table


# ---- our proposal ---------------------------------------------------------------------------------------------------------

FOREST, ANALOGUES = 2.0, 1.0  # weights of the two; chosen on the open rounds
LATELY = 14  # days on which the band is looked at before it is given
HEED = 0.4  # how far what was seen then moves the levels; chosen on the open rounds
DIM = 0.05  # of the roof's peak: dimmer hours say nothing of the sky


def clear_sky_memory(history: pl.DataFrame, seed: int, work: Work, /) -> Method:
    """Clear-sky envelope of the roof, and the memory of its weather.

    A forest over all roofs and the analogues among the roof's own last weeks are pooled (a linear pool: Stone 1961, Annals of
    Mathematical Statistics 32, 1339-1342). How often the roof's last days lay below its quantiles moves their levels (quantile
    recalibration: Kuleshov, Fenner and Ermon 2018, ICML, PMLR 80). Weather in a request counts as far as it would have helped
    on the roof's own last days.
    """
    del seed
    place = _learnt(history, work)
    trees = forest.restored(work.folder, work.threads)

    def answer(request: Request) -> Response | None:
        roof = roof_of(request, place)
        if not np.isfinite(roof.past[-WEEK:]).any():
            return None
        lit = roof.envelope > 0
        sky = analogues.skies(request, roof)
        share = analogues.worth(roof, sky) if sky is not None else 0.0
        levels = np.array(LEVELS) if share else _levels(request, place, trees)
        clearness = np.zeros((request.hours, len(LEVELS)))
        values, mass = _pooled([roof], trees, sky if share else None, share)
        clearness[lit] = np.array([analogues.weighted(row, mass, levels) for row in values]).reshape(-1, len(LEVELS))
        return _response(clearness * roof.envelope[:, None])

    return answer


def _pooled(
    roofs: list[Roof], trees: forest.Forest | None, sky: np.ndarray | None = None, share: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(clearness for each hour of light asked of each roof, weights): quantiles of the analogues, then of the forest."""
    lit = [roof.envelope > 0 for roof in roofs]
    parts = [np.vstack([analogues.quantiles(roof, sky)[at] for roof, at in zip(roofs, lit, strict=True)])]
    weights = [ANALOGUES + FOREST * share]
    if trees is not None and len(parts[0]):
        parts.append(trees.quantiles(np.vstack([features(roof)[at] for roof, at in zip(roofs, lit, strict=True)])))
        weights.append(FOREST * (1 - share))
    mass = np.concatenate([np.full(part.shape[1], weight) for part, weight in zip(parts, weights, strict=True)])
    return np.concatenate(parts, axis=1), mass


def _levels(request: Request, place: float, trees: forest.Forest | None) -> np.ndarray:
    """The levels to read the pooled distribution at, so that quantiles are what they were called on the roof's last days."""
    levels, past = np.array(LEVELS), _past(request)
    roofs, truths = [], []
    for back in range(1, min(LATELY, len(past) // DAY - 1) + 1):
        at = len(past) - back * DAY
        roof = at_moment(request, place, past[:at], request.first - timedelta(days=back), DAY)
        roofs.append(roof)
        truths.append(
            np.where(roof.envelope > DIM * roof.peak, past[at : at + DAY] / np.maximum(roof.envelope, 1e-9), np.nan)
        )
    if not roofs:
        return levels
    values, mass = _pooled(roofs, trees)
    truth = np.concatenate([clearness[roof.envelope > 0] for clearness, roof in zip(truths, roofs, strict=True)])
    known = np.isfinite(truth) & np.isfinite(values).all(axis=1)
    if not known.any():
        return levels
    below = (values[known] < truth[known, None]) @ mass / mass.sum()
    heed = HEED * len(roofs) / LATELY
    return np.asarray((1 - heed) * levels + heed * np.quantile(below, levels))


def _learnt(history: pl.DataFrame, work: Work) -> float:
    """The latitude learnt; the forest is grown into the folder."""
    file = work.folder / "place.json"
    if file.is_file():
        return float(json.loads(file.read_text(encoding="utf-8"))["latitude"])
    past = known(history)
    place = latitude(past)
    rows, truth, weight = [], [], []
    for number, home in enumerate(past.hours if past else ()):
        assert past is not None
        work.tell(number / (len(past.hours) + 1), home)
        for midnight, before, after in past.midnights(home):
            roof = look(before, midnight, AHEAD, place)
            at = (roof.envelope > 0) & np.isfinite(after)
            rows.append(features(roof)[at])
            truth.append(np.minimum(after[at] / roof.envelope[at], CLEAREST))
            weight.append(roof.envelope[at])
    if sum(map(len, rows)) >= forest.FEWEST:
        forest.grow(np.vstack(rows), np.concatenate(truth), np.concatenate(weight), work.folder, work.threads)
    write_atomically(file, json.dumps({"latitude": place}))
    return place


# ---- what a user would pick instead ---------------------------------------------------------------------------------------

LAGS = (1, 2, 3, 7)
PLAIN = {"objective": "quantile", "verbose": -1, "deterministic": True, "force_row_wise": True}


def plain_lightgbm(history: pl.DataFrame, seed: int, work: Work, /) -> Method:
    """LightGBM on lags as it comes, one model a quantile."""
    import lightgbm

    files = [work.folder / f"{round(100 * level):02d}.txt" for level in LEVELS]
    if not all(file.is_file() for file in files):
        rows, truth = _lagged(known(history))
        if not len(rows):
            return lambda _request: None
        for number, (level, file) in enumerate(zip(LEVELS, files, strict=True)):
            work.tell(number / len(LEVELS), file.stem)
            recipe = {**PLAIN, "alpha": level, "seed": seed, "num_threads": work.threads}
            write_atomically(file, lightgbm.train(recipe, lightgbm.Dataset(rows, truth)).model_to_string())
    models = [lightgbm.Booster(model_str=file.read_text(encoding="utf-8")) for file in files]

    def answer(request: Request) -> Response | None:
        rows = _lags(_past(request), request.first.hour, request.first.timetuple().tm_yday, request.hours)
        quantiles = np.column_stack([model.predict(rows, num_threads=work.threads) for model in models])
        night = np.nanmax(rows[:, 3:], axis=1, initial=0.0) == 0  # dark on every day it knows
        return _response(np.where(night[:, None], 0.0, np.sort(quantiles, axis=1)))

    return answer


def _lags(past: np.ndarray, hour: int, day: int, hours: int) -> np.ndarray:
    """Day ahead, hour of the day, day of the year, power at this hour on the last days, mean of the week."""
    ahead = np.arange(hours)
    days = _last_days(past)
    padded = np.vstack([np.full((WEEK - len(days), DAY), np.nan), days])
    lagged = [padded[-lag][ahead % DAY] for lag in LAGS]
    fixed = [ahead // DAY, (hour + ahead) % DAY, day + (hour + ahead) // DAY]
    return np.column_stack([*fixed, *lagged, _weeks_mean(past, hours)]).astype(float)


def _lagged(past: Known | None) -> tuple[np.ndarray, np.ndarray]:
    rows, truth = [], []
    for home in past.hours if past else ():
        assert past is not None
        for midnight, before, after in past.midnights(home):
            at = np.isfinite(after)
            rows.append(_lags(before, 0, midnight.timetuple().tm_yday, AHEAD)[at])
            truth.append(after[at])
    return (np.vstack(rows), np.concatenate(truth)) if rows else (np.empty((0, 0)), np.empty(0))


# ---- shared -----------------------------------------------------------------------------------------------------------------


def _past(request: Request) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in request.past], dtype=float)


def _response(quantiles: np.ndarray) -> Response:
    """Never negative, never falling with the level; rounded to DIGITS."""
    fair = np.clip(np.sort(np.nan_to_num(quantiles), axis=1), 0, 2)
    return Response(power=np.round(fair, DIGITS).tolist())
