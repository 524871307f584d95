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
    all_homes, settings = homes(data), site(data)
    costs = tariff(settings.tariff, settings.sell)
    general = [
        _("The tariff: {title}, as of {date}.", title=_title(costs.title), date=costs.as_of.isoformat()),
        _("Load and sun are hourly: what happens inside an hour is not seen, the peak is the highest hour, and an advantage over rules "
          "shrinks by up to 69 % on minute data (arXiv 2510.25373)."),
    ]  # fmt: skip
    if costs.unit != "won":
        general.append(_("Money is in {unit} here, whatever unit stands beside it.", unit=costs.unit))
    if any(home.invented_year for home in all_homes):
        general.append(_("The published files have months and hours but no year: the years are invented."))
    if not data.has("homes"):
        general.append(_("Carbon is that of the homes' own grid in California."))
    else:
        general.append(
            _(
                "Carbon is counted with the intensity published for California at the same hour of the year; it is not this grid's."
            )
        )
    by_home: dict[str, list[str]] = {"": general}
    forecasts = pv_forecasts(data, all_homes)
    builder = CaseBuilder(data, forecasts)
    for home in all_homes:
        texts = []
        if count := int(home.frame["filled"].sum()):
            texts.append(_("Missing hours, filled from the day before: {count}.", count=count))
        if home.dropped:
            texts.append(_("Rows without a place in the calendar, left out: {count}.", count=home.dropped))
        uncovered = [month for month in months(home)[1:] if builder.case(home, month) is None] if forecasts else []
        if uncovered:
            names = ", ".join(month.strftime("%Y-%m") for month in uncovered)
            texts.append(_("Left out, because the forecast of the panels does not cover them: {months}.", months=names))
        if texts:
            by_home[home.name] = texts
    return by_home


def _title(titles: tuple[str, str]) -> str:
    return titles[0 if language() == "ko" else 1]
