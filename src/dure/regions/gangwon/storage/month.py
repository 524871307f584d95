"""A case: one month of one home, stepped through hour by hour on its real load and sun, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .forms import AHEAD, PAST, Request
from .inverter import Hour, settle
from .truth import Truth, bill

if TYPE_CHECKING:
    from dure import Case, Method


class Outcome(NamedTuple):
    """A month as it was run: from the grid, out of the battery less into it, charge at the hour's end (hours,) [kWh]."""

    grid: np.ndarray
    battery: np.ndarray
    charge: np.ndarray
    out: float


def request(truth: Truth, hour: int, charge: float, peak: float, load: list[float], sun: list[float]) -> Request:
    """What is asked at an hour of the month; `load` and `sun` are all hours known until now."""
    battery = truth.battery
    ahead = truth.sun_ahead[hour] if truth.sun_ahead else ([], [], [])
    return Request(
        capacity=battery.capacity, power=battery.power, efficiency=battery.efficiency, charge_min=battery.charge_min,
        charge_max=battery.charge_max, reserve=battery.reserve, cycle_cost=battery.cycle_cost, curve=battery.curve,
        time=truth.first + timedelta(hours=hour), charge=min(max(charge, 0.0), battery.capacity),
        buy=truth.buy[hour : hour + AHEAD].tolist(), sell=truth.sell[hour : hour + AHEAD].tolist(),
        demand_price=truth.demand_price, peak=peak, load=load[-PAST:], sun=sun[-PAST:],
        sun_ahead=ahead[0], sun_low=ahead[1], sun_high=ahead[2], tariff=truth.tariff.name,
    )  # fmt: skip


def play(case: Case, ask: Method) -> Outcome:
    """Run the month: each hour is asked with what is known then, and settled on what really happens."""
    truth: Truth = case.truth
    charge, peak = truth.start, truth.peak_before
    load, sun = truth.past_load.tolist(), truth.past_sun.tolist()
    hours = truth.load.size
    grid, battery, stored, out = np.empty(hours), np.empty(hours), np.empty(hours), 0.0
    for hour, (hour_load, hour_sun) in enumerate(zip(truth.load.tolist(), truth.sun.tolist(), strict=True)):
        answer = ask(request(truth, hour, charge, peak, load, sun))
        step: Hour = settle(truth.battery, charge, answer, hour_load - hour_sun)
        charge = step.charge
        grid[hour], battery[hour], stored[hour] = step.grid(hour_load - hour_sun), step.out - step.into, charge
        out += step.out
        peak = max(peak, grid[hour])
        load.append(hour_load)
        sun.append(hour_sun)
    return Outcome(grid, battery, stored, out)


def score(case: Case, outcome: Outcome) -> Mapping[str, float]:
    """Sums of a month: money, peak, carbon, cycles, and the bills of no battery, of the rule and of perfect foresight."""
    truth: Truth = case.truth
    bought = np.maximum(outcome.grid, 0.0)
    cost = bill(truth, outcome.grid, float(outcome.charge[-1]), outcome.out)
    return {
        "cost": cost,
        "none": truth.none,
        "rule": truth.rule,
        "best": truth.best[0],
        "peak": float(bought.max()),
        "carbon": float(bought @ truth.carbon),
        "bought": float(bought.sum()),
        "sold": float(np.maximum(-outcome.grid, 0.0).sum()),
        "cycles": outcome.out / truth.battery.capacity,
        **truth.sizes,
    }
