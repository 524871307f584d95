"""Drift: is a method asked, or does it answer, otherwise than it used to?

The population stability index (Siddiqi 2006, Credit Risk Scorecards) of each field, in tenths of what was usual. Where nothing has
changed, the index of n rows against m is about (1/n + 1/m) times a chi-square with as many degrees of freedom as there are bins less
one (Yurdakul 2018, Statistical Properties of Population Stability Index): an alarm needs an index that chance gives once in a
thousand, over all fields together, and that is large enough to matter.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

CHANCE = 0.001  # of an alarm where nothing has drifted, over all fields
MATTERS = 0.1  # "some change" of the index's users; 0.25 is "large"
BINS = 10  # of a number: tenths of what was usual
WORDS = 20  # different words of a field; with more of them it is free text, and is left out
LEAST = 200  # rows on either side


class Drift(NamedTuple):
    """A field that has drifted: its index, and what chance would hardly have given."""

    field: str
    psi: float
    threshold: float


def flat(value: Mapping[str, Any], before: str = "") -> dict[str, float | str]:
    """The scalars of a request or response by field; of a list its length, of what is inside an object each with the object's name."""
    found: dict[str, float | str] = {}
    for name, each in value.items():
        if isinstance(each, bool) or each is None or isinstance(each, str):
            found[before + name] = str(each)
        elif isinstance(each, int | float):
            found[before + name] = float(each)
        elif isinstance(each, Mapping):
            found |= flat(each, f"{before}{name}.")
        elif isinstance(each, Sequence):
            found[before + name] = float(len(each))
    return found


def drifted(usual: Iterable[Mapping[str, Any]], recent: Iterable[Mapping[str, Any]]) -> list[Drift]:
    """The fields that have drifted, the worst first; none where either side has under LEAST rows.

    A field that a row does not have counts as a value of its own, so that a sensor that falls silent is seen.
    """
    before, now = ([flat(row) for row in rows] for rows in (usual, recent))
    if min(len(before), len(now)) < LEAST:
        return []
    names = sorted({name for row in before for name in row})
    found = []
    for name in names:
        counts = _counted([row.get(name) for row in before], [row.get(name) for row in now])
        if counts is not None:
            index, bins = _index(*counts), len(counts[0])
            threshold = max(MATTERS, _quantile(1 - CHANCE / len(names), bins - 1) * (1 / len(before) + 1 / len(now)))
            if index > threshold:
                found.append(Drift(name, round(index, 3), round(threshold, 3)))
    return sorted(found, key=lambda each: -each.psi)


def _counted(before: Sequence[Any], now: Sequence[Any]) -> tuple[list[float], list[float]] | None:
    """Rows in each bin, before and now; None where the field says nothing that can be counted."""
    numbers = sorted(each for each in before if isinstance(each, float) and math.isfinite(each))
    if numbers:
        cuts = sorted({numbers[len(numbers) * part // BINS] for part in range(1, BINS)})
        sides: list[Counter[Any]] = [Counter(_bin(each, cuts) for each in side) for side in (before, now)]
        bins: Sequence[Any] = range(-1, len(cuts) + 1)
    else:
        if len(set(before)) > WORDS:
            return None
        sides = [Counter(before), Counter(each if each in set(before) else "" for each in now)]
        bins = sorted({*sides[0], *sides[1]}, key=str)
    kept = [each for each in bins if sides[0][each] or sides[1][each]]
    return (
        ([float(sides[0][each]) for each in kept], [float(sides[1][each]) for each in kept]) if len(kept) > 1 else None
    )


def _bin(value: Any, cuts: Sequence[float]) -> int:
    return bisect_right(cuts, value) if isinstance(value, float) and math.isfinite(value) else -1


def _index(before: Sequence[float], now: Sequence[float]) -> float:
    """The index, half a row added to each bin so that an empty one has a logarithm."""
    shares = [[(each + 0.5) / (sum(side) + 0.5 * len(side)) for each in side] for side in (before, now)]
    return math.fsum((new - old) * math.log(new / old) for old, new in zip(*shares, strict=True))


def _quantile(chance: float, degrees: int) -> float:
    """Of the chi-square distribution, as Wilson and Hilferty (1931) come near to it."""
    part = 2 / (9 * degrees)
    root = 1 - part + NormalDist().inv_cdf(chance) * math.sqrt(part)
    return float(degrees * root**3)
