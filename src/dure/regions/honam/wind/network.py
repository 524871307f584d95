"""Our proposal: a small neural network that answers with all quantiles at once, several times over, averaged.

The network is a composite quantile regression network: one hidden trunk, one output a level, trained on the pinball loss
smoothed at its kink (Cannon 2011, Computers & Geosciences 37:1277, who smooths with Huber's norm; here with a logistic step).
Levels cannot cross: the lowest is free and each next adds a softplus step. Quantiles of several networks are averaged level by
level, which keeps a band sharp where averaging probabilities would widen it (Lichtendahl et al. 2013, Management Science 59:1594).

Each network leaves out another stretch of the history. By how much its band would have to be stretched there to hold 80 % is
what all bands are stretched by (conformal prediction from left-out parts: Vovk 2015, Annals of Mathematics and Artificial
Intelligence 74:9): on a short history a network is surer than it should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .forms import LEVELS
from .methods import Predict, each_farm, kept, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from dure import Method, Work

    from .runs import Runs

AROUND = 3  # hours before and after that are looked at
FADES = (3.0, 8.0)  # hours in which the weight of the last known power fades to 1/e
EDGE = 4.0  # standard deviations beyond which an input counts as its edge
LOW, MIDDLE, HIGH = (LEVELS.index(each) for each in (0.1, 0.5, 0.9))
BAND = 0.8  # share of the truth that the band between LOW and HIGH should hold
STEP = 20.0  # a softplus step of 1 is a twentieth of the capacity


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; chosen on the open months alone.

    Parameters
    ----------
    members
        Networks that are averaged.
    hidden
        Units of each hidden layer.
    epochs, batch, rate, decay
        Passes over the hours, hours a step, first step size (it falls to 0 along half a cosine), decoupled weight decay
        (Loshchilov and Hutter 2019, "Decoupled weight decay regularization").
    dropout
        Share of the last hidden units left out in a step (Srivastava et al. 2014).
    forget
        Share of the hours whose neighbours are left out in a step, so that a farm is also foreseen without them.
    smooth
        Width of the smoothed kink, as a share of capacity.
    """

    members: int = 6
    hidden: tuple[int, ...] = (64, 32)
    epochs: int = 12
    batch: int = 256
    rate: float = 6e-3
    decay: float = 0.1
    dropout: float = 0.1
    forget: float = 0.15
    smooth: float = 0.02


RECIPE = Recipe()


