"""Numbers as people read them: scale, decimals, per cent and percentage points."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dure.i18n.texts import _
from dure.report.vocabulary import localised_unit

if TYPE_CHECKING:
    from dure.record import Verdict

WON_FACTORS = {"": 1.0, "천": 1e3, "만": 1e4, "백만": 1e6, "억": 1e8}
MONEY_UNIT = re.compile(r"(천|만|백만|억|)\s*(원|won|krw)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scale:
    """How a difference is shown: as a share of the practice's number (per cent), or in the KPI's own unit."""

    factor: float
    unit: str
    decimals: int
    relative: bool

    def number(self, value: float | None) -> str:
        """The number alone; infinite where there is no bound."""
        return "∞" if value is None else figure(value * self.factor, self.decimals)

    def __call__(self, value: float | None) -> str:
        """The number with its unit."""
        return f"{self.number(value)} {self.unit}".rstrip()

    def roughly(self, value: float) -> str:
        """Two digits, for what is an estimate."""
        return f"{rounded(value * self.factor):,.10g} {self.unit}".rstrip()


def scale(verdict: Verdict) -> Scale:
    """Per cent of the practice's number where that means something, else the KPI's own unit.

    It means nothing of a number that is not above zero, of per cents (points are said), and of a score or share without
    unit within 0..1 (a Brier score). Money is said as money.
    """
    gain, unit = verdict.gain, localised_unit(verdict.unit)
    base = verdict.methods.get(verdict.against) or 0.0
    bounds = [abs(bound) for bound in gain.bounds()] or [abs(verdict.resolution or 0.0)]
    as_share = (unit not in ("", "%") or (unit == "" and base > 1)) and not MONEY_UNIT.fullmatch(unit)
    if base > 0 and as_share and max(bounds) <= 2 * base:
        return Scale(100 / base, "%", decimals(max(bounds) * 100 / base, most=1), relative=True)
    return Scale(1.0, in_points(unit), decimals(max(bounds)), relative=False)


def in_points(unit: str) -> str:
    """The unit of a difference: of per cents, percentage points."""
    return _("percentage points") if unit == "%" else unit


def decimals(largest: float, most: int = 2) -> int:
    """Decimals that leave three digits of `largest`, two of one below 1; at most `most` above 1.

    >>> [decimals(16.0), decimals(0.04), decimals(1234.5)]
    [1, 3, 0]
    """
    if not largest or not math.isfinite(largest):
        return 0
    power = math.floor(math.log10(largest) + 1e-9)
    return min(max(2 - power, 0), most) if power >= 0 else min(1 - power, 9)


def figure(value: float, places: int) -> str:
    """A number as people read it: thousands grouped, a true minus sign, no minus before zero.

    >>> figure(-1234.56, 1)
    '−1,234.6'
    """
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def rounded(value: float, digits: int = 2) -> float:
    """`value` to so many significant digits.

    >>> rounded(3_412_345)
    3400000.0
    """
    return float(f"{value:.{digits}g}") if value else 0.0


def amount(value: float | None, unit: str) -> str:
    """A number of the KPI with its unit, three digits."""
    if value is None:
        return "–"
    places = decimals(abs(value)) + (0 < abs(value) < 1)
    return f"{figure(value, places)} {unit}".rstrip()


def percent(share: float) -> str:
    """A share as per cent: 4.9 %."""
    return f"{figure(100 * share, 0 if share >= 0.1 or share == round(share, 2) else 1)} %"
