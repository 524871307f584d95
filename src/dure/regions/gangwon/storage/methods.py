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
NEGLIGIBLE = 1e-6  # kWh


def self_consumption(history: pl.DataFrame, _seed: int, _work: Work) -> Callable[[Request], Response]:
    """Self-consumption rule.

    What the sun leaves over is stored, what the house lacks is taken from the battery, at once and whatever it costs: how home
    batteries come from the factory (for example Quoilin and others 2016, Applied Energy 182:58, section 2.2).
    """
    del history
    return lambda request: Response(
        cover=request.power, store=request.power, why=Why(reason="a rule", price=request.buy[0])
    )


def time_of_use_timer(history: pl.DataFrame, _seed: int, _work: Work) -> Callable[[Request], Response]:
    """Time-of-use timer.

    The battery covers the house in the dearest hours alone and is filled from the grid at the end of the cheapest ones, where the
    difference pays for the losses; the sun's surplus is always stored. What an inverter's schedule is usually set to.
    """
    del history

    def answer(request: Request) -> Response:
        day = request.buy[:24]
        current, cheap, dear = day[0], min(day), max(day)
        rule = Why(reason="a rule", price=current)
        pays = dear * request.efficiency - request.cycle_cost > cheap + TIE
        if not pays:
            return Response(cover=request.power, store=request.power, why=rule)
        if current >= dear - TIE:
            return Response(cover=request.power, store=request.power, why=rule)
        if current > cheap + TIE:
            return Response(cover=0.0, store=request.power, why=rule)
        cheap_hours = next(
            (n for n, price in enumerate(day) if price > cheap + TIE), 24
        )  # cheap hours, this one with them
        room = max(0.0, request.ceiling - request.charge) / request.one_way
        overflow = max(0.0, room - (cheap_hours - 1) * request.power)  # what the cheap hours after this one cannot take
        return Response(cover=0.0, store=request.power, from_grid=min(overflow, request.power), why=rule)

    return answer


def rolling_mpc(history: pl.DataFrame, _seed: int, work: Work) -> Callable[[Request], Response]:
    """Model predictive control.

    Each hour a linear programme (HiGHS) plans the next day for several ways in which load and sun may go, drawn from the last two
    weeks around the project's own forecast. Of the plan the inverter is not given the energy of the first hour but what a stored
    kWh is worth at its end: it covers the house while that saves more, and stores the sun while that is worth more, whatever the
    house really does inside the hour.
    """
    forecast = fitted(history, work.folder / "forecast.npz")
    return Controller(lambda request: ways(forecast, request))


def mpc_on_yesterday(history: pl.DataFrame, _seed: int, work: Work) -> Callable[[Request], Response]:
    """The same control on yesterday's curve.

    Load and sun of every hour are expected to be those of the day before.
    """
    forecast = fitted(history, work.folder / "forecast.npz")

    def yesterday(request: Request) -> tuple[np.ndarray, np.ndarray]:
        hour = np.arange(AHEAD) % 24
        load, sun = _past(forecast, request)
        return load[None, -24:][:, hour], sun[None, -24:][:, hour]

    return Controller(yesterday)


def _past(forecast: Forecast, request: Request) -> tuple[np.ndarray, np.ndarray]:
    hour = request.time.hour
    return (
        padded(request.load, forecast.arrays["load usual"], hour),
        padded(request.sun, forecast.arrays["sun usual"], hour),
    )


def ways(forecast: Forecast, request: Request) -> tuple[np.ndarray, np.ndarray]:
    """(WAYS, AHEAD) load and sun [kWh]: the last days' curves, moved so that their mean is the forecast of each hour.

    Taking whole days keeps what belongs together: a cloudy hour stands beside cloudy hours, and a peak is as sharp as peaks are.
    """
    load, sun = _past(forecast, request)
    hour = np.arange(AHEAD) % 24
    curves = []
    for kind, past in (("load", load), ("sun", sun)):
        days = past.reshape(-1, 24)[-WAYS:, hour]
        mean = days.mean(axis=0)
        expected = forecast.of(kind, past)
        scaled = np.where(mean > TINY, days * (expected / np.maximum(mean, TINY)), expected)
        if kind == "sun" and request.sun_ahead:
            _override_sun(request, scaled, days)
        curves.append(scaled)
    return curves[0], curves[1]