def quantile_networks(history: pl.DataFrame, seed: int, work: Work) -> Method:
    """Quantile networks on the wind of the hours around.

    Each hour is foreseen from the wind three hours before to three hours after at every height, the day's mean and highest,
    hour and season, and the last power known, whose weight fades; where other farms' forecasts are there, from theirs too.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    def fit(runs: Runs, folder: Path) -> None:
        rows, own = inputs(runs)
        use = runs.known
        known, power = rows[use].astype(np.float32), runs.power[use].astype(np.float32)
        mean, spread = _standard(known)
        standard = _standardised(known, mean, spread)
        turn = (
            np.arange(len(power)) * RECIPE.members // len(power)
        )  # stretches of time: what comes is another season, too
        needed = np.zeros(len(power))
        for number in range(RECIPE.members):
            left_out = turn == number
            place = folder / f"member-{number}"
            if not (place / "fit.npz").is_file():  # what was fitted before a kill stays
                place.mkdir(parents=True, exist_ok=True)
                work.tell(number / RECIPE.members, f"{number + 1} / {RECIPE.members}")
                with threadpool_limits(work.threads):  # more threads than free cores stall on matrices this small
                    rng = np.random.default_rng([seed, number])
                    weights = trained(standard[~left_out], power[~left_out], own, rng, RECIPE)
                kept(place, **{f"{layer:02d}": each for layer, each in enumerate(weights)})
            needed[left_out] = _stretch(quantiles(_member(place), standard[left_out]), power[left_out])
        kept(
            folder,
            stretch=np.quantile(needed, BAND),
            mean=mean,
            spread=spread,
            heights=sorted(runs.wind),
            neighbours=np.array(_names(runs), dtype=str),
        )

    def taken(folder: Path) -> Predict:
        found = opened(folder)
        places = sorted(folder.glob("member-*"))
        members = [_member(place) for place in places]
        heights, names = found["heights"].tolist(), found["neighbours"].tolist()

        def predict(runs: Runs) -> np.ndarray | None:
            if sorted(runs.wind) != heights:
                return None
            rows, _own = inputs(runs, names)
            standard = _standardised(
                rows.reshape(-1, rows.shape[-1]).astype(np.float32), found["mean"], found["spread"]
            )
            answers = np.mean([quantiles(each, standard) for each in members], axis=0)
            middle = answers[:, MIDDLE, None]
            answers = np.clip(middle + (answers - middle) * found["stretch"], 0, 1)
            return answers.reshape(*runs.hour.shape, len(LEVELS)).astype(float)

        return predict

    return each_farm(history, work, fit, taken)


def _member(place: Path) -> Weights:
    return [weights for _name, weights in sorted(opened(place).items())]


def _stretch(answers: np.ndarray, power: np.ndarray) -> np.ndarray:
    """By how much each band would have to be stretched about its middle to hold what came: 1 at its edge."""
    middle, low, high = (answers[:, place] for place in (MIDDLE, LOW, HIGH))
    side = np.where(power >= middle, high - middle, middle - low)
    return np.abs(power - middle) / np.maximum(side, 1e-3)


# ---- inputs ----------------------------------------------------------------------------------------------------------


def inputs(runs: Runs, neighbours: Sequence[str] | None = None) -> tuple[np.ndarray, int]:
    """What the network sees of each hour.

    Parameters
    ----------
    neighbours
        ``"farm height"`` of the neighbours it was fitted with; None: those of the runs.

    Returns
    -------
    rows
        (runs, hours, columns); NaN where something is not known.
    own
        How many of the columns, from the first, are the farm's own; the rest are its neighbours'.
    """
    hours = runs.hour.shape
    columns = [wave(each * 2 * np.pi) for each in (runs.hour / 24, runs.season) for wave in (np.sin, np.cos)]
    whole = {height: _between(wind) for height, wind in runs.wind.items()}
    for height in sorted(whole):
        columns += _around(whole[height])
    columns += _shear(whole)
    columns += _fading(runs)
    own = len(columns)
    others = {
        f"{name} {height:g}": _between(wind) for name, each in runs.neighbours.items() for height, wind in each.items()
    }
    for name in _names(runs) if neighbours is None else neighbours:
        wind = others.get(name, np.full((*hours, 3), np.nan))
        columns += [wind[..., 0], wind[..., 1], wind[..., 2], _shifted(wind[..., 0], -2), _shifted(wind[..., 0], 2)]
    return np.stack([np.broadcast_to(each, hours) for each in columns], axis=-1), own


def _names(runs: Runs) -> list[str]:
    """The neighbours' greatest heights."""
    return [f"{name} {max(each):g}" for name, each in sorted(runs.neighbours.items()) if each]


def _around(wind: np.ndarray) -> list[np.ndarray]:
    """Of one height: the hour, the hours around, their mean, spread and extremes, the whole run's mean and highest."""
    speed, u, v = (wind[..., part] for part in range(3))
    near = [_shifted(speed, lag) for lag in range(-AROUND, AROUND + 1)]
    sides = [_shifted(each, lag) for each in (u, v) for lag in range(-AROUND, AROUND + 1)]
    window = np.stack(near)
    return [
        *near, *sides, u / (speed + 0.1), v / (speed + 0.1),
        window.mean(axis=0), window.std(axis=0), window.min(axis=0), window.max(axis=0),
        speed.mean(axis=1, keepdims=True), speed.max(axis=1, keepdims=True),
    ]  # fmt: skip


