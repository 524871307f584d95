"""How much will the farm generate tomorrow, hour by hour, and how sure is that?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from dure import Invalid, Kpi, Project

from . import data as farms
from .chart import figure, figures
from .data import FARM, Settings
from .ensemble import quantile_networks
from .files import opens, save_csv, save_xlsx, says
from .forms import LEVELS, Request, Response, _
from .methods import climatology, lightgbm_quantiles, power_curve
from .score import score

if TYPE_CHECKING:
    import polars as pl

    from dure import Data, Round


def history(data: Data, until: datetime | None = None) -> pl.DataFrame:
    """Every hour of every farm that was known before a moment."""
    return farms.known(farms.farms(data)[0], until)


def rounds(data: Data) -> Iterator[Round]:
    """A round a month, derived from the data: the last eleven whole months, of which the first six are open."""
    return farms.rounds(farms.farms(data)[0])


def remarks(data: Data) -> dict[str, list[str]]:
    """What was found and done while reading each farm's sheet."""
    return farms.farms(data)[1]


def check(request: Request, response: Response) -> None:
    """19 quantiles an hour, in order, between nothing and the capacity. Raises Invalid naming the hour."""
    if len(response.power) != len(request.time):
        raise Invalid(
            _("{count} hours were answered, {asked} asked", count=len(response.power), asked=len(request.time))
        )
    for hour, levels in zip(request.time, response.power, strict=True):
        if len(levels) != len(LEVELS):
            raise Invalid(
                _(
                    "{hour}: {count} quantiles, not {levels}",
                    hour=f"{hour:%m-%d %H}h",
                    count=len(levels),
                    levels=len(LEVELS),
                )
            )
        if any(above < below for below, above in pairwise(levels)):
            raise Invalid(_("{hour}: a quantile lies below a lower one", hour=f"{hour:%m-%d %H}h"))
        if levels[0] < 0 or levels[-1] > request.capacity * (1 + 1e-9):
            raise Invalid(_("{hour}: power below 0 or above the capacity", hour=f"{hour:%m-%d %H}h"))


PROJECT = Project[Request, Response](
    request=Request,
    response=Response,
    sources=(FARM,),
    history=history,
    rounds=rounds,
    practice=power_curve,
    model=quantile_networks,
    rivals=(climatology, lightgbm_quantiles),
    check=check,
    score=score,
    kpis=(
        Kpi("skill against climatology", "", "higher", of="1 - pinball / climatology"),
        Kpi("coverage of the 80 % band", "%", "higher", of="100 * covered / hours", limit=(76, 84)),
        Kpi("mean absolute error, of the capacity", "%", "lower", of="100 * absolute / hours"),
        Kpi("forecast incentive", "won/kWh", "higher", of="won / energy"),
    ),
    settings=Settings,
    figure=figure,
    figures=figures,
    remarks=remarks,
    opens=opens,
    saves={".csv": save_csv, ".xlsx": save_xlsx},
    says=says,
)
