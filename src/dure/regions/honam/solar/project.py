"""What will a roof's panels give in the next two days, from their own past and the calendar alone?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from dure import Case, Invalid, Kpi, Project, Round, UserError
from dure.methods import pinball

from .chart import figure, figures
from .data import HOMES, ROOFS, copies, grid, together
from .forms import DAY, LEVELS, MEDIAN, PAST, Request, Response, Settings, _
from .history import AHEAD
from .methods import clear_sky_memory, plain_lightgbm, week_mean, yesterday
from .remarks import remarks
from .sheets import SAVES, opens, says

if TYPE_CHECKING:
    from dure import Data

WHOLE = 25  # days of a month that can be asked; with fewer it is no whole month
LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


def history(data: Data, until: datetime | None = None) -> pl.DataFrame:
    """Hours of all roofs before `until`: home, time (the beginning of the hour), truth (kW per kW installed), weather if any."""
    frame = together(data)
    return frame if until is None else frame.filter(pl.col("time") < until.replace(tzinfo=None))


def rounds(data: Data) -> Iterator[Round[Request]]:
    """A round for each whole month but the first: every method is built anew on all that was before.

    Half of the whole months, the later ones, are sealed.
    """
    frame = together(data)
    months: dict[str, list[Case[Request]]] = {}
    for case in cases(frame):
        assert case.time is not None
        months.setdefault(f"{case.time:%Y-%m}", []).append(case)
    whole_months = [name for name, asked in months.items() if len({case.time for case in asked}) >= WHOLE]
    if len(whole_months) < 2:
        raise UserError(
            _("{count} whole months are too few for a trial", count=len(whole_months)),
            cure=_("Two are needed: one to learn from, one to be asked. For one answer use `dure ask`."),
        )
    sealed = min(len(whole_months) // 2, len(whole_months) - 2)
    for number, name in enumerate(whole_months[1:], start=1):
        first = months[name][0].time
        assert first is not None
        yield Round(
            name, frame.filter(pl.col("time") < first), months[name], sealed=number >= len(whole_months) - sealed
        )


def cases(frame: pl.DataFrame) -> list[Case[Request]]:
    """Every roof at every midnight whose yesterday and whose next 48 hours are wholly known, day by day.

    A block is a week of all roofs: they lie under one sky. Copies of one roof are asked each, and weigh together as one.
    """
    start, hours = grid(frame)
    weight = {home: 1 / len(group) for group in copies(hours) for home in group}
    weather = {
        name: grid(frame.select("home", "time", truth=name))[1]
        for name in ("irradiance", "cloud")
        if frame[name].count()
    }
    asked_cases = []
    for day in range(1, len(next(iter(hours.values()))) // DAY - 1):
        at, midnight = day * DAY, start + timedelta(days=day)
        year, week, _weekday = midnight.isocalendar()
        for home, values in hours.items():
            truth = values[at : at + AHEAD]
            if not np.isfinite(values[at - DAY : at + AHEAD]).all():
                continue
            begin = max(0, at - PAST)
            sky = {name: _known(series[home][begin : at + AHEAD]) for name, series in weather.items()}
            past = _known(values[begin:at])
            request = Request.model_validate({"first": midnight, "hours": AHEAD, "past": past, **sky})
            answer = {"power": truth.tolist(), "weight": weight[home]}
            asked_cases.append(
                Case(f"{home} {midnight:%Y-%m-%d}", request, answer, f"{year}-W{week:02d}", "", midnight)
            )
    return asked_cases


def _known(values: np.ndarray) -> list[float | None]:
    return [float(value) if known else None for value, known in zip(values, np.isfinite(values), strict=True)]


def check(request: Request, response: Response) -> None:
    """As many hours are answered as were asked."""
    if len(response.power) != request.hours:
        raise Invalid(
            _("{count} hours are answered, {hours} were asked", count=len(response.power), hours=request.hours)
        )


def score(case: Case[Request], outcome: Response) -> dict[str, float]:
    """Sums over the hours of light: pinball loss, distance of the median, truths within the band of 80 %, truths below levels.

    An hour counts where the roof gave anything at that hour in its last weeks, or does now: a right night earns nothing.
    """
    truth, quantiles = np.array(case.truth["power"]), np.array(outcome.power)
    past = np.array([value or 0.0 for value in case.request.past])
    lit = past[len(past) % DAY :].reshape(-1, DAY).max(axis=0) > 0
    light = lit[np.arange(len(truth)) % DAY] | (truth > 0)
    truth, quantiles, weight = truth[light], quantiles[light], case.truth["weight"]
    sums = {
        "hours": float(light.sum()),
        "pinball": 100 * float(pinball(quantiles, truth, LEVELS).sum()),
        "distance": 100 * float(np.abs(truth - quantiles[:, MEDIAN]).sum()),
        "inside": float(((truth >= quantiles[:, LOW]) & (truth <= quantiles[:, HIGH])).sum()),
    }
    below = {
        f"below_{round(100 * LEVELS[at]):02d}": float((truth < quantiles[:, at]).sum())
        for at in range(1, len(LEVELS), 2)
    }
    return {name: weight * value for name, value in {**sums, **below}.items()}


PROJECT = Project[Request, Response](
    request=Request,
    response=Response,
    sources=(*HOMES, ROOFS),
    history=history,
    rounds=rounds,
    practice=yesterday,
    model=clear_sky_memory,
    rivals=(week_mean, plain_lightgbm),
    check=check,
    score=score,
    kpis=(
        Kpi("mean pinball loss in daylight, of installed power", "%", "lower", of="pinball / hours"),
        Kpi("mean absolute error of the median in daylight, of installed power", "%", "lower", of="distance / hours"),
        Kpi("truths inside the 80 % band", "%", "higher", of="100 * inside / hours", limit=(74, 86)),
    ),
    settings=Settings,
    remarks=remarks,
    figure=figure,
    figures=figures,
    opens=opens,
    saves=SAVES,
    says=says,
)
