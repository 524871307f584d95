"""What a month turned out to be, and what it costs: as it was run, without a battery, by the rule, and at the least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .battery import Battery
from .bound import least_cost
from .forms import Response, Why
from .inverter import settle

if TYPE_CHECKING:
    from .tariff import Tariff

RULE = Why(reason="a rule")
SIZES = (0.5, 2.0, 3.0)  # batteries of other sizes, for the sizing curve


@dataclass(frozen=True)
class Truth:
    """What a month turned out to be. Arrays are (hours,) and begin with the month's first hour.

    Attributes
    ----------
    past_load, past_sun
        (PAST,) or fewer: the hours before the month [kWh].
    load, sun
        [kWh]
    buy, sell
        [won/kWh], AHEAD hours longer than the month: a tariff is known beforehand.
    carbon
        [kg/kWh] of energy from the grid.
    start, left_worth
        Charge at the beginning [kWh]; what a kWh left at the end is worth [won/kWh].
    peak_before
        Highest hour that is paid for when the month begins [kW].
    sun_ahead
        For each hour a forecast from elsewhere: (middle, low, high), each (hours ahead,); empty: none.
    """

    battery: Battery
    first: datetime
    past_load: np.ndarray
    past_sun: np.ndarray
    load: np.ndarray
    sun: np.ndarray
    buy: np.ndarray
    sell: np.ndarray
    carbon: np.ndarray
    tariff: Tariff
    start: float
    left_worth: float
    peak_before: float = 0.0
    sun_ahead: Sequence[tuple[list[float], list[float], list[float]]] = ()

    @property
    def need(self) -> np.ndarray:
        """Load less sun [kWh]."""
        return self.load - self.sun

    @property
    def demand_price(self) -> float:
        """Of a kW of the month's peak, with tax [won/kW]."""
        return self.tariff.demand_price

    @cached_property
    def none(self) -> float:
        """The month's cost without a battery [won]; what the battery would hold at the beginning is worth as much at the end."""
        return bill(self, self.need, self.start, 0.0)

    @cached_property
    def rule(self) -> float:
        """The month's cost with the self-consumption rule [won]."""
        full = Response(cover=self.battery.power, store=self.battery.power, why=RULE)
        charge, grid, out = self.start, np.empty(self.need.size), 0.0
        for hour, need in enumerate(self.need.tolist()):
            step = settle(self.battery, charge, full, need)
            charge, grid[hour], out = step.charge, step.grid(need), out + step.out
        return bill(self, grid, charge, out)

    @cached_property
    def best(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Perfect foresight: cost [won], battery (hours,) and charge (hours,) [kWh]."""
        cost, battery, charge = least_cost(self)
        fixed = self.tariff.fixed * (1 + self.tariff.tax) + self.demand_price * self.peak_before
        return cost + fixed + self.start * self.left_worth, battery, charge

    @cached_property
    def sizes(self) -> dict[str, float]:
        """The month's cost by the rule and by perfect foresight had the battery another size [won]."""
        costs: dict[str, float] = {}
        for size in SIZES:
            fields = self.battery.model_dump() | {
                "capacity": self.battery.capacity * size,
                "power": self.battery.power * size,
            }
            resized = replace(self, battery=Battery(**fields), start=self.start * size)
            costs |= {f"rule_{size:g}": resized.rule, f"best_{size:g}": resized.best[0]}
        return {name.replace(".", "_"): cost for name, cost in costs.items()}


def bill(truth: Truth, grid: np.ndarray, charge: float, out: float) -> float:
    """The month's cost [won]: energy, base charge, the peak's price, wear, and the charge's change at what it is worth.

    `grid` is (hours,) energy from the grid, `charge` what is stored at the end, `out` all that was discharged [kWh].
    """
    hours = grid.size
    bought, sold = np.maximum(grid, 0.0), np.maximum(-grid, 0.0)
    energy = float(bought @ truth.buy[:hours] - sold @ truth.sell[:hours])
    peak = max(truth.peak_before, float(bought.max(initial=0.0)))
    fixed = truth.tariff.fixed * (1 + truth.tariff.tax) + truth.demand_price * peak
    return energy + fixed + truth.battery.cycle_cost * out + (truth.start - charge) * truth.left_worth
