"""Our proposal: several quantile networks, averaged, with a band that is honest where the history is short.

Quantiles of several networks are averaged level by level, which keeps a band sharp where averaging probabilities would widen it
(Lichtendahl et al. 2013, Management Science 59:1594).

Each network leaves out another stretch of the history. By how much its band would have to be stretched there to hold 80 % is
what all bands are stretched by (conformal prediction from left-out parts: Vovk 2015, Annals of Mathematics and Artificial
Intelligence 74:9): on a short history a network is surer than it should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dure.methods import load_arrays, save_arrays

from .forms import LEVELS
from .inputs import column_scale, inputs, neighbour_names, standardised
from .methods import FIT, Predict, each_farm
from .network import Recipe, Weights, quantiles, trained

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from dure import Method, Work

    from .runs import Runs

LOW, MIDDLE, HIGH = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
BAND = 0.8  # share of the truth that the band between LOW and HIGH should hold
RECIPE = Recipe()


def quantile_networks(history: pl.DataFrame, seed: int, work: Work) -> Method:
    """Quantile networks on the wind of the hours around.

    Each hour is foreseen from the wind three hours before to three hours after at every height, the day's mean and highest,
    hour and season, and the last power known, whose weight fades; where other farms' forecasts are there, from theirs too.
    """
    return each_farm(history, work, lambda runs, folder: _fit(runs, folder, seed, work), _restored)


def _fit(runs: Runs, folder: Path, seed: int, work: Work) -> None:
    """Train the networks, and keep by how much their bands are to be stretched."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    rows, own = inputs(runs)
    known, power = rows[runs.known].astype(np.float32), runs.power[runs.known].astype(np.float32)
    mean, spread = column_scale(known)
    standard = standardised(known, mean, spread)
    part = np.arange(len(power)) * RECIPE.members // len(power)  # stretches of time: what comes is another season, too
    needed = np.zeros(len(power))
    for number in range(RECIPE.members):
        left_out = part == number
        place = folder / f"member-{number}"
        if not (place / FIT).is_file():  # what was fitted before a kill stays
            place.mkdir(parents=True, exist_ok=True)
            work.tell(number / RECIPE.members, f"{number + 1} / {RECIPE.members}")
            with threadpool_limits(work.threads):  # more threads than free cores stall on matrices this small
                rng = np.random.default_rng([seed, number])
                weights = trained(standard[~left_out], power[~left_out], own, rng, RECIPE)
            save_arrays(place / FIT, **{f"{layer:02d}": weight for layer, weight in enumerate(weights)})
        needed[left_out] = _stretch(quantiles(_member(place), standard[left_out]), power[left_out])
    save_arrays(
        folder / FIT,
        stretch=np.quantile(needed, BAND),
        mean=mean,
        spread=spread,
        heights=sorted(runs.wind),
        neighbours=np.array(neighbour_names(runs), dtype=str),
    )


def _restored(folder: Path) -> Predict:
    """The networks a folder holds, averaged."""
    arrays = load_arrays(folder / FIT)
    members = [_member(place) for place in sorted(folder.glob("member-*"))]
    heights, names = arrays["heights"].tolist(), arrays["neighbours"].tolist()

    def predict(runs: Runs) -> np.ndarray | None:
        if sorted(runs.wind) != heights:
            return None
        rows, _own = inputs(runs, names)
        flat = rows.reshape(-1, rows.shape[-1]).astype(np.float32)
        standard = standardised(flat, arrays["mean"], arrays["spread"])
        answers = np.mean([quantiles(weights, standard) for weights in members], axis=0)
        middle = answers[:, MIDDLE, None]
        answers = np.clip(middle + (answers - middle) * arrays["stretch"], 0, 1)
        return answers.reshape(*runs.hour.shape, len(LEVELS)).astype(float)

    return predict


def _member(place: Path) -> Weights:
    return [weights for _name, weights in sorted(load_arrays(place / FIT).items())]


def _stretch(answers: np.ndarray, power: np.ndarray) -> np.ndarray:
    """By how much each band would have to be stretched about its middle to hold what came: 1 at its edge."""
    middle, low, high = (answers[:, place] for place in (MIDDLE, LOW, HIGH))
    side = np.where(power >= middle, high - middle, middle - low)
    return np.abs(power - middle) / np.maximum(side, 1e-3)
