"""A small neural network that answers with all quantiles at once.

A composite quantile regression network: one hidden trunk, one output a level, trained on the pinball loss smoothed at its kink
(Cannon 2011, Computers & Geosciences 37:1277, who smooths with Huber's norm; here with a logistic step). Levels cannot cross:
the lowest is free and each next adds a softplus step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .forms import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = 20.0  # a softplus step of 1 is a twentieth of the capacity
Weights = list[np.ndarray]  # matrix, offset, matrix, offset, ... of each layer


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
    slope_mean, square_mean = ([np.zeros_like(weight) for weight in weights] for _moment in range(2))
    batch = min(recipe.batch, len(rows))
    steps = recipe.epochs * (len(rows) // batch)
    order = np.concatenate(
        [rng.permutation(len(rows))[: len(rows) // batch * batch] for _epoch in range(recipe.epochs)]
    )
    for step, chosen in enumerate(order.reshape(steps, batch), start=1):
        batch_rows = rows[chosen]
        if own < rows.shape[1]:
            batch_rows[rng.random(batch) < recipe.forget, own:] = 0
        slopes = _slopes(weights, batch_rows, power[chosen], rng, recipe)
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
    signs = [np.where(units > 0, np.float32(1), np.float32(0.01)) for units in layers[1:]]
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
