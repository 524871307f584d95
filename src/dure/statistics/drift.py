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
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydantic import JsonValue

CHANCE = 0.001  # of an alarm where nothing has drifted, over all fields
MATTERS = 0.1  # "some change" of the index's users; 0.25 is "large"
BINS = 10  # of a number: tenths of what was usual
WORDS = 20  # different words of a field; with more of them it is free text, and is left out
LEAST = 200  # rows on either side
Cell = float | str | None  # a scalar of one row; None: the row does not have it


class Drift(NamedTuple):
    """A field that has drifted: its index, and what chance would hardly have given."""

    field: str
    psi: float
    threshold: float


def flat(value: Mapping[str, JsonValue], before: str = "") -> dict[str, float | str]:
    """The scalars of a request or response by field; of a list its length, of what is inside an object each with the object's name."""
    fields: dict[str, float | str] = {}
    for name, entry in value.items():
        if isinstance(entry, bool) or entry is None or isinstance(entry, str):
            fields[before + name] = str(entry)
        elif isinstance(entry, int | float):
            fields[before + name] = float(entry)
        elif isinstance(entry, Mapping):
            fields |= flat(entry, f"{before}{name}.")
        elif isinstance(entry, Sequence):
            fields[before + name] = float(len(entry))
    return fields


def drifted(usual: Iterable[Mapping[str, JsonValue]], recent: Iterable[Mapping[str, JsonValue]]) -> list[Drift]:
    """The fields that have drifted, the worst first; none where either side has under LEAST rows.

    A field that a row does not have counts as a value of its own, so that a sensor that falls silent is seen.
    """
    before, current = ([flat(row) for row in rows] for rows in (usual, recent))
    if min(len(before), len(current)) < LEAST:
        return []
    names = sorted({name for row in before for name in row})
    drifts = []
    for name in names:
        counts = _counted([row.get(name) for row in before], [row.get(name) for row in current])
        if counts is not None:
            index, bins = _index(*counts), len(counts[0])
            threshold = max(
                MATTERS, _quantile(1 - CHANCE / len(names), bins - 1) * (1 / len(before) + 1 / len(current))
            )
            if index > threshold:
                drifts.append(Drift(name, round(index, 3), round(threshold, 3)))
    return sorted(drifts, key=lambda drift: -drift.psi)


def _counted(before: Sequence[Cell], current: Sequence[Cell]) -> tuple[list[float], list[float]] | None:
    """Rows in each bin, before and now; None where the field says nothing that can be counted."""
    numbers = sorted(value for value in before if isinstance(value, float) and math.isfinite(value))
    if numbers:
        cuts = sorted({numbers[len(numbers) * part // BINS] for part in range(1, BINS)})
        sides: list[Counter[Cell]] = [Counter(_bin(value, cuts) for value in side) for side in (before, current)]
        bins: Sequence[Cell] = range(-1, len(cuts) + 1)
    else:
        if len(set(before)) > WORDS:
            return None
        sides = [Counter(before), Counter(value if value in set(before) else "" for value in current)]
        bins = sorted({*sides[0], *sides[1]}, key=str)
    filled = [label for label in bins if sides[0][label] or sides[1][label]]
    return (
        ([float(sides[0][label]) for label in filled], [float(sides[1][label]) for label in filled])
        if len(filled) > 1
        else None
    )


def _bin(value: Cell, cuts: Sequence[float]) -> int:
    return bisect_right(cuts, value) if isinstance(value, float) and math.isfinite(value) else -1


def _index(before: Sequence[float], current: Sequence[float]) -> float:
    """The index, half a row added to each bin so that an empty one has a logarithm."""
    shares = [[(count + 0.5) / (sum(side) + 0.5 * len(side)) for count in side] for side in (before, current)]
    return math.fsum((new - old) * math.log(new / old) for old, new in zip(*shares, strict=True))


def _quantile(chance: float, degrees: int) -> float:
    """Of the chi-square distribution, as Wilson and Hilferty (1931) come near to it."""
    part = 2 / (9 * degrees)
    root = 1 - part + NormalDist().inv_cdf(chance) * math.sqrt(part)
    return float(degrees * root**3)
