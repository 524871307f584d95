"""What a roof is asked, what is answered, and the scalars of a person's own roof."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from dure import Form, texts

_ = texts(__file__)

LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))  # of the quantiles in an answer
MEDIAN = LEVELS.index(0.5)
DAY = 24
PAST = 28 * DAY  # hours of the past that the trial hands over, and that methods look at
MOST_HOURS = 72

Power = Annotated[
    float, Field(ge=0, le=2)
]  # kW per kW installed; cold panels at a cloud's edge pass their rating a little
Quantiles = Annotated[list[Power], Field(min_length=len(LEVELS), max_length=len(LEVELS))]


class Request(Form):
    """What a roof knows of itself at the moment of the forecast, local time; weather only where somebody has it.

    Noon, direction and shade are not asked: the roof's own curve tells them.
    """

    first: datetime = Field(description="beginning of the first hour asked, local time")
    hours: int = Field(48, description="hours asked", ge=1, le=MOST_HOURS, json_schema_extra={"unit": "h"})
    past: list[Power | None] = Field(
        description="power of the hours before the first, the latest last; empty where it is not known",
        min_length=DAY,
        max_length=2 * PAST,
        json_schema_extra={"unit": "kW/kW"},
    )
    capacity_kw: float | None = Field(
        None, description="installed power, to say the answer in kW and kWh", gt=0, json_schema_extra={"unit": "kW"}
    )
    latitude: float | None = Field(
        None, description="latitude; where it is not given the days' length in the history tells it", ge=-66, le=66,
        json_schema_extra={"unit": "°"},
    )  # fmt: skip
    tilt: float | None = Field(
        None,
        description="tilt towards the equator; 20° where it is not given",
        ge=0,
        le=90,
        json_schema_extra={"unit": "°"},
    )
    irradiance: list[Annotated[float, Field(ge=0, le=1500)] | None] | None = Field(
        None,
        description="global irradiance as it was forecast for the past hours, then for the hours asked",
        json_schema_extra={"unit": "W/m2"},
    )
    cloud: list[Annotated[float, Field(ge=0, le=1)] | None] | None = Field(
        None, description="share of the sky under cloud as it was forecast for the past hours, then for the hours asked"
    )

    @model_validator(mode="after")
    def _weather_covers_both(self) -> Self:
        for name in ("irradiance", "cloud"):
            series = getattr(self, name)
            if series is not None and len(series) != len(self.past) + self.hours:
                wanted = len(self.past) + self.hours
                raise ValueError(_("{name} has {found} hours, past and hours asked are {wanted}",
                                   name=name, found=len(series), wanted=wanted))  # fmt: skip
        return self


class Response(Form):
    """The hours asked, each as 19 quantiles of its mean power."""

    power: list[Quantiles] = Field(
        description="for each hour the quantiles 5 %, 10 %, ... 95 % of its power",
        min_length=1,
        max_length=MOST_HOURS,
        json_schema_extra={"unit": "kW/kW"},
    )

    @model_validator(mode="after")
    def _quantiles_rise(self) -> Self:
        for hour, row in enumerate(self.power):
            if any(high < low for low, high in pairwise(row)):
                raise ValueError(_("the quantiles of hour {hour} fall", hour=hour + 1))
        return self


class Settings(Form):
    """What a person's own sheet may leave open."""

    capacity_kw: float | None = Field(
        None, description="installed power of one's own roof", gt=0, json_schema_extra={"unit": "kW"}
    )
