"""Ways to run a battery: two rules of the trade, and model predictive control on two forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .forecast import Forecast, fitted, padded
from .forms import AHEAD, Planned, Reason, Request, Response, Why
from .programme import Programme, Solved, least

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from dure import Work

    Ahead = Callable[[Request], tuple[np.ndarray, np.ndarray]]

WAYS = 7  # days of the past that a plan is tried on: each day of the week once
TINY = 1e-3  # kWh
TIE = 0.05  # won per kWh: two uses closer than this are worth the same
NOTHING = 1e-6  # kWh


def self_consumption(history: pl.DataFrame, _seed: int, _work: Work) -> Callable[[Request], Response]:
    """Self-consumption rule.

    What the sun leaves over is stored, what the house lacks is taken from the battery, at once and whatever it costs: how home
    batteries come from the factory (for example Quoilin and others 2016, Applied Energy 182:58, section 2.2).
    """
    del history
    return lambda asked: Response(cover=asked.power, store=asked.power, why=Why(reason="a rule", price=asked.buy[0]))


def time_of_use_timer(history: pl.DataFrame, _seed: int, _work: Work) -> Callable[[Request], Response]:
    """Time-of-use timer.

    The battery covers the house in the dearest hours alone and is filled from the grid at the end of the cheapest ones, where the
    difference pays for the losses; the sun's surplus is always stored. What an inverter's schedule is usually set to.
    """
    del history

    def answer(asked: Request) -> Response:
        day = asked.buy[:24]
        now, cheap, dear = day[0], min(day), max(day)
        why = Why(reason="a rule", price=now)
        pays = dear * asked.efficiency - asked.cycle_cost > cheap + TIE
        if not pays:
            return Response(cover=asked.power, store=asked.power, why=why)
        if now >= dear - TIE:
            return Response(cover=asked.power, store=asked.power, why=why)
        if now > cheap + TIE:
            return Response(cover=0.0, store=asked.power, why=why)
        left = next((n for n, price in enumerate(day) if price > cheap + TIE), 24)  # cheap hours, this one with them
        room = max(0.0, asked.ceiling - asked.charge) / asked.one_way
        late = max(0.0, room - (left - 1) * asked.power)  # what the cheap hours after this one cannot take
        return Response(cover=0.0, store=asked.power, from_grid=min(late, asked.power), why=why)

    return answer


def rolling_mpc(history: pl.DataFrame, _seed: int, work: Work) -> Callable[[Request], Response]:
    """Model predictive control.

    Each hour a linear programme (HiGHS) plans the next day for several ways in which load and sun may go, drawn from the last two
    weeks around the project's own forecast. Of the plan the inverter is not given the energy of the first hour but what a stored
    kWh is worth at its end: it covers the house while that saves more, and stores the sun while that is worth more, whatever the
    house really does inside the hour.
    """
    forecast = fitted(history, work.folder / "forecast.npz")
    return Controller(lambda asked: ways(forecast, asked))


def mpc_on_yesterday(history: pl.DataFrame, _seed: int, work: Work) -> Callable[[Request], Response]:
    """The same control on yesterday's curve.

    Load and sun of every hour are expected to be those of the day before.
    """
    forecast = fitted(history, work.folder / "forecast.npz")

    def yesterday(asked: Request) -> tuple[np.ndarray, np.ndarray]:
        hour = np.arange(AHEAD) % 24
        load, sun = _past(forecast, asked)
        return load[None, -24:][:, hour], sun[None, -24:][:, hour]

    return Controller(yesterday)


def _past(forecast: Forecast, asked: Request) -> tuple[np.ndarray, np.ndarray]:
    hour = asked.time.hour
    return (
        padded(asked.load, forecast.kept["load usual"], hour),
        padded(asked.sun, forecast.kept["sun usual"], hour),
    )


def ways(forecast: Forecast, asked: Request) -> tuple[np.ndarray, np.ndarray]:
    """(WAYS, AHEAD) load and sun [kWh]: the last days' curves, moved so that their mean is the forecast of each hour.

    Taking whole days keeps what belongs together: a cloudy hour stands beside cloudy hours, and a peak is as sharp as peaks are.
    """
    load, sun = _past(forecast, asked)
    hour = np.arange(AHEAD) % 24
    found = []
    for kind, past in (("load", load), ("sun", sun)):
        days = past.reshape(-1, 24)[-WAYS:, hour]
        mean = days.mean(axis=0)
        wanted = forecast.of(kind, past)
        moved = np.where(mean > TINY, days * (wanted / np.maximum(mean, TINY)), wanted)
        if kind == "sun" and asked.sun_ahead:
            _elsewhere(asked, moved, days)
        found.append(moved)
    return found[0], found[1]


def _elsewhere(asked: Request, moved: np.ndarray, days: np.ndarray) -> None:
    """Put a forecast of the sun from elsewhere in the place of the project's own, as far as it reaches.

    Its band becomes the ways: a bright day of the past goes with the upper edge all day long, a dull one with the lower.
    """
    middle = np.array(asked.sun_ahead[:AHEAD])
    reach, edges = middle.size, min(len(asked.sun_low), AHEAD)
    moved[:, :reach] = middle
    if edges:
        levels = (days.sum(axis=1).argsort().argsort() + 0.5) / len(days)
        low, high = np.array(asked.sun_low[:edges]), np.array(asked.sun_high[:edges])
        part = np.clip((levels[:, None] - 0.1) / 0.4, 0, 1), np.clip((levels[:, None] - 0.5) / 0.4, 0, 1)
        moved[:, :edges] = low + part[0] * (middle[:edges] - low) + part[1] * (high - middle[:edges])


class Controller:
    """Plans each hour and answers with its first hour; keeps the programme and its basis from hour to hour.

    Parameters
    ----------
    ahead
        The forecast: a request -> (ways, AHEAD) load and sun [kWh].
    """

    def __init__(self, ahead: Ahead) -> None:
        self.ahead = ahead
        self._key: Any = None
        self._programme: Programme | None = None

    def start(self, _case_id: str) -> None:
        """Memory begins here: no basis of another case, so that answers do not depend on what was asked before."""
        self._key = None

    def __call__(self, asked: Request) -> Response:
        """The bounds for this hour. Raises RuntimeError where HiGHS finds no plan, which no valid request can cause."""
        load, sun = self.ahead(asked)
        hours = min(AHEAD, len(asked.buy))
        load, sun = load[:, :hours], sun[:, :hours]
        programme = self._for(asked, hours, len(load))
        buy, sell = np.array(asked.buy[:hours]), np.array(asked.sell[:hours])
        low = least(asked, asked.charge, hours)
        if 0 < asked.target_hours <= hours:
            low[asked.target_hours - 1] = max(low[asked.target_hours - 1], asked.target * asked.capacity)
        plan = programme.solve(
            asked.charge, load - sun, buy, sell, last=float(buy.min()) * asked.one_way, demand=asked.demand_price,
            peak=asked.peak, low=low,
        )  # fmt: skip
        return first_hour(
            asked, plan, bounds(asked, programme, light=bool(sun[:, 0].max() > 0)), load.mean(axis=0), sun.mean(axis=0)
        )

    def _for(self, asked: Request, hours: int, ways: int) -> Programme:
        """The programme of this battery, kept while it stays the same."""
        key = (
            asked.capacity, asked.power, asked.efficiency, asked.floor, asked.ceiling, asked.cycle_cost,
            tuple((point.charge, point.charging, point.discharging) for point in asked.curve), hours, ways, asked.demand_price > 0,
        )  # fmt: skip
        if self._programme is None or key != self._key:
            self._programme, self._key = Programme(asked, hours, ways, peaked=asked.demand_price > 0), key
        return self._programme


def first_hour(asked: Request, plan: Solved, bounds: dict[str, float], load: np.ndarray, sun: np.ndarray) -> Response:
    """The answer: the bounds, the peak to defend where it has a price, the plan and why."""
    at_most = max(plan.peak, asked.peak) if asked.demand_price else None
    return Response(**bounds, at_most=at_most, why=_why(asked, plan, bounds), plan=_planned(plan, load, sun))


def bounds(asked: Request, programme: Programme, *, light: bool) -> dict[str, float]:
    """How far the inverter may follow the house in the first hour, whatever the house turns out to do.

    The worth of stored energy rises as the battery empties, so for each use there is a charge at which it stops paying. The
    programme finds it when the first hour is made to need, or to leave over, as much as the battery's power. In the dark nothing
    is left over, and what would be stored need not be found.
    """
    cover = programme.first(asked.power)[1]
    store = programme.first(-asked.power)[0] if light else asked.power
    from_grid = to_grid = 0.0
    if (cover > NOTHING) != (
        store > NOTHING
    ):  # where covering pays no buying does, where storing the sun pays no selling does
        from_grid, to_grid = programme.first(0.0)
    found = {"cover": cover, "store": store, "from_grid": from_grid, "to_grid": to_grid}
    return {name: value if value > NOTHING else 0.0 for name, value in found.items()}


def _why(asked: Request, plan: Solved, first: dict[str, float]) -> Why:
    """What decides the hour, and when the stored energy is used."""
    later = np.flatnonzero(plan.out.mean(axis=0)[1:] > 1e-3)
    hour = int(later[0]) + 1 if later.size else 0
    reason: Reason
    if first["from_grid"]:
        reason = "charge from the grid"
    elif first["to_grid"]:
        reason = "sell"
    elif plan.into[0, 0] > 1e-3:
        reason = "store the sun"
    elif plan.out[0, 0] > 1e-3:
        reason = "use now"
    else:
        reason = "keep for later" if asked.charge > asked.floor + 1e-3 and hour else "rest"
    return Why(reason=reason, worth=plan.worth, price=asked.buy[0], hour=hour, price_then=asked.buy[hour])


def _planned(plan: Solved, load: np.ndarray, sun: np.ndarray) -> list[Planned]:
    rows = zip(
        load.tolist(),
        sun.tolist(),
        (plan.out - plan.into).mean(axis=0).tolist(),
        plan.charge.mean(axis=0).tolist(),
        strict=True,
    )
    return [Planned(load=a, sun=b, battery=c, charge=d) for a, b, c, d in rows]
