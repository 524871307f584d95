"""Perfect foresight: the least a month can cost when its load and sun are known beforehand, a linear programme on HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .battery import highest
from .programme import EDGE, Programme, Solved

if TYPE_CHECKING:
    from .truth import Truth


def least_cost(truth: Truth) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost [won], energy from the battery (hours,) and charge at each hour's end (hours,) of the best schedule.

    The same battery, start and worth of what is left at the end as every method has. Raises RuntimeError where HiGHS finds
    no schedule, which no battery that passes the form can cause.
    """
    battery, hours = truth.battery, truth.need.size
    plan = Programme(battery, hours, peaked=truth.demand_price > 0, sooner=0.0)
    if truth.start >= battery.floor - EDGE:
        solved = _schedule(plan, truth)
    else:
        # Nothing is discharged below the floor, and nothing makes a battery come back to it: it may do so at the end of any
        # hour, or never. One programme cannot hold that choice, so each of them is tried.
        ends = (n for n in range(1, hours + 1) if highest(battery, truth.start, n) >= battery.floor)
        solved = min((_schedule(plan, truth, end) for end in (*ends, hours + 1)), key=lambda schedule: schedule.cost)
    return solved.cost, solved.out[0] - solved.into[0], solved.charge[0]


def _schedule(plan: Programme, truth: Truth, below: int = 0) -> Solved:
    """The best schedule that gives nothing for so many hours and is at or above the floor from the end of the last of them on."""
    hours = truth.need.size
    low = np.full(hours, truth.battery.floor)
    if below:
        plan.rest(below)
        low[: below - 1] = truth.start
    return plan.solve(
        truth.start, truth.need[None], truth.buy[:hours], truth.sell[:hours], last=truth.left_worth,
        demand=truth.demand_price, peak=truth.peak_before, low=low,
    )  # fmt: skip
