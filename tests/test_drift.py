"""Drift: seldom cried where nothing has changed, seen where something has."""

from __future__ import annotations

import random

import pytest

from dure.statistics.drift import CHANCE, LEAST, drifted, flat

WORDS = ("asymptomatic", "atypical angina", "typical angina")


def rows(seed, count, *, shift=0.0, words=(3, 2, 1), missing=0.0):
    """Requests as a clinic might send them."""
    draw = random.Random(seed)
    return [
        {
            "age": draw.gauss(54 + shift, 9),
            "chest_pain": draw.choices(WORDS, words)[0],
            "smokes": draw.random() < 0.3,
            "cholesterol": None if draw.random() < missing else draw.lognormvariate(5.4, 0.2),
            "visits": [0] * draw.randint(0, 4),
        }
        for _each in range(count)
    ]


@pytest.mark.slow
def test_it_seldom_cries_where_nothing_has_changed():
    alarms = sum(bool(drifted(rows(seed, 400), rows(10_000 + seed, 300))) for seed in range(300))
    assert alarms <= 3, f"{alarms} of 300 where {300 * CHANCE} are allowed for"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"shift": 6.0}, "age"),
        ({"words": (1, 1, 4)}, "chest_pain"),
        ({"missing": 0.4}, "cholesterol"),
    ],
)
def test_what_has_changed_is_named_and_nothing_else(change, field):
    for seed in range(20):
        assert [each.field for each in drifted(rows(seed, 500), rows(10_000 + seed, 300, **change))] == [field]


def test_a_word_that_was_never_there_is_seen():
    strange = [row | {"chest_pain": "흉통"} for row in rows(1, 300)]
    (found,) = drifted(rows(2, 400), strange)
    assert found.field == "chest_pain"
    assert found.psi > found.threshold


def test_too_few_rows_say_nothing():
    assert drifted(rows(1, 400), rows(2, LEAST - 1, shift=30)) == []


def test_what_is_inside_and_how_long_a_list_is():
    assert flat({"a": 1, "b": {"c": True, "d": [1, 2]}, "e": None}) == {
        "a": 1.0,
        "b.c": "True",
        "b.d": 2.0,
        "e": "None",
    }
