"""Four ways to a potency. Each is fitted target by target when a target is first asked, and kept as arrays in its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dure import UserError, nearest
from dure.methods import column_scale, kept_arrays

from . import chem
from .forms import Estimate, Request, Response, _
from .gaussian import fit_process, kernel_of, predict_process

if TYPE_CHECKING:
    from dure import Case, Work

Arrays = dict[str, np.ndarray]
ACTIVE = 7.0  # 100 nM
DOMAIN = 0.5  # similarity from which a molecule is in the domain without a known scaffold
# Known compounds that near a molecule and so far apart warn of a cliff. Among compounds that both rounds know, of five
# targets, a third are on one; of those warned of more than half, and six in ten of all that are on one are warned of.
NEAR, TENFOLD = 0.7, 1.0
MIDDLE = 0.8  # share of the truth that an interval should hold
FOLDS = 5
REMEMBERED = 100_000  # estimates: a target's list asks again what was asked one by one


@dataclass(frozen=True)
class Known:
    """What is known of one target: SMILES and potencies in the order of the history."""

    smiles: tuple[str, ...]
    potency: np.ndarray

    @cached_property
    def library(self) -> chem.Library:
        """The compounds by all four kinds of parts."""
        return chem.Library([chem.parts(smiles) for smiles in self.smiles])

    @cached_property
    def ecfp(self) -> chem.Library:
        """The compounds by ECFP4 alone."""
        return chem.Library([chem.parts(smiles)[:1] for smiles in self.smiles])

    @cached_property
    def properties(self) -> np.ndarray:
        """Properties of the compounds, (n, properties)."""
        return np.stack([chem.properties(smiles) for smiles in self.smiles])

    def standard(self, properties: np.ndarray) -> np.ndarray:
        """Properties of molecules, (molecules, properties), in standard deviations of the known compounds'."""
        mean, spread = column_scale(self.properties)
        return np.asarray((properties - mean) / spread)

    @cached_property
    def scaffolds(self) -> frozenset[str]:
        """Their scaffolds; no ring is none."""
        return frozenset(map(chem.scaffold, self.smiles)) - {""}


Fit = Callable[[Known, int, "Work"], Arrays]
Predict = Callable[[Known, Arrays, Sequence[str], np.ndarray], tuple[np.ndarray, np.ndarray]]


