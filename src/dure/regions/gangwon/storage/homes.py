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

USUAL_BATTERY = Battery(
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
    settings = site(data)
    if data.has("homes"):
        frames = data.several("homes")
        return [
            Home(name, hourly(frame, name), _battery(settings, name, {}), settings.panels)
            for name, frame in frames.items()
        ]
    schema = {row["home"]: row for row in data["schema"].iter_rows(named=True)}
    published = []
    for name in HOMES:
        frame, dropped = dated(data[name], name)
        panels = settings.panels or float(schema[name]["panels"])
        sun = pl.col("solar_generation") * panels / 1000  # published in W per kW of panels
        hours = frame.select("time", load=pl.col("non_shiftable_load").cast(pl.Float64), sun=sun)
        published.append(
            Home(name, hourly(hours, name), _battery(settings, name, schema[name]), panels, dropped, invented_year=True)
        )
    return published


def _battery(settings: Settings, name: str, published: dict[str, Any]) -> Battery:
    """What the site sets, else what is published, else the published homes' usual battery."""
    fields = {
        field: getattr(settings, field) or published.get(field) or getattr(USUAL_BATTERY, field)
        for field in ("capacity", "power", "efficiency")
    }
    shares = {field: getattr(settings, field) for field in ("charge_min", "charge_max", "reserve", "cycle_cost")}
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
    clock = by_hour.select(pl.datetime_range(pl.col("time").min(), pl.col("time").max(), "1h").alias("time"))
    joined = clock.join(by_hour, on="time", how="left", maintain_order="left")
    filled = joined.with_columns(
        pl.col("load").is_null().alias("filled"),
        *(pl.coalesce(pl.col(column), pl.col(column).shift(24)).alias(column) for column in ("load", "sun")),
    )
    return filled.drop_nulls("load")
