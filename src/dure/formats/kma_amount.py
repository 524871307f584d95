"""Amounts that the service gives in words: less than, from, between."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import NamedTuple

import polars as pl

from dure.formats.kma_columns import BOUNDS
from dure.i18n.texts import _


class Amount(NamedTuple):
    """What a text foretells: at least `low`, below `high` (None: no end), and one number for it (None: only the range)."""

    low: float
    value: float | None
    high: float | None


_WORDS = {
    "rain": {1: Amount(0.0, None, 3.0), 2: Amount(3.0, None, 15.0), 3: Amount(15.0, None, None)},
    "snow": {1: Amount(0.0, None, 1.0), 2: Amount(1.0, None, None)},
    "wind_speed": {1: Amount(0.0, None, 4.0), 2: Amount(4.0, None, 9.0), 3: Amount(9.0, None, None)},
}  # the guide's table for the last day: 약한·보통·강한 비, 보통·많은 눈, 약한·약간 강한·강한 바람
MISSING = 900.0  # the guide: +900 and more, -900 and less
_SMALLEST = 0.1  # mm or cm: what the guide calls the least amount foretold
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_UNDER = re.compile(rf"{_NUMBER}(?:mm|cm)?미만")
_FROM = re.compile(rf"{_NUMBER}(?:mm|cm)?이상")
_BETWEEN = re.compile(rf"{_NUMBER}(?:mm|cm)?[~∼-]{_NUMBER}(?:mm|cm)?(?:미만)?")
_EXACT = re.compile(rf"[-+]?{_NUMBER}(?:e[-+]?\d+)?")
_NONE = ("강수없음", "적설없음", "없음", "-", "null", "none")


def amount(name: str, text: str, *, in_words: bool = False) -> Amount | None:
    """What `text` foretells of the variable `name`; None where it is missing (empty; 900 and more, -900 and less).

    Parameters
    ----------
    name
        A column of `FORECAST`.
    in_words
        Whether the hour is one of the last day, for which rain, snow and wind speed are given as words' numbers.

    Raises ValueError where the text says nothing of it.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    if name in ("rain", "snow") and (fall := _fall(plain)):
        return fall
    number = plain.removesuffix({"rain": "mm", "snow": "cm"}.get(name, "\0"))
    if plain in ("", "null", "none"):
        return None
    if not _EXACT.fullmatch(number):
        raise ValueError(text)
    value = float(number)
    if abs(value) >= MISSING:
        return None
    word = _WORDS.get(name, {}).get(int(value)) if in_words and value.is_integer() else None
    return word or Amount(value, value, value)


def _fall(plain: str) -> Amount | None:
    """The ranges rain and snow are given in; None where the text is none. Raises ValueError where its ends are turned round."""
    if plain in _NONE:
        return Amount(0.0, 0.0, 0.0)
    if match := _FROM.fullmatch(plain):
        return Amount(float(match[1]), float(match[1]), None)
    if match := _UNDER.fullmatch(plain):
        low, high = min(_SMALLEST, float(match[1])), float(match[1])
    elif match := _BETWEEN.fullmatch(plain):
        low, high = float(match[1]), float(match[2])
    else:
        return None
    if low > high:
        raise ValueError(plain)
    return Amount(low, (low + high) / 2, high)


FIVE_DAYS = datetime(2024, 11, 28, 14)  # noqa: DTZ001 - Korean time of the first issue with a fifth day


def in_words(issued: pl.Expr, valid: pl.Expr) -> pl.Expr:
    """Whether an hour belongs to an issue's last day: the third after 02 to 14 o'clock, the fourth after 17 to 23."""
    last = pl.when(issued.dt.hour() < 17).then(3).otherwise(4)  # days ahead
    return (issued >= FIVE_DAYS) & ((valid.dt.date() - issued.dt.date()).dt.total_days() >= last)


def amount_or_error(
    name: str, text: str, *, in_words: bool
) -> tuple[float | None, float | None, float | None, str | None]:
    """Amount and fault of one text."""
    try:
        foretold = amount(name, text, in_words=in_words)
    except ValueError:
        return None, None, None, _("‘{text}’ is no {name}", text=text[:40], name=BOUNDS[name].label)
    if foretold is None:
        return None, None, None, None
    low, high = BOUNDS[name].low, BOUNDS[name].high
    if low is not None and high is not None and not low <= foretold.low <= (foretold.high or foretold.low) <= high:
        fields = {"text": text[:40], "low": f"{low:g}", "high": f"{high:g}", "unit": BOUNDS[name].unit}
        return None, None, None, _("‘{text}’ is outside {low} to {high} {unit}", **fields).strip()
    return *foretold, None
