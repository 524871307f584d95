"""Months of homes as cases, and in which rounds they are asked."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from dure import Case, Round, UserError

from .dates import HOUR
from .forms import AHEAD, PAST, _
from .homes import Home, homes, site
from .month import request
from .published_series import read_series, values_at
from .pv_forecast import pv_forecasts
from .tariff import PUBLISHED, tariff
from .truth import Truth

if TYPE_CHECKING:
    from dure import Data

NO_YEAR = 2000  # stands for every year where none is known
COMPLETE = 0.95  # share of a month's hours that must be there
MANY, SEALED = 10, 6  # whole months from which the last six are sealed; below, the last half


def history(data: Data, until: datetime | None = None) -> pl.DataFrame:
    """Hours of every home (site, time, load, sun) before `until`."""
    parts = [home.frame.select(pl.lit(home.name).alias("site"), "time", "load", "sun") for home in homes(data)]
    hours = pl.concat(parts)
    return hours if until is None else hours.filter(pl.col("time") < until)


def months(home: Home) -> list[datetime]:
    """First moments of the home's whole months."""
    counted = home.frame.filter(~pl.col("filled")).group_by(pl.col("time").dt.truncate("1mo")).len().sort("time")
    return [
        first
        for first, count in counted.iter_rows()
        if count >= COMPLETE * 24 * calendar.monthrange(first.year, first.month)[1]
    ]


def rounds(data: Data) -> Iterator[Round]:
    """A round a month: each is asked with what was known before it; the last six months are sealed, of under ten the last half.

    The first whole month of a home is history alone. Raises UserError where there are fewer than two whole months.
    """
    all_homes = homes(data)
    forecasts = pv_forecasts(data, all_homes)
    months_of = {home.name: months(home)[1:] for home in all_homes}
    all_months = sorted({month for home in all_homes for month in months(home)})
    if not any(months_of.values()):
        raise UserError(
            _("there is no month to play: {count} whole months are there", count=len(all_months)),
            cure=_("Give at least two whole months of hours."),
        )
    sealed = set(
        all_months[-SEALED:] if len(all_months) >= MANY else all_months[len(all_months) - len(all_months) // 2 :]
    )
    builder = CaseBuilder(data, forecasts)
    hours = history(data)
    for month in all_months:
        cases = [case for home in all_homes if month in months_of[home.name] and (case := builder.case(home, month))]
        if cases:
            label = month.strftime("%Y-%m")
            yield Round(label, hours.filter(pl.col("time") < month), cases, sealed=month in sealed)


class CaseBuilder:
    """Builds cases; holds the tariff and the published series."""

    def __init__(self, data: Data, forecasts: dict[str, dict[datetime, Any]] | None) -> None:
        settings = site(data)
        self.tariff, self.forecasts = tariff(settings.tariff, settings.sell), forecasts
        self.carbon = read_series(data, "carbon", "carbon_intensity")
        self.prices = read_series(data, "pricing", "electricity_pricing") if self.tariff.name == PUBLISHED else None

    def case(self, home: Home, month: datetime) -> Case | None:
        """The home's month; None where a forecast from elsewhere does not cover it."""
        frame = home.frame
        inside = frame.filter(pl.col("time").dt.truncate("1mo") == month)
        times = inside["time"].to_list()
        ahead = [*times, *(times[-1] + HOUR * n for n in range(1, AHEAD + 1))]
        buy = values_at(self.prices, ahead) if self.prices else self.tariff.buys(ahead)
        foreseen = self._foreseen(home, times)
        if foreseen is None:
            return None
        first = times[0]
        past = frame.filter((pl.col("time") < first) & (pl.col("time") >= first - PAST * HOUR))
        past = past.filter(_unbroken(past["time"], first))
        truth = Truth(
            battery=home.battery, first=first, past_load=past["load"].to_numpy(), past_sun=past["sun"].to_numpy(),
            load=inside["load"].to_numpy(), sun=inside["sun"].to_numpy(), buy=buy, sell=self.tariff.sells(buy),
            carbon=values_at(self.carbon, times), tariff=self.tariff,
            start=max(home.battery.capacity / 2, home.battery.floor), left_worth=float(buy[len(times) - 24 : len(times)].min()),
            peak_before=self._ratchet(home, month), sun_ahead=foreseen,
        )  # fmt: skip
        label = month.strftime("%Y-%m")
        begin = request(truth, 0, truth.start, truth.peak_before, truth.past_load.tolist(), truth.past_sun.tolist())
        return Case(id=f"{home.name} {label}", request=begin, truth=truth, block=label, site=home.name, time=first)

    def _ratchet(self, home: Home, month: datetime) -> float:
        """The peak that is paid for when the month begins: of the ratchet's months before, with the house alone.

        With the house alone, so that each month is the same case for every method.
        """
        if not self.tariff.ratchet_months:
            return 0.0
        since = month - timedelta(days=31 * self.tariff.ratchet_months)
        before = home.frame.filter((pl.col("time") < month) & (pl.col("time") >= since))
        highest = (before["load"] - before["sun"]).max()
        return max(0.0, float(highest)) if isinstance(highest, int | float) else 0.0

    def _foreseen(self, home: Home, times: Sequence[datetime]) -> Any:
        """For each hour the forecast from elsewhere: () without one; None where it leaves an hour out."""
        if self.forecasts is None:
            return ()
        days = self.forecasts[home.name]
        if home.invented_year:  # another project may have invented another year for the same hours
            days = {issued.replace(year=NO_YEAR): bands for issued, bands in days.items()}
        by_hour = []
        for time in times:
            midnight = time.replace(hour=0)
            for lead in (0, 24):  # that day's forecast, else the second day of the one before
                issued = midnight - lead * HOUR
                bands = days.get(issued.replace(year=NO_YEAR) if home.invented_year else issued)
                if bands is not None and bands.shape[1] > lead + time.hour:
                    break
            else:
                return None
            by_hour.append(tuple((row[lead + time.hour :] * (home.panels or 1.0)).round(6).tolist() for row in bands))
        return tuple(by_hour)


def _unbroken(times: pl.Series, until: datetime) -> pl.Series:
    """Which of the hours before `until` follow one another without a gap up to it."""
    count = times.len()
    reach = pl.Series([until - (count - n) * HOUR for n in range(count)], dtype=times.dtype)
    return times == reach
