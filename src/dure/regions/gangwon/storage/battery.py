"""The battery: its limits, the power it has at a charge, and how far it can be charged."""

from __future__ import annotations

import itertools
from typing import Self

from pydantic import Field, model_validator

from dure import Form, texts

_ = texts(__file__)


class Point(Form):
    """A corner of the curve of power over charge: lithium cells take less near full and give less near empty."""

    charge: float = Field(description="energy stored, as a share of the capacity", ge=0, le=1)
    charging: float = Field(1.0, description="charging power there, as a share of the battery's power", ge=0, le=1)
    discharging: float = Field(
        1.0, description="discharging power there, as a share of the battery's power", ge=0, le=1
    )


class Battery(Form):
    """The battery and its limits. Energy and power are counted at the house's side of the inverter."""

    capacity: float = Field(description="energy it stores", gt=0, le=1e6, json_schema_extra={"unit": "kWh"})
    power: float = Field(
        description="highest charging and discharging power", gt=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    efficiency: float = Field(
        description="of a whole round: energy out per energy in; its square root is lost each way", gt=0, le=1
    )
    charge_min: float = Field(0.0, description="lowest charge, as a share of the capacity", ge=0, le=1)
    charge_max: float = Field(1.0, description="highest charge, as a share of the capacity", ge=0, le=1)
    reserve: float = Field(0.0, description="kept for an outage, as a share of the capacity", ge=0, le=1)
    cycle_cost: float = Field(
        0.0, description="wear of each kWh discharged", ge=0, le=1e5, json_schema_extra={"unit": "won/kWh"}
    )
    curve: list[Point] = Field(
        default_factory=list, description="power over charge; empty: full power at every charge", max_length=20
    )

    @model_validator(mode="after")
    def _limits_meet(self) -> Self:
        if self.charge_min > self.charge_max:
            raise ValueError(
                _(
                    "charge_min {low} is above charge_max {high}: no charge keeps both",
                    low=f"{self.charge_min:g}",
                    high=f"{self.charge_max:g}",
                )
            )
        if self.reserve > self.charge_max:
            raise ValueError(
                _(
                    "the reserve {reserve} is above charge_max {high}: lower the reserve or raise charge_max",
                    reserve=f"{self.reserve:g}",
                    high=f"{self.charge_max:g}",
                )
            )
        if self.curve:
            _concave(self.curve)
        return self

    @property
    def floor(self) -> float:
        """Energy below which nothing is discharged [kWh]: the lowest charge or the reserve, whichever is more."""
        return max(self.charge_min, self.reserve) * self.capacity

    @property
    def ceiling(self) -> float:
        """Energy above which nothing is charged [kWh]."""
        return self.charge_max * self.capacity

    @property
    def one_way(self) -> float:
        """Efficiency of charging, and of discharging: the square root of the round's."""
        return float(self.efficiency**0.5)


def _concave(curve: list[Point]) -> None:
    """Raise ValueError where the curve is not ordered, or bends upwards: a linear programme cannot hold that."""
    places = [point.charge for point in curve]
    if places[0] != 0 or places[-1] != 1 or any(a >= b for a, b in itertools.pairwise(places)):
        raise ValueError(_("curve: give points with rising charge, the first at 0 and the last at 1"))
    for side in ("charging", "discharging"):
        values = [getattr(point, side) for point in curve]
        slopes = [(b - a) / (q - p) for a, b, p, q in zip(values, values[1:], places, places[1:], strict=False)]
        if any(later > earlier + 1e-9 for earlier, later in itertools.pairwise(slopes)):
            raise ValueError(_("curve: {side} bends upwards; give it as straight lines that only bend down", side=side))


def power_at(battery: Battery, charge: float) -> tuple[float, float]:
    """Highest charging and discharging power [kW] at a charge [kWh]."""
    if not battery.curve:
        return battery.power, battery.power
    share, points = charge / battery.capacity, battery.curve
    for low, high in itertools.pairwise(points):
        if share <= high.charge:
            part = (share - low.charge) / (high.charge - low.charge)
            return (
                battery.power * (low.charging + part * (high.charging - low.charging)),
                battery.power * (low.discharging + part * (high.discharging - low.discharging)),
            )
    return battery.power * points[-1].charging, battery.power * points[-1].discharging


def highest(battery: Battery, charge: float, hours: int) -> float:
    """The most energy [kWh] the battery can hold after so many hours of charging at full power."""
    for _hour in range(hours):
        power = power_at(battery, charge)[0]
        charge = max(charge, min(charge + power * battery.one_way, battery.ceiling))
    return charge
