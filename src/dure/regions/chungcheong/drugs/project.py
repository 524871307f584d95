"""How potent is a molecule at a target, how sure is that, and compared with which known compound?"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dure import Invalid, Kpi, Project

from .chart import figure, figures
from .data import COMPOUNDS, SOURCES, known_cases, remarks, rounds, score, targets
from .files import opens, save_csv, save_xlsx, says
from .forms import Request, Response, _
from .methods import gaussian_process, nearest_compound, random_forest, support_vectors

if TYPE_CHECKING:
    from dure import Case, Data


def history(data: Data, until: datetime | None = None) -> tuple[Case[Request], ...]:
    """Every measured compound of every target. They carry no time, so there is nothing before `until` to tell apart."""
    del until
    return tuple(case for target, frame in targets(data).items() for case in known_cases(target, frame))


def check(request: Request, response: Response) -> None:
    """An estimate for each molecule, within its interval. Raises Invalid naming the molecule."""
    if len(response.estimates) != len(request.molecules):
        raise Invalid(
            _("{count} estimates for {asked} molecules", count=len(response.estimates), asked=len(request.molecules))
        )
    for place, estimate in enumerate(response.estimates, start=1):
        if not estimate.low <= estimate.potency <= estimate.high:
            raise Invalid(_("molecule {place}: the potency lies outside its interval", place=place))


PROJECT = Project[Request, Response](
    request=Request,
    response=Response,
    sources=(*SOURCES, COMPOUNDS),
    history=history,
    rounds=rounds,
    practice=nearest_compound,
    model=gaussian_process,
    rivals=(support_vectors, random_forest),
    check=check,
    score=score,
    kpis=(
        Kpi("root mean square error", "log10", "lower", of="sqrt(squares / molecules)"),
        Kpi("root mean square error on activity cliffs", "log10", "lower", of="sqrt(cliff_squares / cliffs)"),
        Kpi("coverage of the 80 % interval", "%", "higher", of="100 * covered / molecules", limit=(74, 86)),
        Kpi("hits in the top 50", "compounds", "higher", of="hits / lists"),
    ),
    figure=figure,
    figures=figures,
    remarks=remarks,
    opens=opens,
    saves={".csv": save_csv, ".xlsx": save_xlsx},
    says=says,
)