def nearest_compound(history: Sequence[Case], seed: int, work: Work) -> Callable[[Request], Response]:
    """Potency of the nearest known compound.

    Read-across from one neighbour, by the Tanimoto similarity of ECFP4 counts; equals are averaged. The interval is as
    wide as 80 % of the known compounds' own errors, each predicted from the others.
    """

    def fit(known: Known, _seed: int, _work: Work) -> Arrays:
        similarity = known.ecfp.similarities([chem.parts(smiles)[:1] for smiles in known.smiles])[0]
        np.fill_diagonal(similarity, -1)
        return {"half": _half(known.potency - _of_the_nearest(similarity, known.potency))}

    def predict(
        known: Known, fitted: Arrays, _smiles: Sequence[str], similarity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return _of_the_nearest(similarity, known.potency), np.full(len(similarity), fitted["half"])

    return _method(history, seed, work, fit, predict)


def gaussian_process(history: Sequence[Case], seed: int, work: Work) -> Callable[[Request], Response]:
    """Gaussian process on four kinds of molecular parts.

    Exact. Four fifths of the kernel are the min-max Tanimoto similarity averaged over counts of chiral ECFP4, FCFP6, atom
    pairs and torsions, one fifth is radial on ten properties such as size and lipophilicity; the noise is chosen by
    leave-one-out errors in closed form (`gaussian.py`). The interval is its predictive one, scaled so that 80 % of the
    known compounds lie within when they are left out alone, and with their whole scaffold.
    """

    def predict(
        known: Known, fitted: Arrays, smiles: Sequence[str], _similarity: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return predict_process(_kernel_of_smiles(known, smiles), fitted)

    return _method(history, seed, work, _fit_process, predict)


def _kernel(known: Known, parts: Sequence[tuple[np.ndarray, ...]], properties: Sequence[np.ndarray]) -> np.ndarray:
    similarity = known.library.similarities(parts)
    return kernel_of(similarity, known.standard(np.stack(properties)), known.standard(known.properties))


def _kernel_of_smiles(known: Known, smiles: Sequence[str]) -> np.ndarray:
    return _kernel(known, [chem.parts(text) for text in smiles], [chem.properties(text) for text in smiles])


def _fit_process(known: Known, _seed: int, work: Work) -> Arrays:
    scaffolds = [chem.scaffold(smiles) for smiles in known.smiles]
    return fit_process(_kernel_of_smiles(known, known.smiles), known.potency, scaffolds, work)


def potencies(known: Known, target: str, work: Work) -> Callable[[Sequence[Any]], np.ndarray]:
    """The Gaussian process's potency of RDKit molecules and nothing else: neither interval nor neighbours nor alerts.

    What is computed of a molecule is not remembered: those of a million are asked once.
    """
    fitted = _fitted_arrays(work, target, lambda: _fit_process(known, 0, work))

    def answer(mols: Sequence[Any]) -> np.ndarray:
        kernel = _kernel(known, list(map(chem.parts_of, mols)), list(map(chem.properties_of, mols)))
        return np.asarray(fitted["mean"] + kernel @ fitted["weights"])

    return answer


def support_vectors(history: Sequence[Case], seed: int, work: Work) -> Callable[[Request], Response]:
    """Support vector machine on ECFP4.

    The best of the 24 methods of van Tilborg et al. 2022 (J. Chem. Inf. Model. 62:5938): regression with a radial kernel
    on 1,024 bits of radius 2. C and gamma by cross-validation in five parts on the known compounds, of which 600 are
    drawn where there are more.
    """
    return _method(history, seed, work, _fit_vectors, _predict_vectors)


def random_forest(history: Sequence[Case], seed: int, work: Work) -> Callable[[Request], Response]:
    """Random forest on ECFP4.

    scikit-learn's, 100 trees on 1,024 bits of radius 2, a fifth of them tried at each branch; kept as arrays of nodes.
    """
    return _method(history, seed, work, _fit_forest, _predict_forest)


# ---- what all have in common -------------------------------------------------------------------------------------------


def _method(
    history: Sequence[Case], seed: int, work: Work, fit: Fit, predict: Predict
) -> Callable[[Request], Response]:
    """A method that fits a target when it is first asked, and remembers what it said of a molecule."""
    targets = by_target(history)
    fitted: dict[str, Arrays] = {}
    remembered: dict[tuple[str, str], Estimate] = {}

    def answer(asked: Request) -> Response:
        known = targets.get(asked.target)
        if known is None:
            raise unknown(asked.target, list(targets))
        if asked.target not in fitted:
            fitted[asked.target] = _fitted_arrays(work, asked.target, lambda: fit(known, seed, work))
        new = [smiles for smiles in dict.fromkeys(asked.molecules) if (asked.target, smiles) not in remembered]
        for start in range(0, len(new), chem.BLOCK):
            part = new[start : start + chem.BLOCK]
            for smiles, estimate in zip(part, _estimates(known, fitted[asked.target], part, predict), strict=True):
                remembered[asked.target, smiles] = estimate
        response = Response(estimates=[remembered[asked.target, smiles] for smiles in asked.molecules])
        while len(remembered) > REMEMBERED:
            del remembered[next(iter(remembered))]  # the oldest: a service runs for months
        return response

    return answer


def by_target(history: Sequence[Case]) -> dict[str, Known]:
    """What is known of each target of a history."""
    columns: dict[str, tuple[list[str], list[float]]] = {}
    for case in history:
        smiles, potency = columns.setdefault(case.request.target, ([], []))
        smiles += case.request.molecules
        potency += case.truth["potency"]
    return {target: Known(tuple(smiles), np.array(potency)) for target, (smiles, potency) in columns.items()}


def unknown(target: str, names: list[str]) -> UserError:
    """What is said of a target that is not among those with known compounds."""
    close = nearest(target, names)
    cure = _("Did you mean {name}?", name=close) if close else ", ".join(names)
    return UserError(_("nothing is known of the target {target}", target=target), cure=cure)


def _fitted_arrays(work: Work, target: str, fit: Callable[[], Arrays]) -> Arrays:
    """The arrays fitted before in this folder, else `fit()`, written down."""
    place = work.folder / f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.npz"

    def begun() -> Arrays:
        work.tell(0.0, target)
        return fit()

    return kept_arrays(place, begun)


def _estimates(known: Known, fitted: Arrays, smiles: Sequence[str], predict: Predict) -> list[Estimate]:
    """Estimates of molecules; raises UserError naming the one that cannot be read."""
    for place, text in enumerate(smiles, start=1):
        if chem.molecule(text) is None:
            raise UserError(_("molecule {place} cannot be read: {smiles}", place=place, smiles=text[:80]))
    similarity = known.ecfp.similarities([chem.parts(text)[:1] for text in smiles])[0]
    potency, half = predict(known, fitted, smiles, similarity)
    active = known.potency >= ACTIVE
    return [
        _estimate(known, text, similarity[place], active, float(potency[place]), float(half[place]))
        for place, text in enumerate(smiles)
    ]


def _estimate(
    known: Known, smiles: str, similarity: np.ndarray, active: np.ndarray, potency: float, half: float
) -> Estimate:
    first = int(np.argmax(similarity))
    best = int(np.argmax(np.where(active, similarity, -1))) if active.any() else None
    near = known.potency[similarity >= NEAR]
    alerts, lipinski, veber = chem.rules(smiles)
    return Estimate(
        potency=potency,
        low=potency - half,
        high=potency + half,
        nearest=known.smiles[first],
        nearest_potency=float(known.potency[first]),
        similarity=_share(similarity[first]),
        active=known.smiles[best] if best is not None else "",
        active_similarity=_share(similarity[best]) if best is not None else 0.0,
        in_domain=bool(similarity[first] >= DOMAIN or chem.scaffold(smiles) in known.scaffolds),
        cliff=bool(near.size > 1 and np.ptp(near) > TENFOLD),
        alerts=list(alerts),
        lipinski=lipinski,
        veber=veber,
    )


def _share(value: Any) -> float:
    return min(1.0, max(0.0, float(value)))


def _of_the_nearest(similarity: np.ndarray, potency: np.ndarray) -> np.ndarray:
    """The mean potency of the nearest compounds of each row; 1e-6: equals differ by rounding."""
    equal = similarity >= similarity.max(axis=1, keepdims=True) - 1e-6
    return np.asarray((equal * potency).sum(axis=1) / equal.sum(axis=1))


def _half(errors: np.ndarray) -> np.ndarray:
    """Half the width of an interval that holds 80 % of these errors (split conformal: Lei et al. 2018, JASA 113:1094)."""
    return np.quantile(np.abs(errors), min(1.0, MIDDLE * (1 + 1 / len(errors))))


def _bits(smiles: Sequence[str]) -> np.ndarray:
    """(molecules, 1024) of 0 and 1, float32."""
    return np.unpackbits(np.stack([chem.bits(text) for text in smiles]), axis=1).astype(np.float32)


def _parts(count: int, seed: int) -> np.ndarray:
    """A part 0..FOLDS-1 for each of `count` rows, drawn."""
    return np.random.default_rng(seed).permutation(count) % FOLDS


# ---- support vectors ---------------------------------------------------------------------------------------------------

GAMMAS, COSTS, MOST_ROWS = (0.003, 0.01, 0.03), (1.0, 3.0, 10.0), 600


def _squares(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Squared distances of bit vectors."""
    return np.asarray(rows.sum(1)[:, None] + columns.sum(1)[None] - 2 * rows @ columns.T)


def _vectors(kernel: np.ndarray, potency: np.ndarray, cost: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Support vectors (places), their dual coefficients, and the intercept."""
    from sklearn.svm import SVR

    fitted = SVR(kernel="precomputed", C=cost, epsilon=0.1, cache_size=500).fit(kernel, potency)
    return fitted.support_, fitted.dual_coef_[0], float(fitted.intercept_[0])


def _left_out(distances: np.ndarray, potency: np.ndarray, gamma: float, cost: float, part: np.ndarray) -> np.ndarray:
    """The error of each row, predicted from the other parts."""
    kernel, errors = np.exp(-gamma * distances), np.empty(len(potency))
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        places, dual, intercept = _vectors(kernel[np.ix_(inside, inside)], potency[inside], cost)
        errors[outside] = kernel[np.ix_(outside, inside[places])] @ dual + intercept - potency[outside]
    return errors


def _fit_vectors(known: Known, seed: int, work: Work) -> Arrays:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    bits, centre = _bits(known.smiles), float(known.potency.mean())
    potency = known.potency - centre
    drawn = np.sort(np.random.default_rng(seed).permutation(len(potency))[:MOST_ROWS])
    with threadpool_limits(work.threads):
        distances, part = _squares(bits[drawn], bits[drawn]).astype(np.float64), _parts(len(drawn), seed)
        tried = {
            (gamma, cost): _left_out(distances, potency[drawn], gamma, cost, part) for gamma in GAMMAS for cost in COSTS
        }
        gamma, cost = min(tried, key=lambda pair: float(np.mean(tried[pair] ** 2)))
        kernel = np.exp(-gamma * _squares(bits, bits).astype(np.float64))
        places, dual, intercept = _vectors(kernel, potency, cost)
    return {
        "places": places, "dual": dual, "intercept": np.array(intercept + centre), "gamma": np.array(gamma),
        "cost": np.array(cost), "half": _half(tried[gamma, cost]),
    }  # fmt: skip


def _predict_vectors(
    known: Known, fitted: Arrays, smiles: Sequence[str], _similarity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    vectors = _bits([known.smiles[place] for place in fitted["places"]])
    kernel = np.exp(-fitted["gamma"] * _squares(_bits(smiles), vectors).astype(np.float64))
    return kernel @ fitted["dual"] + fitted["intercept"], np.full(len(smiles), fitted["half"])


# ---- random forest -----------------------------------------------------------------------------------------------------

TREES, TRIED = 100, 0.2


def _fit_forest(known: Known, seed: int, work: Work) -> Arrays:
    from sklearn.ensemble import RandomForestRegressor

    bits = _bits(known.smiles)
    forest = RandomForestRegressor(TREES, max_features=TRIED, oob_score=True, random_state=seed, n_jobs=work.threads)
    forest.fit(bits, known.potency)
    trees = [estimator.tree_ for estimator in forest.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    shifted = [
        (tree.children_left + start, tree.children_right + start) for tree, start in zip(trees, starts, strict=False)
    ]
    feature = np.concatenate([tree.feature for tree in trees]).astype(np.int16)
    return {
        "starts": starts[:-1].astype(np.int32), "feature": feature,
        "left": np.concatenate([left for left, _right in shifted]).astype(np.int32),
        "right": np.concatenate([right for _left, right in shifted]).astype(np.int32),
        "value": np.concatenate([tree.value[:, 0, 0] for tree in trees]),
        "half": _half(forest.oob_prediction_ - known.potency),
    }  # fmt: skip


def _predict_forest(
    _known: Known, fitted: Arrays, smiles: Sequence[str], _similarity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Walk down all trees at once; a leaf has the feature -2 and stays where it is."""
    bits, total = _bits(smiles), np.zeros(len(smiles))
    for start in fitted["starts"]:
        node = np.full(len(smiles), start)
        while (inner := fitted["feature"][node] >= 0).any():
            present = bits[np.arange(len(smiles)), np.maximum(fitted["feature"][node], 0)] > 0.5
            node = np.where(inner, np.where(present, fitted["right"][node], fitted["left"][node]), node)
        total += fitted["value"][node]
    return total / len(fitted["starts"]), np.full(len(smiles), fitted["half"])
