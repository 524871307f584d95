"""The linear programme of a battery beside a house, built once for a battery and solved again each hour from its last basis.

One first hour, and K ways in which the hours after it may go (K = 1: one forecast; a two-stage stochastic programme otherwise, as in
Birge and Louveaux 2011, Introduction to Stochastic Programming, section 2.4). For hours t = 1..T of way k, with t = 1 shared by all:

    minimise  mean over k of  sum(buy_t g_t - sell_t e_t + wear d_t) + demand * p - last * s_T

    g_t - e_t + d_t - c_t = need_t            the house
    s_t - s_(t-1) - eta c_t + d_t / eta = 0     the battery; eta is lost once each way
    p - g_t >= 0, p >= peak                   the month's highest hour, where it has a price
    c_t <= P (a_j + b_j s_(t-1) / E)          power over charge, where the battery has a curve (and the same for d_t)

Solver: Q. Huangfu and J. A. J. Hall, Parallelizing the dual revised simplex method, Math. Prog. Comp. 10 (2018) 119-142 (HiGHS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .battery import Battery, highest

# Of two hours at one price the battery serves the earlier one and is charged in the later one, by which more is known: each
# hour further away makes energy from the grid this share cheaper.
SOONER = 1e-6
DAY = 24  # hours in which a charge below the floor is back at it
EDGE = 1e-7  # kWh by which a bound gives way: a solver's own tolerance
COLUMNS = 5  # columns of an hour: into, out, bought, sold, stored


@dataclass(frozen=True)
class Solved:
    """A schedule.

    Attributes
    ----------
    into, out, charge
        (ways, hours,) into and out of the battery, stored at the hour's end [kWh].
    peak
        Highest hour, in the way where it is lowest [kW]: what may be held is held until it cannot be.
    cost
        [won], without what is paid for already.
    worth
        Of one more stored kWh at the end of the first hour [won/kWh].
    """

    into: np.ndarray
    out: np.ndarray
    charge: np.ndarray
    peak: float
    cost: float
    worth: float


class Programme:
    """The programme for one battery, number of hours and of ways; `solve` changes prices, needs and bounds and starts warm.

    `peaked`: the month's highest hour has a price. `sooner`: what settles ties, and so costs a little; a bound has none.
    """

    def __init__(
        self, battery: Battery, hours: int, ways: int = 1, *, peaked: bool = False, sooner: float = SOONER
    ) -> None:
        import highspy
        from highspy import _core

        self.battery, self.hours, self.ways, self.peaked = battery, hours, ways, peaked
        self._inf = highspy.kHighsInf
        # slot[k, t]: the number of an hour; the first is the same for all ways
        later = 1 + np.arange(ways * (hours - 1)).reshape(ways, hours - 1)
        self._slot = np.concatenate([np.zeros((ways, 1), dtype=int), later], axis=1)
        self._slots = 1 + ways * (hours - 1)
        self._share = np.concatenate([[1.0], np.full(self._slots - 1, 1.0 / ways)])
        self._hour = np.concatenate([[0], np.tile(np.arange(1, hours), ways)])  # of each slot
        self._columns = np.arange(COLUMNS * self._slots + ways, dtype=np.int32)
        self._tie = 1.0 + sooner * (hours - self._hour)
        # highspy.Highs prints a banner on standard output before it can be told not to; this is the class under it.
        self._highs = _core._Highs()  # noqa: SLF001 - as said above
        options: dict[str, Any] = {
            "output_flag": False,
            "threads": 1,
            "parallel": "off",
            "presolve": "on" if hours > DAY * 7 else "off",
        }
        for option, value in options.items():
            self._highs.setOptionValue(option, value)
        self._highs.passModel(self._model(highspy))

    def _model(self, highspy: Any) -> Any:
        """All rows and columns; what changes from hour to hour is filled in by `solve`."""
        battery, slots, eta = self.battery, self._slots, self.battery.one_way
        c, d, g, e, s = (np.arange(slots) + slots * block for block in range(COLUMNS))
        before = np.full(slots, -1)  # the slot before a slot
        before[self._slot[:, 1:]] = self._slot[:, :-1]
        entries = [
            (t, col, value)
            for t in range(slots)
            for col, value in ((c[t], -1.0), (d[t], 1.0), (g[t], 1.0), (e[t], -1.0))
        ]
        for t in range(slots):
            entries += [(slots + t, c[t], -eta), (slots + t, d[t], 1 / eta), (slots + t, s[t], 1.0)]
            entries += [(slots + t, s[before[t]], -1.0)] if t else []
        low, high = [0.0] * (2 * slots), [0.0] * (2 * slots)
        self._peak_now: list[int] = []  # rows of the first hour
        for way in range(self.ways if self.peaked else 0):
            for t in self._slot[way]:
                self._peak_now += [] if t else [len(low)]
                entries += [(len(low), COLUMNS * slots + way, 1.0), (len(low), g[t], -1.0)]
                low.append(0.0)
                high.append(self._inf)
        self._curve_now: list[
            tuple[int, float, float]
        ] = []  # curve in the first hour: (row, level, slope), for the charge now
        for side, column in (("charging", c), ("discharging", d)):
            for level, slope in _lines(battery, side):
                for t in range(slots):
                    entries.append((len(low), column[t], 1.0))
                    if t:
                        entries.append((len(low), s[before[t]], -slope))
                    else:
                        self._curve_now.append((len(low), level, slope))
                    low.append(-self._inf)
                    high.append(level)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._columns.size, len(low)
        lp.col_cost_, lp.col_lower_ = np.zeros(lp.num_col_), np.zeros(lp.num_col_)
        upper = np.full(lp.num_col_, self._inf)
        upper[: 2 * slots] = battery.power
        lp.col_upper_ = upper
        lp.row_lower_, lp.row_upper_ = np.array(low), np.array(high)
        entries.sort()
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted([entry[0] for entry in entries], np.arange(len(low) + 1)).astype(np.int32)
        lp.a_matrix_.index_ = np.array([entry[1] for entry in entries], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([entry[2] for entry in entries])
        return lp

    def solve(
        self, charge: float, needs: np.ndarray, buy: np.ndarray, sell: np.ndarray, *, last: float, demand: float = 0.0,
        peak: float = 0.0, low: np.ndarray | None = None,
    ) -> Solved:  # fmt: skip
        """The cheapest schedule.

        Parameters
        ----------
        charge
            Stored now [kWh]; where it is above the ceiling it may stay there, and goes no higher.
        needs
            (ways, hours) load less sun [kWh]; of the first hour the mean is taken.
        buy, sell
            (hours,) [won/kWh]; sell is never above buy.
        last
            Worth of a kWh stored at the end [won/kWh].
        demand, peak
            Price of a kW above the peak paid for already, and that peak [won/kW, kW].
        low
            (hours,) least charge at each hour's end [kWh]; None: as `least` has it.

        Raises RuntimeError where HiGHS finds no schedule.
        """
        battery, slots, highs, hour = self.battery, self._slots, self._highs, self._hour
        low = least(battery, charge, self.hours) if low is None else low
        high = np.full(slots, max(battery.ceiling, charge))
        cost = np.zeros(self._columns.size)
        cost[slots : 2 * slots] = battery.cycle_cost * self._share
        cost[2 * slots : 3 * slots] = (buy[hour] * self._tie) * self._share
        cost[3 * slots : 4 * slots] = -sell[hour] * self._share
        cost[4 * slots + self._slot[:, -1]] = -last / self.ways
        cost[COLUMNS * slots :] = demand / self.ways
        highs.changeColsCost(cost.size, self._columns, cost)
        highs.changeColsBounds(slots, self._columns[4 * slots : COLUMNS * slots], low[hour] - EDGE, high + EDGE)
        for way in range(self.ways):
            highs.changeColBounds(COLUMNS * slots + way, peak, self._inf)
        right = np.zeros(2 * slots)
        right[self._slot[:, 1:]] = needs[:, 1:]
        right[0], right[slots] = needs[:, 0].mean(), charge
        highs.changeRowsBounds(2 * slots, self._columns[: 2 * slots], right, right)  # type: ignore[attr-defined]  # the stubs lack it
        for row, level, slope in self._curve_now:
            highs.changeRowBounds(row, -self._inf, max(0.0, level + slope * charge))
        self._run()
        return self._read(demand * peak)

    def rest(self, hours: int) -> None:
        """Allow no energy out of the battery in the first so many hours; from then on as much as its power."""
        slots = self._slots
        upper = np.where(self._hour < hours, 0.0, self.battery.power)
        self._highs.changeColsBounds(slots, self._columns[slots : 2 * slots], np.zeros(slots), upper)

    def first(self, need: float) -> tuple[float, float]:
        """Into and out of the battery [kWh] in the first hour, had that hour this need; everything else as last solved.

        The first hour does not count towards the month's peak here: what defends the peak is told to the inverter apart.
        """
        highs, slots = self._highs, self._slots
        highs.changeRowBounds(0, need, need)
        for row in self._peak_now:
            highs.changeRowBounds(row, -self._inf, self._inf)
        self._run()
        values = highs.getSolution().col_value
        for row in self._peak_now:
            highs.changeRowBounds(row, 0.0, self._inf)
        return max(0.0, values[0]), max(0.0, values[slots])

    def _run(self) -> None:
        """Solve from the last basis; where that ends nowhere, once more from none. Raises RuntimeError without a schedule."""
        highs = self._highs
        for _attempt in ("warm", "cold"):
            highs.run()
            status = highs.modelStatusToString(highs.getModelStatus())
            if status == "Optimal":
                return
            highs.clearSolver()
        raise RuntimeError(f"HiGHS: {status}")

    def _read(self, paid: float) -> Solved:
        highs, slots = self._highs, self._slots
        solution = highs.getSolution()
        values = np.maximum(solution.col_value, 0.0)  # a solver may be below a bound by its tolerance
        into, out, _bought, _sold, charge = values[: COLUMNS * slots].reshape(COLUMNS, slots)
        return Solved(
            into=into[self._slot], out=out[self._slot], charge=charge[self._slot], peak=float(values[COLUMNS * slots :].min()),
            cost=float(highs.getObjectiveValue()) - paid, worth=-float(solution.row_dual[slots]),
        )  # fmt: skip


def least(battery: Battery, charge: float, hours: int) -> np.ndarray:
    """(hours,) least charge at each hour's end [kWh]: the battery's floor; from a charge below it, within a day."""
    low = np.full(hours, battery.floor)
    if charge >= battery.floor:
        return low
    hours_back = next((n for n in range(1, hours + 1) if highest(battery, charge, n) >= battery.floor), hours + 1)
    low[: max(hours_back, min(DAY, hours)) - 1] = charge
    return low if hours_back <= hours else np.full(hours, charge)


def _lines(battery: Battery, side: str) -> list[tuple[float, float]]:
    """The curve of power over charge as lines: power <= level + slope * charge [kW, kW/kWh]."""
    lines = []
    for low, high in zip(battery.curve, battery.curve[1:], strict=False):
        a, b = getattr(low, side), getattr(high, side)
        slope = (b - a) / (high.charge - low.charge)
        lines.append((battery.power * (a - slope * low.charge), battery.power * slope / battery.capacity))
    return lines