def _shear(whole: dict[float, np.ndarray]) -> list[np.ndarray]:
    """Between the lowest and the greatest height: difference of speed, and the angle by which the wind turns."""
    low, high = whole[min(whole)], whole[max(whole)]
    turned = np.arctan2(high[..., 1] * low[..., 2] - high[..., 2] * low[..., 1],
                        high[..., 1] * low[..., 1] + high[..., 2] * low[..., 2])  # fmt: skip
    return [high[..., 0] - low[..., 0], turned] if len(whole) > 1 else []


def _fading(runs: Runs) -> list[np.ndarray]:
    """The last power known and the past day's mean, by how long ago that is."""
    ahead = np.arange(1, runs.hour.shape[1] + 1) + runs.age[:, None]
    some = ~np.isnan(runs.past)
    filled = np.where(some, runs.past, 0.0)
    count = some.sum(axis=1, keepdims=True)
    newest = runs.past.shape[1] - 1 - some[:, ::-1].argmax(axis=1)
    last = np.where(count > 0, filled[np.arange(len(filled)), newest][:, None], np.nan)
    mean = np.where(count > 0, filled.sum(axis=1, keepdims=True) / np.maximum(count, 1), np.nan)
    weights = [np.exp(-ahead / fade) for fade in FADES]
    return [*(last * weight for weight in weights), mean, *weights]


def _between(wind: np.ndarray) -> np.ndarray:
    """(runs, hours, 3) with missing hours read in between their neighbours of the same run."""
    gaps = np.isnan(wind)
    if not gaps.any():
        return wind
    filled = wind.copy()
    hours = np.arange(wind.shape[1])
    for run, part in zip(*np.nonzero(gaps.any(axis=1)), strict=True):
        there = ~gaps[run, :, part]
        if there.any():
            filled[run, :, part] = np.interp(hours, hours[there], wind[run, there, part])
    return filled


def _shifted(values: np.ndarray, lag: int) -> np.ndarray:
    """(runs, hours) `lag` hours later; beyond the run its edge: a run knows nothing of the next."""
    hours = values.shape[1]
    return values[:, np.clip(np.arange(hours) + lag, 0, hours - 1)]


