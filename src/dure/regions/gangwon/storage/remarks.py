"""What must be read beside a home's verdict: its tariff, invented years, filled hours, months left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure import language

from .cases import CaseBuilder, months
from .forms import _
from .homes import homes, site
from .pv_forecast import pv_forecasts
from .tariff import tariff

if TYPE_CHECKING:
    from dure import Data


def remarks(data: Data) -> dict[str, list[str]]:
    """What must be read beside a home's verdict."""
    every, said = homes(data), site(data)
    costs = tariff(said.tariff, said.sell)
    general = [
        _("The tariff: {title}, as of {date}.", title=_title(costs.title), date=costs.as_of.isoformat()),
        _("Load and sun are hourly: what happens inside an hour is not seen, the peak is the highest hour, and an advantage over rules "
          "shrinks by up to 69 % on minute data (arXiv 2510.25373)."),
    ]  # fmt: skip
    if costs.unit != "won":
        general.append(_("Money is in {unit} here, whatever unit stands beside it.", unit=costs.unit))
    if any(home.invented_year for home in every):
        general.append(_("The published files have months and hours but no year: the years are invented."))
    if not data.has("homes"):
        general.append(_("Carbon is that of the homes' own grid in California."))
    else:
        general.append(
            _(
                "Carbon is counted with the intensity published for California at the same hour of the year; it is not this grid's."
            )
        )
    found: dict[str, list[str]] = {"": general}
    forecasts = pv_forecasts(data, every)
    make = CaseBuilder(data, forecasts)
    for home in every:
        texts = []
        if count := int(home.frame["filled"].sum()):
            texts.append(_("Missing hours, filled from the day before: {count}.", count=count))
        if home.dropped:
            texts.append(_("Rows without a place in the calendar, left out: {count}.", count=home.dropped))
        left = [month for month in months(home)[1:] if make.case(home, month) is None] if forecasts else []
        if left:
            names = ", ".join(month.strftime("%Y-%m") for month in left)
            texts.append(_("Left out, because the forecast of the panels does not cover them: {months}.", months=names))
        if texts:
            found[home.name] = texts
    return found


def _title(both: tuple[str, str]) -> str:
    return both[0 if language() == "ko" else 1]
