"""Homes: the published ones or a person's own, each with its battery, its panels and its hours of load and sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import ValidationError

from dure import UserError, refusal

from .battery import Battery
from .dates import dated
from .forms import Settings, _
from .sources import HOMES

if TYPE_CHECKING:
    from dure import Data

EMPTY = Battery(
    capacity=6.4, power=5.0, efficiency=0.9
)  # the published homes' battery, where a home of one's own sets nothing


@dataclass(frozen=True)
class Home:
    """A home's hours. `frame` has time (beginning of the hour), load, sun [kWh] and filled (a gap, filled from the day before)."""

    name: str
    frame: pl.DataFrame
    battery: Battery
    panels: float | None
    dropped: int = 0
    invented_year: bool = False


def site(data: Data) -> Settings:
    """The site's settings, or those by default."""
    return data.settings if isinstance(data.settings, Settings) else Settings()


def homes(data: Data) -> list[Home]:
    """Every home: a person's own where they were given, else the published ones. Raises UserError naming file and field."""
    said = site(data)
    if data.has("homes"):
        found = data.several("homes")
        return [Home(name, hourly(frame, name), _battery(said, name, {}), said.panels) for name, frame in found.items()]
    schema = {row["home"]: row for row in data["schema"].iter_rows(named=True)}
    made = []
    for name in HOMES:
        frame, dropped = dated(data[name], name)
        panels = said.panels or float(schema[name]["panels"])
        sun = pl.col("solar_generation") * panels / 1000  # published in W per kW of panels
        hours = frame.select("time", load=pl.col("non_shiftable_load").cast(pl.Float64), sun=sun)
        made.append(
            Home(name, hourly(hours, name), _battery(said, name, schema[name]), panels, dropped, invented_year=True)
        )
    return made


def _battery(said: Settings, name: str, published: dict[str, Any]) -> Battery:
    """What the site sets, else what is published, else the published homes' usual battery."""
    fields = {
        field: getattr(said, field) or published.get(field) or getattr(EMPTY, field)
        for field in ("capacity", "power", "efficiency")
    }
    shares = {field: getattr(said, field) for field in ("charge_min", "charge_max", "reserve", "cycle_cost")}
    try:
        return Battery(**fields, **shares)
    except ValidationError as error:
        raise refusal(error, where=name) from None


def hourly(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """One row an hour without gaps inside a stretch: quarter hours are added up, a gap of up to a day is filled."""
    if not frame.height:
        raise UserError(_("there is no row with a time and a load"), where=name)
    by_hour = (
        frame.drop_nulls(["time", "load"])
        .with_columns(
            pl.col("time").dt.truncate("1h"), pl.col("sun").fill_null(0.0).clip(0.0), pl.col("load").clip(0.0)
        )
        .group_by("time")
        .agg(pl.col("load").sum(), pl.col("sun").sum())
        .sort("time")
    )
    every = by_hour.select(pl.datetime_range(pl.col("time").min(), pl.col("time").max(), "1h").alias("time"))
    joined = every.join(by_hour, on="time", how="left", maintain_order="left")
    filled = joined.with_columns(
        pl.col("load").is_null().alias("filled"),
        *(pl.coalesce(pl.col(each), pl.col(each).shift(24)).alias(each) for each in ("load", "sun")),
    )
    return filled.drop_nulls("load")
