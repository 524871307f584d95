"""A forest of extremely randomised trees whose leaves keep the distribution of what fell into them.

Meinshausen (2006), Quantile Regression Forests, Journal of Machine Learning Research 7, 983-999; trees are drawn as by Geurts,
Ernst and Wehenkel (2006), Machine Learning 63, 3-42. LightGBM grows and keeps the trees (as text), an .npz file the leaves.
Deviation: a leaf keeps the quantiles at LEVELS of its samples instead of all samples, and a tree counts as much as another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dure import write_atomically
from dure.methods import load_arrays, save_arrays

from .forms import LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    import lightgbm

TREES, LEAVES, SEED = 60, 150, 1
# Chosen on the open rounds: hours of one day are not independent, so leaves are large and trees differ much.
RECIPE = {
    "objective": "l2", "boosting": "rf", "num_leaves": LEAVES, "min_data_in_leaf": 60, "feature_fraction_bynode": 0.3,
    "bagging_fraction": 0.6, "bagging_freq": 1, "extra_trees": True, "max_bin": 63, "verbose": -1, "deterministic": True,
    "force_row_wise": True,
}  # fmt: skip
FEWEST = 200  # rows; below, no forest grows


def _leaves(trees: lightgbm.Booster, rows: np.ndarray, threads: int) -> np.ndarray:
    """The leaf of each row in each tree (rows x trees)."""
    return np.asarray(trees.predict(rows, pred_leaf=True, num_threads=threads)).reshape(len(rows), -1)


class Forest:
    """Grown trees (`booster`) and the quantiles in their leaves, trees x LEAVES x 19."""

    def __init__(self, text: str, leaves: np.ndarray, threads: int) -> None:
        import lightgbm

        self._trees, self._leaves = lightgbm.Booster(model_str=text), leaves
        self._threads = threads

    def quantiles(self, rows: np.ndarray) -> np.ndarray:
        """Quantiles at LEVELS for each row (rows x 19): those of all leaves it falls into, pooled."""
        at = _leaves(self._trees, rows, self._threads)
        pooled = self._leaves[np.arange(at.shape[1])[None], at].reshape(len(rows), -1)
        return np.asarray(np.quantile(pooled, LEVELS, axis=1).T)


def grow(rows: np.ndarray, truth: np.ndarray, weight: np.ndarray, folder: Path, threads: int) -> None:
    """Grow a forest and keep it in `folder`.

    Its draws are always the same (SEED): sixty trees differ little from sixty others, and the same history gives the same answer.
    """
    import lightgbm

    data = lightgbm.Dataset(rows, truth, weight=weight)
    grown = lightgbm.train({**RECIPE, "seed": SEED, "num_threads": threads}, data, TREES)
    at = _leaves(grown, rows, threads)
    leaves = np.zeros((at.shape[1], LEAVES, len(LEVELS)))
    for tree in range(at.shape[1]):
        order = np.argsort(at[:, tree], kind="stable")
        edges = np.flatnonzero(np.diff(at[order, tree])) + 1
        for part in np.split(order, edges):
            leaves[tree, at[part[0], tree]] = np.quantile(truth[part], LEVELS)
    save_arrays(folder / "leaves.npz", leaves=leaves)
    write_atomically(folder / "trees.txt", grown.model_to_string())


def restored(folder: Path, threads: int) -> Forest | None:
    """The forest a folder holds, if it holds a whole one."""
    if not (folder / "trees.txt").is_file():
        return None
    leaves = load_arrays(folder / "leaves.npz")["leaves"]
    return Forest((folder / "trees.txt").read_text(encoding="utf-8"), leaves, threads)
