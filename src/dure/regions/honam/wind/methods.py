"""Today's practice and what a user would pick instead. Each keeps what it fits in its folder, farm by farm."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dure import write_atomically
from dure.methods import known_mean, load_arrays, save_arrays

from .forms import LEVELS, Request, Response
from .runs import Runs, places, recorded, run_of

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from dure import Method, Work

FIT = "fit.npz"
BINS = 24  # of forecast wind speed, equally filled: a few hundred hours of a year in each
Predict = Callable[[Runs], np.ndarray | None]
"""Runs -> (runs, hours, levels) as shares of capacity; None where the farm is not known in this form."""


def each_farm(
    history: pl.DataFrame, work: Work, fit: Callable[[Runs, Path], None], restore: Callable[[Path], Predict]
) -> Method:
    """A method that keeps one model a farm.

    Parameters
    ----------
    fit
        ``fit(runs, folder)`` writes a model of these runs into the folder.
    restore
        ``restore(folder)`` takes it up again.

    A request that names no farm is about the only one known; of a farm that is not known it is declined.
    """
    farms = history["farm"].unique(maintain_order=True).to_list()
    for number, farm in enumerate(farms):
        folder = work.folder / str(number)
        if not (folder / "done.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            work.tell(number / len(farms), farm)
            fit(recorded(history, farm), folder)
            write_atomically(folder / "done.json", json.dumps({"farm": farm}, ensure_ascii=False))
    models = {farm: restore(work.folder / str(number)) for number, farm in enumerate(farms)}

    def answer(request: Request) -> Response | None:
        predict = next(iter(models.values())) if not request.farm and len(models) == 1 else models.get(request.farm)
        shares = predict(run_of(request)) if predict else None
        return None if shares is None else Response(power=to_power(request, shares[0]))

    return answer


def to_power(request: Request, shares: np.ndarray) -> list[list[float]]:
    """Quantiles (hours from the issue, levels) as shares, as kW of the hours asked: in order, from 0 to the capacity."""
    tidy = np.sort(np.clip(shares[places(request)], 0.0, 1.0), axis=1)
    return np.round(np.round(tidy, 5) * request.capacity, 6).tolist()


def power_curve(history: pl.DataFrame, _seed: int, work: Work) -> Method:
    """Power curve on forecast wind speed, with its error band.

    The farm's own curve from its records: the hours known, in 24 equally filled bins of forecast speed at the greatest height;
    in each bin the quantiles of the power that came. Speeds between two bins' means are read in between.
    """

    def fit(runs: Runs, folder: Path) -> None:
        height = max(runs.wind)
        speed, power = runs.wind[height][..., 0][runs.known], runs.power[runs.known]
        parts = [part for part in np.array_split(np.argsort(speed, kind="stable"), BINS) if part.size]
        save_arrays(folder / FIT, height=height, speed=[speed[part].mean() for part in parts],
             power=[np.quantile(power[part], LEVELS) for part in parts])  # fmt: skip

    def restore(folder: Path) -> Predict:
        curve = load_arrays(folder / FIT)
        height = float(curve["height"])

        def predict(runs: Runs) -> np.ndarray | None:
            if height not in runs.wind:
                return None
            speed = runs.wind[height][..., 0]
            return np.stack([np.interp(speed, curve["speed"], level) for level in curve["power"].T], axis=-1)

        return predict

    return each_farm(history, work, fit, restore)


def climatology(history: pl.DataFrame, _seed: int, work: Work) -> Method:
    """Climatology: the quantiles of all hours known, always the same."""

    def fit(runs: Runs, folder: Path) -> None:
        save_arrays(folder / FIT, power=np.quantile(runs.power[~np.isnan(runs.power)], LEVELS))

    def restore(folder: Path) -> Predict:
        usual = load_arrays(folder / FIT)["power"]
        return lambda runs: np.broadcast_to(usual, (*runs.hour.shape, usual.size))

    return each_farm(history, work, fit, restore)


def lightgbm_quantiles(history: pl.DataFrame, seed: int, work: Work) -> Method:
    """LightGBM, a quantile regression for each level.

    As a user would set it up: the wind of the hour at each height, hour and season, the last power known and the past day's
    mean; LightGBM's own settings.
    """
    import lightgbm

    def fit(runs: Runs, folder: Path) -> None:
        others = [(name, height) for name, winds in runs.neighbours.items() for height in sorted(winds)]
        rows, power = _plain(runs, others)[runs.known], runs.power[runs.known]
        data = lightgbm.Dataset(rows, power, params={"verbose": -1}, free_raw_data=False)
        for level in LEVELS:
            settings = {
                "objective": "quantile", "alpha": level, "seed": seed, "num_threads": work.threads, "verbose": -1,
                "deterministic": True, "force_row_wise": True,
            }  # fmt: skip
            booster = lightgbm.train(settings, data, num_boost_round=100)
            write_atomically(folder / f"{level:.2f}.txt", booster.model_to_string())
        names, near = [name for name, _height in others], [height for _name, height in others]
        save_arrays(
            folder / FIT, heights=sorted(runs.wind), names=np.array(names, dtype=str), near=np.array(near, dtype=float)
        )

    def restore(folder: Path) -> Predict:
        arrays = load_arrays(folder / FIT)
        heights, others = (
            arrays["heights"].tolist(),
            list(zip(arrays["names"].tolist(), arrays["near"].tolist(), strict=True)),
        )
        models = [lightgbm.Booster(model_file=str(folder / f"{level:.2f}.txt")) for level in LEVELS]

        def predict(runs: Runs) -> np.ndarray | None:
            if sorted(runs.wind) != heights:
                return None
            rows = _plain(runs, others).reshape(runs.hour.size, -1)
            levels = [model.predict(rows, num_threads=work.threads) for model in models]
            return np.stack(levels, axis=-1).reshape(*runs.hour.shape, len(LEVELS))

        return predict

    return each_farm(history, work, fit, restore)


def _plain(runs: Runs, others: Sequence[tuple[str, float]]) -> np.ndarray:
    """(runs, hours, columns): what a user would hand to LightGBM; missing values, and neighbours, stay missing.

    `others` are the neighbours it was fitted with, and their heights.
    """
    hours = runs.hour.shape
    known = [runs.wind[height][..., part] for height in sorted(runs.wind) for part in range(3)]
    missing = np.full((*hours, 1), np.nan)
    known += [runs.neighbours.get(name, {}).get(height, missing)[..., 0] for name, height in others]
    day = known_mean(runs.past, 1)
    last = np.array([line[~np.isnan(line)][-1] if (~np.isnan(line)).any() else np.nan for line in runs.past])
    known += [np.broadcast_to(values[:, None], hours) for values in (last, day)]
    known += [runs.hour, runs.season, np.broadcast_to(np.arange(hours[1]), hours)]
    return np.stack(known, axis=-1).astype(float)
