"""Perfect foresight: the least a month can cost when its load and sun are known beforehand, a linear programme on HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from .month import Truth


def least_cost(truth: Truth) -> tuple[float, np.ndarray, np.ndarray]:
    """Cost [won], energy from the battery (hours,) and charge at each hour's end (hours,) of the best schedule.

    The same battery, start and worth of what is left at the end as every method has. Raises RuntimeError where HiGHS finds
    no schedule, which no battery that passes the form can cause.
    """
    from .programme import Programme

    hours = truth.need.size
    plan = Programme(truth.battery, hours, peaked=truth.demand_price > 0, sooner=0.0)
    solved = plan.solve(
        truth.start, truth.need[None], truth.buy[:hours], truth.sell[:hours], last=truth.left_worth,
        demand=truth.demand_price, peak=truth.peak_before,
    )  # fmt: skip
    return solved.cost, solved.out[0] - solved.into[0], solved.charge[0]
