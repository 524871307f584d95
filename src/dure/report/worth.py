"""What a gain is worth in won."""

from __future__ import annotations

import ast
import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

from dure.errors import UserError
from dure.i18n.texts import _, language
from dure.record import Price
from dure.report.numbers import MONEY_UNIT, WON_FACTORS, rounded
from dure.report.vocabulary import localised

if TYPE_CHECKING:
    from dure.record import About, Verdict

DAYS_A_MONTH = 365.25 / 12


def worth(text: str) -> Price:
    """A price as people write it: ``120원/kWh``, ``1.2만원/t``, ``120 won/kWh``, ``120`` (per unit of the KPI).

    The unit is empty where none is named. Raises UserError.

    >>> worth("1.2만원/t")
    Price(won=12000.0, unit='t')
    """
    match = re.fullmatch(
        r"₩?\s*([\d,]*\.?\d+)\s*(?:(천|만|백만|억)?\s*(?:원|won|krw))?\s*(?:/\s*(\S.*?)|(?:a|per)\s+(\S.*?))?\s*",
        text.strip(),
        re.IGNORECASE,
    )
    if not match or not math.isfinite(won := float(match[1].replace(",", "")) * WON_FACTORS[match[2] or ""]):
        raise UserError(
            _("{text} is not a price", text=text), where="--worth", cure=_("Write won and the unit: 120원/kWh.")
        )
    return Price(won, (match[3] or match[4] or "").strip())


def priced(verdict: Verdict, about: About) -> tuple[float | None, str]:
    """Won a month that the gain is worth (negative: lost), and why it cannot be said where it cannot.

    Gain a case x price x cases a month, where the KPI is a mean or a sum over cases that carry time, its unit has a price
    (`about.worth`, or it is won itself), and one place is meant.
    """
    unit, gain = localised(verdict.unit), verdict.gain.mean
    price, no_price = _won_a_unit(unit, about.worth)
    kind = _form(verdict.of)
    months = _months(verdict, about)
    reasons = (
        (gain is None, "the gain cannot be computed"),
        (price is None, no_price),
        (not kind, "the KPI is neither a sum nor a mean over cases"),
        (verdict.site == "all", "a mean over places has no bill of its own; see each place"),
        (months is None, "the cases carry no time, so nobody knows how many come in a month"),
    )
    for true, reason in reasons:
        if true:
            return None, _(reason) if reason else ""
    assert gain is not None  # the reasons above have looked
    assert price is not None
    assert months is not None
    return gain * price * (verdict.cases if kind == "mean" else 1) / months, ""


def _won_a_unit(unit: str, price: Price | None) -> tuple[float | None, str]:
    """Won for one unit of the KPI. No reason where nobody asked for a price."""
    from dure.tables import conversion

    if match := MONEY_UNIT.fullmatch(unit.strip()):
        return WON_FACTORS[match[1]], ""
    if not price:
        return None, ""
    if price.unit in ("", unit):
        return price.won, ""
    try:
        factor, offset = conversion(unit, price.unit)
    except ValueError:
        factor, offset = 0.0, 1.0
    return (None, "the price is for another unit than the KPI's") if offset else (price.won * factor, "")


def _form(of: str) -> str:
    """``mean`` for sums over cases, ``sum`` for sums alone, empty for all else (a root, a ratio of two sums)."""
    try:
        tree = ast.parse(of.strip() or "0", mode="eval").body
    except SyntaxError:
        return ""
    if (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and isinstance(tree.right, ast.Name)
        and tree.right.id == "cases"
    ):
        return "mean" if _linear(tree.left) else ""
    return "sum" if _linear(tree) and not isinstance(tree, ast.Constant) else ""


def _linear(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name != "cases"
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return _linear(left) and _linear(right)
        case (
            ast.BinOp(op=ast.Mult(), left=ast.Constant(), right=inner)
            | ast.BinOp(op=ast.Mult() | ast.Div(), left=inner, right=ast.Constant())
        ):
            return _linear(inner)
    return False


def _months(verdict: Verdict, about: About) -> float | None:
    """How long the cases of the verdict's rounds took: from the first to the last, and one step more."""
    span = about.span.get(verdict.round)
    if not span or span.moments < 2:
        return None
    try:
        first, last = datetime.fromisoformat(span.first), datetime.fromisoformat(span.last)
        days = (last - first).total_seconds() / 86400
    except (ValueError, TypeError):
        return None
    return days * (1 + 1 / (span.moments - 1)) / DAYS_A_MONTH if days > 0 else None


def price_phrase(verdict: Verdict, about: About) -> str:
    """What the gain is worth a month, where a price was given."""
    if verdict.verdict not in ("better", "worse"):
        return ""
    value, reason = priced(verdict, about)
    if value is None:
        return _("It cannot be priced by the month: {why}.", why=reason) if reason and about.worth else ""
    price = about.worth
    unit = (price.unit if price else "") or localised(verdict.unit)
    if not price or MONEY_UNIT.fullmatch(localised(verdict.unit)):
        text = "That is {won} a month." if value > 0 else "That costs {won} more a month."
        return _(text, won=won(abs(value)))
    text = "At {worth} that is {won} a month." if value > 0 else "At {worth} that costs {won} more a month."
    return _(text, worth=_("{price} won a {unit}", price=f"{price.won:,.10g}", unit=unit), won=won(abs(value)))


def won(value: float) -> str:
    """Won as people say it, two digits: 약 340만 원, 약 1억 2,000만 원; about 3.4 million won."""
    near = rounded(value)
    if language() == "ko":
        return f"약 {_korean_won(near)}"
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if near >= size:
            return f"about {near / size:g} {name} won"
    return f"about {near:,.0f} won"


def _korean_won(near: float) -> str:
    large, remainder = divmod(round(near), 10**8)
    middle, small = divmod(remainder, 10**4)
    parts = [f"{large:,}억" if large else "", f"{middle:,}만" if middle else ""]
    upper = " ".join(part for part in parts if part)
    return f"{upper} {small:,}원".strip() if small or not upper else f"{upper} 원"
