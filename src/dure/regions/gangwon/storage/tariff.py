"""What a kWh costs, hour by hour: a dated file of the tariff, or the prices published with the homes."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dure import UserError, nearest

from .forms import _

if TYPE_CHECKING:
    from datetime import datetime

FOLDER = Path(__file__).parent / "tariffs"
PUBLISHED = "citylearn"  # the prices that come with the published homes, in dollars
BANDS = "lmp"


@dataclass(frozen=True)
class Tariff:
    """A tariff.

    Attributes
    ----------
    name, title
        Of the file; (ko, en).
    as_of, source, unit
        Since when it is in force, where it is published, its money.
    fixed
        A month's base charge without tax.
    demand
        Price of a kW of the month's peak, without tax.
    ratchet_months
        Months whose peak still counts.
    adders, tax
        On each kWh; on the whole bill, as a share.
    sell
        For a kWh sold; None: as much as one bought then (netting).
    seasons
        By month: (rates of light, middle, peak hours; 24 letters).
    saturday, sunday
        How weekends differ; empty: not.
    """

    name: str
    title: tuple[str, str]
    as_of: date
    source: str
    unit: str = "won"
    fixed: float = 0.0
    demand: float = 0.0
    ratchet_months: int = 0
    adders: float = 0.0
    tax: float = 0.0
    sell: float | None = 0.0
    seasons: dict[int, tuple[tuple[float, float, float], str]] | None = None
    saturday: str = ""
    sunday: str = ""

    def buys(self, times: Sequence[datetime]) -> np.ndarray:
        """(hours,) price of a kWh bought, with adders and tax."""
        return np.array([self._rate(time) for time in times])

    def sells(self, buys: np.ndarray) -> np.ndarray:
        """(hours,) price of a kWh sold; never above that of one bought then."""
        return buys.copy() if self.sell is None else np.minimum(self.sell, buys)

    @property
    def demand_price(self) -> float:
        """Of a kW of the month's peak, with tax."""
        return self.demand * (1 + self.tax)

    def _rate(self, time: datetime) -> float:
        assert self.seasons is not None
        rates, hours = self.seasons[time.month]
        band = hours[time.hour]
        if time.weekday() == 5 and self.saturday and band == "p":
            band = "m"
        if time.weekday() == 6 and self.sunday:
            band = "l"
        return (rates[BANDS.index(band)] + self.adders) * (1 + self.tax)


def names() -> list[str]:
    """Of every tariff there is."""
    return [*sorted(path.stem for path in FOLDER.glob("*.toml")), PUBLISHED]


def tariff(name: str, sell: float | None = None) -> Tariff:
    """The tariff called so; `sell` in place of its own price for energy sold. Raises UserError with the nearest name."""
    path = FOLDER / f"{name}.toml"
    if name not in names():
        suggestion = nearest(name, names())
        cure = _("Did you mean {name}?", name=suggestion) if suggestion else ", ".join(names())
        raise UserError(_("there is no tariff called {name}", name=name), where="tariff", cure=cure)
    if name == PUBLISHED:
        title = ("가구 자료에 딸린 요금(달러)", "the prices published with the homes (dollars)")
        return Tariff(name, title, date(2022, 7, 1), "CityLearn Challenge 2022, pricing.csv", "USD", sell=sell or 0.0)
    filed = read(path)
    return filed if sell is None else replace(filed, sell=sell)


def read(path: Path) -> Tariff:
    """A tariff's file. Raises UserError naming the file and what is wrong in it."""
    try:
        record: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        seasons: dict[int, tuple[tuple[float, float, float], str]] = {}
        for season, months in record["months"].items():
            light, middle, peak = map(float, record["rates"][season])
            seasons |= {int(month): ((light, middle, peak), str(record["hours"][season])) for month in months}
        if sorted(seasons) != list(range(1, 13)) or any(
            len(h) != 24 or set(h) - set(BANDS) for _rates, h in seasons.values()
        ):
            raise ValueError(_("each month needs one season with three rates and 24 letters of l, m, p"))
        return Tariff(
            name=path.stem, title=(record["title"]["ko"], record["title"]["en"]), as_of=record["as_of"], source=record["source"],
            unit=record["unit"], fixed=float(record["fixed"]), demand=float(record["demand"]), adders=float(record["adders"]),
            tax=float(record["tax"]), sell=None if record["sell"] == "as bought" else float(record["sell"]), seasons=seasons,
            ratchet_months=int(record["ratchet_months"]), saturday=record.get("saturday", ""), sunday=record.get("sunday", ""),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(_("this is no tariff: {why}", why=str(error)), where=path.name) from None
