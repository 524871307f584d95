"""Does the car brake in time when another one cuts in? Drivers of UN Regulation No. 157 and of the literature, and yours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from dure import Kpi, Project, Round

from .cases import Driven, grid_cases, play, play_many, score
from .chart import figure, figures
from .data import SCENARIOS, STAGES, Stages, own_cases, stages
from .drivers import car_following, fuzzy_safety, human_driver, lane_intrusion, rss, staged_braking
from .files import opens
from .forms import Request, Response
from .policy import anticipation
from .world import Played

if TYPE_CHECKING:
    from dure import Data


def history(data: Data, until: datetime | None = None) -> Stages:
    """The stages of the rival that brakes by a table. Nothing is learnt from cases: our recipe was chosen on open ones, in code."""
    del until
    return stages(data)


def rounds(data: Data) -> Iterator[Round[Request]]:
    """Open: what is left of the grid. Sealed: bands of speed, gap and lateral speed. A person's own scenarios stand alone."""
    known = history(data)
    if data.has("scenarios"):
        yield Round("own scenarios", known, own_cases(data))
        return
    ready, sealed = grid_cases()
    yield Round("open part of the grid", known, ready)
    yield Round("sealed bands", known, sealed, sealed=True)


PROJECT = Project[Request, Response, Played | Driven](
    request=Request,
    response=Response,
    sources=(SCENARIOS, STAGES),
    history=history,
    rounds=rounds,
    practice=human_driver,
    model=anticipation,
    rivals=(lane_intrusion, rss, fuzzy_safety, car_following, staged_braking),
    play=play,
    play_many=play_many,
    score=score,
    kpis=(
        Kpi("crash rate per thousand cases", "", "lower", of="1000 * crash / cases"),
        Kpi("crashes in cases the human driver avoids", "", "lower", of="avoidable", limit=(None, 0)),
        Kpi("speed of impact, 0 without a crash", "km/h", "lower", of="3.6 * impact / cases"),
        Kpi("hard braking in cases that are safe without braking", "%", "lower", of="100 * needless / safe"),
        Kpi("discomfort: root mean square jerk", "m/s3", "lower", of="sqrt(jerk / seconds)"),
    ),
    figure=figure,
    figures=figures,
    opens=opens,
)
