"""Four ways to a risk. Each keeps what it fits as JSON in its folder and takes it up again from there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from dure import write_atomically
from dure.methods import column_scale

from .forms import Request, Response

if TYPE_CHECKING:
    from dure import Case, Work

BASIC = ("age", "male", "typical", "atypical", "asymptomatic")
EXERCISE = ("max_heart_rate", "exercise_angina", "st_depression", "not_upsloping")
ALL_COLUMNS = (
    *BASIC, "resting_blood_pressure", "cholesterol", "high_fasting_glucose", "st_t", "hypertrophy", *EXERCISE,
    "downsloping", "vessels", "fixed", "reversible",
)  # fmt: skip
SHRINKAGE = 10.0  # penalty on squared weights of standardised columns, from cross-validation inside Cleveland
Numbers = dict[str, float]


def numbers(request: Request) -> Numbers:
    """A request as numbers by column of ALL_COLUMNS; NaN where it was not measured."""

    def value(measurement: float | None) -> float:
        return math.nan if measurement is None else float(measurement)

    def equals(category: str | None, *words: str) -> float:
        return math.nan if category is None else float(category in words)

    return {
        "age": value(request.age),
        "male": equals(request.sex, "male"),
        "typical": equals(request.chest_pain, "typical angina"),
        "atypical": equals(request.chest_pain, "atypical angina"),
        "asymptomatic": equals(request.chest_pain, "asymptomatic"),
        "resting_blood_pressure": value(request.resting_blood_pressure),
        "cholesterol": value(request.cholesterol),
        "high_fasting_glucose": value(request.high_fasting_glucose),
        "st_t": equals(request.resting_ecg, "ST-T abnormality"),
        "hypertrophy": equals(request.resting_ecg, "left ventricular hypertrophy"),
        "max_heart_rate": value(request.max_heart_rate),
        "exercise_angina": value(request.exercise_angina),
        "st_depression": value(request.st_depression),
        "not_upsloping": equals(request.st_slope, "flat", "downsloping"),
        "downsloping": equals(request.st_slope, "downsloping"),
        "vessels": value(request.vessels),
        "fixed": equals(request.thallium, "fixed defect"),
        "reversible": equals(request.thallium, "reversible defect"),
    }


def pretest_probability(history: Sequence[Case], _seed: int, work: Work) -> Callable[[Request], Response]:
    """Pre-test probability from age, sex and chest pain.

    The form of the CAD consortium's basic model (Genders et al. 2012, BMJ 344:e3485), refitted on the history with one
    class more: asymptomatic.
    """
    fit = fitted(work, lambda: logistic(table(history, BASIC), truths(history), penalty=0.0))
    return lambda request: Response(risk=risk(fit, row(numbers(request), BASIC)))


def exercise_test(history: Sequence[Case], _seed: int, work: Work) -> Callable[[Request], Response]:
    """Pre-test probability with the exercise test.

    One ridge regression for each set of exercise columns that may have been measured, fitted on the history's patients
    who have them ("pattern submodels", Fletcher Mercaldo and Blume 2020, Biostatistics 21:236). So nothing is made up for
    a value that is missing, and that it is missing says nothing of the patient: hospitals differ in what they leave out,
    not only in whom they treat. Values beyond those of the history count as its edge.
    """

    def fits() -> dict[str, Any]:
        by_columns = {}
        for columns in (columns for size in range(len(EXERCISE) + 1) for columns in combinations(EXERCISE, size)):
            rows = table(history, (*BASIC, *columns))
            complete = ~np.isnan(rows).any(axis=1)
            if complete.any():
                by_columns[" ".join(columns)] = logistic(rows[complete], truths(history)[complete], penalty=SHRINKAGE)
        return by_columns

    submodels = fitted(work, fits)

    def answer(request: Request) -> Response:
        values = numbers(request)
        measured = [name for name in EXERCISE if not math.isnan(values[name])]
        while " ".join(measured) not in submodels:  # a set that nobody in the history had: without its last
            measured.pop()
        fit = submodels[" ".join(measured)]
        return Response(risk=risk(fit, np.clip(row(values, (*BASIC, *measured)), fit["low"], fit["high"])))

    return answer


def all_columns(history: Sequence[Case], _seed: int, work: Work) -> Callable[[Request], Response]:
    """Logistic regression on all columns.

    Medians of the history where a value is missing; scikit-learn's default penalty (C = 1).
    """

    def fits() -> dict[str, Any]:
        rows = table(history, ALL_COLUMNS)
        medians = np.nan_to_num(np.nanmedian(rows, axis=0))
        filled = np.where(np.isnan(rows), medians, rows)
        return {**logistic(filled, truths(history), penalty=1.0), "medians": medians.tolist()}

    fit = fitted(work, fits)

    def answer(request: Request) -> Response:
        values = row(numbers(request), ALL_COLUMNS)
        return Response(risk=risk(fit, np.where(np.isnan(values), fit["medians"], values)))

    return answer


def gradient_boosting(history: Sequence[Case], seed: int, work: Work) -> Callable[[Request], Response]:
    """Gradient boosting on all columns.

    scikit-learn's HistGradientBoostingClassifier as it comes, which sends a missing value down a branch of its own. Its
    trees are kept as lists of nodes, because scikit-learn has no format of its own but pickle.
    """
    fit = fitted(work, lambda: boosted(table(history, ALL_COLUMNS), truths(history), seed, work.threads))

    def answer(request: Request) -> Response:
        values = row(numbers(request), ALL_COLUMNS)
        return Response(risk=logit_to_risk(fit["baseline"] + sum(leaf(tree, values) for tree in fit["trees"])))

    return answer


# ---- fitting and keeping -----------------------------------------------------------------------------------------------


def fitted(work: Work, fit: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What was fitted before in this folder, else `fit()`, written down."""
    place = work.folder / "fit.json"
    if not place.is_file():
        write_atomically(place, json.dumps(fit(), allow_nan=False))
    stored: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return stored


