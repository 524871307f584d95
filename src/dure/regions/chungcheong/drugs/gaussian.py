"""An exact Gaussian process on similarities of molecules: fit, noise and intervals from left-out errors in closed form.

Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, chapters 2.2 and 5.4.2. Min-max kernels on counts:
Ralaivola et al. 2005, Neural Networks 18:1093; for regression in chemistry: Griffiths et al. 2023 (GAUCHE), NeurIPS 36.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dure import Work

NOISES = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5)  # variance of the noise over that of the process
MIDDLE = 0.8
SHARE, WIDTH = 0.2, 6.0  # of the kernel on properties of whole molecules, and how far it reaches


def kernel_of(similarity: np.ndarray, asked: np.ndarray, known: np.ndarray) -> np.ndarray:
    """One kernel, (asked, known), with ones on the diagonal.

    Parameters
    ----------
    similarity
        (kinds, asked, known) min-max similarities of parts, of which the mean is taken.
    asked, known
        (molecules, properties), standardised: size, lipophilicity and the like, which parts tell poorly of a new
        scaffold. A radial kernel with the mean squared difference; its share was chosen by cross-validation on compounds
        that both splits know.
    """
    apart = (asked**2).mean(axis=1)[:, None] + (known**2).mean(axis=1)[None] - 2 * asked @ known.T / asked.shape[1]
    return np.asarray(
        (1 - SHARE) * similarity.mean(axis=0, dtype=np.float64) + SHARE * np.exp(-np.maximum(apart, 0) / WIDTH)
    )


def fit_process(kernel: np.ndarray, potency: np.ndarray, scaffolds: Sequence[str], work: Work) -> dict[str, np.ndarray]:
    """Fit on known compounds.

    Parameters
    ----------
    kernel
        (n, n) of the known compounds, with ones on the diagonal.
    potency
        (n,), log10.
    scaffolds
        (n,), "" for no ring: such a compound is a scaffold of its own.

    Returns
    -------
    dict
        ``mean``; ``weights`` (n,), so that a prediction is ``mean + kernel @ weights``; ``root`` (n, n), so that the
        variance explained is the squared length of ``kernel @ root``; ``noise``; ``scale``: from the process's standard
        deviation to half the 80 % interval.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    mean = float(potency.mean())
    rest = potency - mean
    with threadpool_limits(work.threads):
        values, vectors = np.linalg.eigh(kernel)
        values, turned, squares = np.maximum(values, 0), vectors.T @ rest, vectors**2

        def left_out(noise: float) -> float:
            inverse = 1 / (values + noise)
            return float(np.mean(((vectors @ (turned * inverse)) / (squares @ inverse)) ** 2))

        noise = min(NOISES, key=left_out)
        inverse = 1 / (values + noise)
        weights = vectors @ (turned * inverse)
        scale = _scale(vectors @ (inverse[:, None] * vectors.T), weights, scaffolds)
    root = (vectors * np.sqrt(inverse)).astype(np.float32)
    return {
        "mean": np.array(mean), "weights": weights, "root": root, "noise": np.array(noise), "scale": np.array(scale),
    }  # fmt: skip


def _scale(precision: np.ndarray, weights: np.ndarray, scaffolds: Sequence[str]) -> float:
    """Half of the 80 % interval, in standard deviations of a process of variance 1.

    A compound left out alone has the error ``weights / diagonal of the precision``, and the diagonal's inverse as
    variance (equations 5.10 to 5.12). A whole scaffold left out has the same with blocks for numbers: a molecule of a
    new scaffold is asked as often as one of a known scaffold, so both kinds of errors count, half and half.
    """
    diagonal = np.diag(precision)
    alone = np.abs(weights) / np.sqrt(diagonal)
    groups: dict[str, list[int]] = {}
    for place, scaffold in enumerate(scaffolds):
        groups.setdefault(scaffold or f"no ring {place}", []).append(place)
    together = np.empty(len(weights))
    for group in groups.values():
        covariance = np.linalg.inv(precision[np.ix_(group, group)])
        together[group] = np.abs(covariance @ weights[group]) / np.sqrt(np.diag(covariance))
    return float(np.quantile(np.concatenate([alone, together]), MIDDLE))


def predict_process(kernel: np.ndarray, fitted: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Potency and half the width of its 80 % interval for a kernel (asked, known)."""
    explained = ((kernel @ fitted["root"]) ** 2).sum(axis=1)
    variance = np.maximum(1 + fitted["noise"] - explained, fitted["noise"])  # rounding must not make it smaller
    return fitted["mean"] + kernel @ fitted["weights"], fitted["scale"] * np.sqrt(variance)
