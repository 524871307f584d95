"""When does a home's battery charge, and when does it serve the house? Model predictive control against the self-consumption rule."""

from __future__ import annotations

from dure import Kpi, Project

from .cases import history, rounds
from .chart import figure, figures
from .files import SAVES, opens, says
from .forms import Request, Response, Settings
from .methods import mpc_on_yesterday, rolling_mpc, self_consumption, time_of_use_timer
from .month import Outcome, play, score
from .remarks import remarks
from .sources import SOURCES

PROJECT = Project[Request, Response, Outcome](
    request=Request,
    response=Response,
    sources=SOURCES,
    history=history,
    rounds=rounds,
    practice=self_consumption,
    model=rolling_mpc,
    rivals=(time_of_use_timer, mpc_on_yesterday),
    play=play,
    score=score,
    kpis=(
        Kpi("cost of a month", "won", "lower", of="cost / cases"),
        Kpi("share of the gap to perfect foresight closed", "", "higher", of="(rule - cost) / (rule - best)"),
        Kpi("mean of the months' highest hours", "kW", "lower", of="peak / cases"),
        Kpi("carbon of a month", "kg", "lower", of="carbon / cases"),
        Kpi("full cycles of a month", "", "lower", of="cycles / cases"),
    ),
    settings=Settings,
    figure=figure,
    figures=figures,
    remarks=remarks,
    opens=opens,
    saves=SAVES,
    says=says,
)