def table(history: Iterable[Case], columns: Sequence[str]) -> np.ndarray:
    """One row a case, one column a name."""
    return np.array([row(numbers(case.request), columns) for case in history])


def row(values: Mapping[str, float], columns: Sequence[str]) -> np.ndarray:
    """The values of these columns."""
    return np.array([values[name] for name in columns])


def truths(history: Iterable[Case]) -> np.ndarray:
    """1.0 for a narrowing, else 0.0."""
    return np.array([float(case.truth) for case in history])


def logistic(rows: np.ndarray, truth: np.ndarray, *, penalty: float) -> dict[str, Any]:
    """Penalised logistic regression by Newton's method on standardised columns; the intercept is free.

    Parameters
    ----------
    rows
        (patients, columns), nothing missing.
    truth
        (patients,), 0 or 1.
    penalty
        Half of it times the sum of squared weights is added to the log loss; 1 is scikit-learn's C = 1.
    """
    centre, scale = column_scale(rows)
    design = np.column_stack([np.ones(len(rows)), (rows - centre) / scale])
    # 1e-6: where the columns separate the classes, weights without any penalty would run off to infinity
    ridge = np.array([1e-6, *[max(penalty, 1e-6)] * rows.shape[1]])
    weights = np.zeros(design.shape[1])
    for _step in range(100):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (chance - truth) + ridge * weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        change = np.linalg.solve(curve, slope)
        weights -= np.clip(change, -5, 5)
        if np.abs(change).max() < 1e-10:
            break
    return {
        "intercept": float(weights[0]), "weights": weights[1:].tolist(), "centre": centre.tolist(),
        "scale": scale.tolist(), "low": rows.min(axis=0).tolist(), "high": rows.max(axis=0).tolist(),
    }  # fmt: skip


def risk(fit: Mapping[str, Any], values: np.ndarray) -> float:
    """The risk that a `logistic` fit gives one patient."""
    standard = (values - np.array(fit["centre"])) / np.array(fit["scale"])
    return logit_to_risk(fit["intercept"] + float(standard @ np.array(fit["weights"])))


def logit_to_risk(logit: float) -> float:
    """From log odds to a probability."""
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))


def boosted(rows: np.ndarray, truth: np.ndarray, seed: int, threads: int) -> dict[str, Any]:
    """Fit the boosting and copy its trees. Raises RuntimeError where the copy does not answer as the original."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    with threadpool_limits(threads):
        model = HistGradientBoostingClassifier(random_state=seed).fit(rows, truth)
        expected = model.decision_function(rows)
    trees = [[_node(node) for node in tree.nodes] for (tree,) in model._predictors]  # noqa: SLF001 - there is no public way
    fit: dict[str, Any] = {"baseline": float(model._baseline_prediction.item()), "trees": trees}  # noqa: SLF001 - as above
    copied = [fit["baseline"] + sum(leaf(tree, values) for tree in trees) for values in rows]
    if not np.allclose(copied, expected, atol=1e-9):
        raise RuntimeError("scikit-learn keeps its trees in another way than the one known here")
    return fit


def _node(node: Any) -> list[float]:
    """[value] of a leaf, else [column, threshold, missing goes left, left, right]."""
    if node["is_leaf"]:
        return [float(node["value"])]
    threshold = min(
        float(node["num_threshold"]), 1e300
    )  # infinity, which JSON has not, splits the missing from the rest
    return [int(node["feature_idx"]), threshold, int(node["missing_go_to_left"]), int(node["left"]), int(node["right"])]


def leaf(tree: Sequence[Sequence[float]], values: np.ndarray) -> float:
    """Walk down one tree."""
    node = tree[0]
    while len(node) > 1:
        column, threshold, missing_left, left, right = node
        value = values[int(column)]
        goes_left = bool(missing_left) if math.isnan(value) else value <= threshold
        node = tree[int(left if goes_left else right)]
    return node[0]