def _standard(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each column over what is known; a column that says nothing has spread 1."""
    some = ~np.isnan(rows)
    count = np.maximum(some.sum(axis=0), 1)
    mean = np.where(some, rows, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(some, (rows - mean) ** 2, 0).sum(axis=0) / count)
    return mean.astype(np.float32), np.where(spread > 1e-6, spread, 1).astype(np.float32)


def _standardised(rows: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """In standard deviations, between the edges; what is not known counts as usual."""
    return np.nan_to_num(np.clip((rows - mean) / spread, -EDGE, EDGE), nan=0.0)


# ---- the network -----------------------------------------------------------------------------------------------------

Weights = list[np.ndarray]  # matrix, offset, matrix, offset, ... of each layer


def begun(columns: int, power: np.ndarray, rng: np.random.Generator, hidden: Sequence[int]) -> Weights:
    """He's initial weights; the last layer starts at the quantiles of all hours."""
    sizes = [columns, *hidden, len(LEVELS)]
    weights: Weights = []
    for before, after in pairwise(sizes):
        weights += [rng.normal(0, np.sqrt(2 / before), (before, after)).astype(np.float32), np.zeros(after, np.float32)]
    usual = np.quantile(power, LEVELS)
    weights[-2] *= 0.1
    weights[-1][:] = [usual[0], *np.log(np.expm1(np.maximum(np.diff(usual), 1e-3) * STEP))]
    return weights


def quantiles(weights: Weights, rows: np.ndarray) -> np.ndarray:
    """(n, levels): the network's answer as shares of capacity, between 0 and 1."""
    layers = [rows]
    for matrix, offset in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        layers.append(_leaky(layers[-1] @ matrix + offset))
    return np.clip(_stacked(layers[-1] @ weights[-2] + weights[-1]), 0, 1)


def _leaky(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0.01 * values)


def _stacked(outputs: np.ndarray) -> np.ndarray:
    """From outputs to quantiles: the first as it is, each next a softplus step above."""
    steps = np.logaddexp(0, outputs[:, 1:]) / STEP
    return np.concatenate([outputs[:, :1], outputs[:, :1] + np.cumsum(steps, axis=1)], axis=1)


def trained(rows: np.ndarray, power: np.ndarray, own: int, rng: np.random.Generator, recipe: Recipe) -> Weights:
    """Adam with decoupled weight decay on the smoothed pinball loss.

    Parameters
    ----------
    rows
        (n, columns), standardised.
    power
        (n,), shares of capacity.
    own
        Columns before this one are the farm's own, the rest its neighbours'.
    """
    weights = begun(rows.shape[1], power, rng, recipe.hidden)
    slope_mean, square_mean = ([np.zeros_like(each) for each in weights] for _moment in range(2))
    batch = min(recipe.batch, len(rows))
    steps = recipe.epochs * (len(rows) // batch)
    order = np.concatenate(
        [rng.permutation(len(rows))[: len(rows) // batch * batch] for _epoch in range(recipe.epochs)]
    )
    for step, chosen in enumerate(order.reshape(steps, batch), start=1):
        seen = rows[chosen]
        if own < rows.shape[1]:
            seen[rng.random(batch) < recipe.forget, own:] = 0
        slopes = _slopes(weights, seen, power[chosen], rng, recipe)
        rate = recipe.rate * 0.5 * (1 + np.cos(np.pi * step / steps))
        for number, slope in enumerate(slopes):
            slope_mean[number] += 0.1 * (slope - slope_mean[number])
            square_mean[number] += 0.001 * (slope**2 - square_mean[number])
            move = slope_mean[number] / (1 - 0.9**step) / (np.sqrt(square_mean[number] / (1 - 0.999**step)) + 1e-8)
            decay = 0 if number % 2 else recipe.decay * weights[number]  # of matrices, not of offsets
            weights[number] -= rate * (move + decay)
    return weights


def _slopes(
    weights: Weights, rows: np.ndarray, power: np.ndarray, rng: np.random.Generator, recipe: Recipe
) -> list[np.ndarray]:
    """Derivatives of the loss of one batch by every weight."""
    layers = [rows]
    for matrix, offset in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        layers.append(_leaky(layers[-1] @ matrix + offset))
    kept_units = (rng.random(layers[-1].shape, np.float32) > recipe.dropout) / np.float32(1 - recipe.dropout)
    signs = [np.where(each > 0, np.float32(1), np.float32(0.01)) for each in layers[1:]]
    layers[-1] = layers[-1] * kept_units
    outputs = layers[-1] @ weights[-2] + weights[-1]
    error = power[:, None] - _stacked(outputs)
    above = 1 / (1 + np.exp(np.clip(error / recipe.smooth, -30, 30)))  # 1 where the quantile lies above what came
    by_quantile = (above - np.array(LEVELS, np.float32)) / error.size
    by_sum = np.cumsum(by_quantile[:, ::-1], axis=1)[:, ::-1]  # a step lifts every quantile above it
    back = by_sum.copy()
    back[:, 1:] /= (1 + np.exp(-outputs[:, 1:])) * STEP
    slopes: list[np.ndarray] = [np.zeros(0)] * len(weights)
    for layer in range(len(weights) // 2 - 1, -1, -1):
        slopes[2 * layer], slopes[2 * layer + 1] = layers[layer].T @ back, back.sum(axis=0)
        if layer:
            back = back @ weights[2 * layer].T
            back *= signs[layer - 1] * (kept_units if layer == len(layers) - 1 else np.float32(1))
    return slopes
