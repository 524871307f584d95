"""A KPI's formula: agrees with Python's own arithmetic, and lets nothing else in."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dure.errors import UserError
from dure.statistics.formula import DEPTH, LENGTH, Formula, evaluate, formula, names

SUMS = {"squares": 18.0, "cases": 2.0, "손실": -3.5}
EIGHTHS = st.integers(-800, 800).map(lambda eighth: eighth / 8)

leaves = st.sampled_from(sorted(SUMS)) | st.integers(0, 9).map(str) | st.sampled_from(["0.5", "2.25", "1e3"])
exact = st.recursive(  # operations that IEEE 754 rounds correctly, so that equality can be demanded
    leaves,
    lambda parts: (
        st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(st.sampled_from(["sqrt", "abs"]), parts).map(lambda p: f"{p[0]}({p[1]})")
        | st.tuples(st.sampled_from(["min", "max"]), parts, parts, parts).map(lambda p: f"{p[0]}({', '.join(p[1:])})")
        | parts.map(lambda part: f"(-{part})")
    ),
    max_leaves=10,
).map(lambda text: f"{text} + 0 * cases")  # names at least one sum


def by_python(text, sums):
    """Python's own answer; undefined where it raises."""
    known = {"sqrt": math.sqrt, "log": math.log, "exp": math.exp, "abs": abs, "min": min, "max": max}
    try:
        value = eval(text, {"__builtins__": {}}, known | sums)
    except (ZeroDivisionError, ValueError, OverflowError):
        return math.nan
    return math.nan if isinstance(value, complex) or not math.isfinite(value) else float(value)


@settings(deadline=None)
@given(exact, EIGHTHS, EIGHTHS, EIGHTHS)
def test_agrees_with_python_to_the_last_digit(text, squares, cases, loss):
    sums = {"squares": squares, "cases": cases, "손실": loss}
    if len(text) <= LENGTH:
        assert evaluate(text, sums) == pytest.approx(by_python(text, sums), rel=0, abs=0, nan_ok=True)


@settings(deadline=None)
@given(
    st.sampled_from(["exp(a)", "log(a)", "a ** b", "a ** 2 / b", "exp(-a) ** b", "log(abs(a)) * b"]), EIGHTHS, EIGHTHS
)
def test_agrees_with_python_on_powers(text, a, b):
    assert evaluate(text, {"a": a, "b": b}) == pytest.approx(by_python(text, {"a": a, "b": b}), rel=1e-12, nan_ok=True)


@settings(deadline=None)
@given(exact, st.lists(st.tuples(EIGHTHS, EIGHTHS, EIGHTHS), min_size=1, max_size=4))
def test_an_array_is_each_of_its_values(text, rows):
    if len(text) > LENGTH:
        return
    columns = {
        name: np.array(column)
        for name, column in zip(("squares", "cases", "손실"), zip(*rows, strict=True), strict=True)
    }
    one_by_one = [evaluate(text, dict(zip(columns, row, strict=True))) for row in rows]
    np.testing.assert_array_equal(evaluate(text, columns), one_by_one)


@settings(deadline=None)
@given(st.text(alphabet="abs(),.+-*/ 019_[]{}:='\"\\#;~@<>\n\0가", max_size=60))
def test_any_text_is_a_formula_or_a_users_mistake(text):
    with contextlib.suppress(UserError):
        assert Formula(text).names


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(squares / cases)", 3.0),
        ("2 ** 3 ** cases", 512.0),  # powers bind from the right
        ("-cases ** 2", -4.0),
        ("min(squares, cases, 7)", 2.0),
        ("1 - squares / 36", 0.5),
        (" cases ", 2.0),
    ],
)
def test_by_hand(text, value):
    assert evaluate(text, SUMS) == value
    assert isinstance(evaluate(text, SUMS), float)


@pytest.mark.parametrize(
    "text", ["1 / (cases - 2)", "1 / (1 / (cases - 2))", "log(0 * cases)", "(-cases) ** 0.5", "exp(1000 * cases)",
             "(0 / (cases - 2)) ** 0", "1 ** (0 / (cases - 2))", "min(3, 1 / (cases - 2))", "(cases * 1e200) ** 2"]
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_undefined_is_nan_and_no_warning(text):
    assert math.isnan(evaluate(text, SUMS))
    assert np.isnan(evaluate(text, {name: np.array([value, value]) for name, value in SUMS.items()})).all()


@pytest.mark.parametrize(
    "text",
    ["", "1", "__import__('os')", "a.b", "a if b else c", "a // b", "a % b", "a @ b", "a < b", "a and b", "log", "sqrt()", "log(a, b)",
     "min(a)", "min(*a)", "min(a, *b)", "sqrt(x=a)", "a[0]", "lambda: a", "'x' + a", "f'{a}'", "1e999 * a", "9" * 400 + " * a", "(a", "a b",
     "a; b", "a = 1", "(a := 1)", "True * a", "None", "1j * a", "~a", "+a", "not a", "[a]", "{a}", "(a, b)", "a # note", "a(b)", "sqrt(a)(b)",
     "a\\\n+ b", "(a\n+ b)", "a\0", "(" * 240 + "a" + ")" * 240, "-" * (DEPTH + 1) + "a", "a + " * 125 + "b", "a" * (LENGTH + 1)],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(UserError) as refused:
        formula(text)
    assert refused.value.cure


def test_a_refusal_names_the_place_in_characters():
    with pytest.raises(UserError, match="character 6"):
        formula("손실 + 값.합")


def test_a_missing_sum_names_the_nearest():
    with pytest.raises(UserError, match="Did you mean squares"):
        evaluate("sqrt(square / cases)", SUMS)


def test_names():
    assert names("sqrt(squares / cases) + min(cases, 손실)") == {"squares", "cases", "손실"}
