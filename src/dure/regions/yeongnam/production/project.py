"""Which operation runs when on which machine? A plant's plan against the best dispatching rule."""

from __future__ import annotations

from dure import Kpi, Project

from .charts.chart import figure
from .explain.summary import summary
from .files import opens
from .files.saves import SAVES
from .methods.best_rule import best_rule
from .methods.cp_sat import cp_sat
from .methods.tabu_search import tabu_search
from .model.feasible import check
from .model.forms import Request, Response
from .trial.instances import INSTANCES, score
from .trial.rounds import history, remarks, rounds
from .trial.weeks import PLANT

PROJECT = Project[Request, Response](
    request=Request,
    response=Response,
    sources=(INSTANCES, PLANT),
    history=history,
    rounds=rounds,
    practice=best_rule,
    model=tabu_search,
    rivals=(cp_sat,),
    score=score,
    kpis=(
        Kpi("gap to the best known or to a bound", "%", "lower", of="gap / cases"),
        Kpi("mean makespan", "min", "lower", of="makespan / cases"),
        Kpi("minutes late times weight", "min", "lower", of="late / cases"),
    ),
    check=check,
    figure=figure,
    remarks=remarks,
    opens=opens,
    saves=SAVES,
    says=summary,
)