def _override_sun(request: Request, ways: np.ndarray, days: np.ndarray) -> None:
    """Put a forecast of the sun from elsewhere in the place of the project's own, as far as it reaches.

    Its band becomes the ways: a bright day of the past goes with the upper edge all day long, a dull one with the lower.
    """
    middle = np.array(request.sun_ahead[:AHEAD])
    reach, edges = middle.size, min(len(request.sun_low), AHEAD)
    ways[:, :reach] = middle
    if edges:
        levels = (days.sum(axis=1).argsort().argsort() + 0.5) / len(days)
        low, high = np.array(request.sun_low[:edges]), np.array(request.sun_high[:edges])
        part = np.clip((levels[:, None] - 0.1) / 0.4, 0, 1), np.clip((levels[:, None] - 0.5) / 0.4, 0, 1)
        ways[:, :edges] = low + part[0] * (middle[:edges] - low) + part[1] * (high - middle[:edges])


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

    def __call__(self, request: Request) -> Response:
        """The bounds for this hour. Raises RuntimeError where HiGHS finds no plan, which no valid request can cause."""
        load, sun = self.ahead(request)
        hours = min(AHEAD, len(request.buy))
        load, sun = load[:, :hours], sun[:, :hours]
        programme = self._programme_of(request, hours, len(load))
        buy, sell = np.array(request.buy[:hours]), np.array(request.sell[:hours])
        low = least(request, request.charge, hours)
        if 0 < request.target_hours <= hours:
            low[request.target_hours - 1] = max(low[request.target_hours - 1], request.target * request.capacity)
        plan = programme.solve(
            request.charge, load - sun, buy, sell, last=float(buy.min()) * request.one_way, demand=request.demand_price,
            peak=request.peak, low=low,
        )  # fmt: skip
        return first_hour(
            request,
            plan,
            bounds(request, programme, light=bool(sun[:, 0].max() > 0)),
            load.mean(axis=0),
            sun.mean(axis=0),
        )

    def _programme_of(self, request: Request, hours: int, ways: int) -> Programme:
        """The programme of this battery, kept while it stays the same."""
        key = (
            request.capacity, request.power, request.efficiency, request.floor, request.ceiling, request.cycle_cost,
            tuple((point.charge, point.charging, point.discharging) for point in request.curve), hours, ways, request.demand_price > 0,
        )  # fmt: skip
        if self._programme is None or key != self._key:
            self._programme, self._key = Programme(request, hours, ways, peaked=request.demand_price > 0), key
        return self._programme


def first_hour(request: Request, plan: Solved, bounds: dict[str, float], load: np.ndarray, sun: np.ndarray) -> Response:
    """The answer: the bounds, the peak to defend where it has a price, the plan and why."""
    at_most = max(plan.peak, request.peak) if request.demand_price else None
    return Response(**bounds, at_most=at_most, why=_why(request, plan, bounds), plan=_planned(plan, load, sun))


def bounds(request: Request, programme: Programme, *, light: bool) -> dict[str, float]:
    """How far the inverter may follow the house in the first hour, whatever the house turns out to do.

    The worth of stored energy rises as the battery empties, so for each use there is a charge at which it stops paying. The
    programme finds it when the first hour is made to need, or to leave over, as much as the battery's power. In the dark nothing
    is left over, and what would be stored need not be found.
    """
    cover = programme.first(request.power)[1]
    store = programme.first(-request.power)[0] if light else request.power
    from_grid = to_grid = 0.0
    if (cover > NEGLIGIBLE) != (
        store > NEGLIGIBLE
    ):  # where covering pays no buying does, where storing the sun pays no selling does
        from_grid, to_grid = programme.first(0.0)
    energies = {"cover": cover, "store": store, "from_grid": from_grid, "to_grid": to_grid}
    return {name: value if value > NEGLIGIBLE else 0.0 for name, value in energies.items()}


def _why(request: Request, plan: Solved, first: dict[str, float]) -> Why:
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
        reason = "keep for later" if request.charge > request.floor + 1e-3 and hour else "rest"
    return Why(reason=reason, worth=plan.worth, price=request.buy[0], hour=hour, price_then=request.buy[hour])


def _planned(plan: Solved, load: np.ndarray, sun: np.ndarray) -> list[Planned]:
    rows = zip(
        load.tolist(),
        sun.tolist(),
        (plan.out - plan.into).mean(axis=0).tolist(),
        plan.charge.mean(axis=0).tolist(),
        strict=True,
    )
    return [Planned(load=a, sun=b, battery=c, charge=d) for a, b, c, d in rows]
