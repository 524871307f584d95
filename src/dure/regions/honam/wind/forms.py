"""What a farm knows when a forecast run comes in, and what is answered: its power hour by hour, with how sure."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from dure import Form, texts

_ = texts(__file__)

LEVELS = tuple(number / 20 for number in range(1, 20))
LONGEST = 72  # hours ahead
KNOWN = 24  # hours of the past that are looked at
HOUR = timedelta(hours=1)
Speed = Annotated[float, Field(ge=0, le=75)]
Component = Annotated[float, Field(ge=-75, le=75)]
Direction = Annotated[float, Field(ge=0, le=360)]


class Wind(Form):
    """Forecast wind at one height, a value for each hour asked: u and v, or speed with or without direction."""

    height: float = Field(description="height above ground", ge=2, le=300, json_schema_extra={"unit": "m"})
    u: list[Component] | None = Field(None, description="wind towards the east", json_schema_extra={"unit": "m/s"})
    v: list[Component] | None = Field(None, description="wind towards the north", json_schema_extra={"unit": "m/s"})
    speed: list[Speed] | None = Field(None, description="wind speed", json_schema_extra={"unit": "m/s"})
    direction: list[Direction] | None = Field(
        None, description="direction the wind comes from, clockwise from north", json_schema_extra={"unit": "°"}
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        """Either both components, or a speed."""
        components, polar = (self.u, self.v), (self.speed, self.direction)
        if any(value is not None for value in components) and any(value is not None for value in polar):
            raise ValueError(_("give u and v, or speed and direction, not both"))
        if (self.u is None) != (self.v is None):
            raise ValueError(_("u and v belong together"))
        if self.u is None and self.speed is None:
            raise ValueError(_("there is no wind: give u and v, or speed"))
        return self


class Neighbour(Form):
    """Another farm's forecast wind for the same hours; its power is not asked for."""

    name: str = Field(description="the other farm's name", max_length=80)
    wind: list[Wind] = Field(description="forecast wind at that farm by height", min_length=1, max_length=12)


class Request(Form):
    """The hours ahead of one farm when a forecast run has come in. Moments are the beginning of an hour, in the farm's clock."""

    farm: str = Field("", description="name of the farm, where several are known", max_length=120)
    issued: datetime = Field(description="when the forecast run starts")
    time: list[datetime] = Field(description="beginning of each hour asked", min_length=1, max_length=LONGEST)
    wind: list[Wind] = Field(description="forecast wind by height", min_length=1, max_length=12)
    capacity: float = Field(description="capacity of the farm", gt=0, le=1e8, json_schema_extra={"unit": "kW"})
    past: list[float | None] = Field(
        default=[], max_length=KNOWN, json_schema_extra={"unit": "kW"},
        description="mean power of the last hours known, oldest first; missing where not measured",
    )  # fmt: skip
    past_until: datetime | None = Field(None, description="end of the last hour known; without it, the issue")
    neighbours: list[Neighbour] = Field(default=[], description="other farms' forecasts", max_length=50)

    @field_validator("time")
    @classmethod
    def _in_order(cls, time: list[datetime]) -> list[datetime]:
        if any(later <= earlier for earlier, later in pairwise(time)):
            raise ValueError(_("hours must follow each other, none twice"))
        if any(moment.minute or moment.second or moment.microsecond for moment in time):
            raise ValueError(_("each moment is the beginning of a whole hour"))
        return time

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Hours inside the run's reach; a value for each hour at each height."""
        moments = [*self.time, *([self.past_until] if self.past_until else [])]
        if any((moment.tzinfo is None) != (self.issued.tzinfo is None) for moment in moments):
            raise ValueError(_("either all moments name their time zone or none does"))
        if self.past_until and self.past_until > self.issued:
            raise ValueError(_("what is known of the past ends at the issue or before"))
        if self.time[0] < self.issued or self.time[-1] >= self.issued + LONGEST * HOUR:
            raise ValueError(_("hours must lie within {hours} hours after the issue", hours=LONGEST))
        for wind in (*self.wind, *(wind for other in self.neighbours for wind in other.wind)):
            for values in (wind.u, wind.v, wind.speed, wind.direction):
                if values is not None and len(values) != len(self.time):
                    raise ValueError(
                        _("wind at {height} m has {count} values for {hours} hours",
                          height=f"{wind.height:g}", count=len(values), hours=len(self.time))
                    )  # fmt: skip
        return self


class Response(Form):
    """Power of each hour asked as 19 quantiles, at the levels 5 %, 10 %, ... 95 %."""

    power: list[list[float]] = Field(
        description="quantiles of the mean power of each hour", json_schema_extra={"unit": "kW"}
    )
