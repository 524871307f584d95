"""What is asked of a battery's controller each hour, what it answers, and what a site may set."""

from __future__ import annotations

from datetime import datetime
from math import floor
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dure import Form, texts

from .battery import Battery, highest

_ = texts(__file__)

PAST = 14 * 24  # hours of load and sun a request carries
AHEAD = 24  # hours a plan looks ahead; prices are asked for as many
Energy = Annotated[float, Field(ge=0, le=1e6)]
Price = Annotated[float, Field(ge=0, le=1e5)]
Reason = Literal["use now", "keep for later", "store the sun", "charge from the grid", "sell", "a rule", "rest"]


class Request(Battery):
    """One hour of a battery's life: what it is, what it holds, what energy costs, what the house did until now."""

    time: datetime = Field(description="beginning of the hour to decide, local time")
    charge: float = Field(description="energy stored now", ge=0, le=1e6, json_schema_extra={"unit": "kWh"})
    buy: list[Price] = Field(
        description="price of energy from the grid, this hour first", min_length=1, max_length=168,
        json_schema_extra={"unit": "won/kWh"},
    )  # fmt: skip
    sell: list[Price] = Field(
        description="price of energy into the grid, this hour first", min_length=1, max_length=168,
        json_schema_extra={"unit": "won/kWh"},
    )  # fmt: skip
    demand_price: float = Field(
        0.0, description="price of the month's highest hour", ge=0, le=1e6, json_schema_extra={"unit": "won/kW"}
    )
    peak: float = Field(
        0.0, description="highest hour that is paid for already", ge=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    load: list[Energy] = Field(
        description="the house's load, hour by hour, the last one before now last", max_length=PAST,
        json_schema_extra={"unit": "kWh"},
    )  # fmt: skip
    sun: list[Energy] = Field(
        description="generation of the panels, hour by hour, the last one before now last", max_length=PAST,
        json_schema_extra={"unit": "kWh"},
    )  # fmt: skip
    sun_ahead: list[Energy] = Field(
        default_factory=list, description="a forecast of the panels from elsewhere, this hour first", max_length=168,
        json_schema_extra={"unit": "kWh"},
    )  # fmt: skip
    sun_low: list[Energy] = Field(
        default_factory=list, description="that forecast's lower edge (one day in ten is below)", max_length=168,
        json_schema_extra={"unit": "kWh"},
    )  # fmt: skip
    sun_high: list[Energy] = Field(
        default_factory=list, description="that forecast's upper edge (one day in ten is above)", max_length=168,
        json_schema_extra={"unit": "kWh"},
    )  # fmt: skip
    target: float = Field(0.0, description="charge wanted at an hour, as a share of the capacity", ge=0, le=1)
    target_hours: int = Field(
        0, description="hours from now until the target must be there; 0: none", ge=0, le=168,
        json_schema_extra={"unit": "h"},
    )  # fmt: skip
    tariff: str = Field("", description="what the prices are called", max_length=200)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if len(self.buy) != len(self.sell):
            raise ValueError(_("buy has {count} hours, sell {other}", count=len(self.buy), other=len(self.sell)))
        hour = next((n for n, (b, s) in enumerate(zip(self.buy, self.sell, strict=True)) if s > b + 1e-9), None)
        if hour is not None:
            raise ValueError(
                _(
                    "sell {sell} is above buy {buy} in hour {hour}: energy bought and sold in one hour would earn money",
                    sell=f"{self.sell[hour]:g}",
                    buy=f"{self.buy[hour]:g}",
                    hour=hour + 1,
                )
            )
        if len(self.load) != len(self.sun):
            raise ValueError(_("load has {count} hours, sun {other}", count=len(self.load), other=len(self.sun)))
        if self.charge > self.capacity + 1e-6:
            raise ValueError(
                _("charge {charge} kWh is above the capacity of {capacity} kWh",
                  charge=f"{self.charge:g}", capacity=f"{self.capacity:g}")
            )  # fmt: skip
        if not len(self.sun_ahead) >= len(self.sun_low) == len(self.sun_high):
            raise ValueError(_("sun_low and sun_high are edges of sun_ahead: give them for as many hours"))
        if self.target_hours:
            _reachable(self)
        return self


def _reachable(request: Request) -> None:
    """Raise ValueError naming the limits that keep the target out of reach."""
    target = request.target * request.capacity
    if target > request.ceiling + 1e-9:
        raise ValueError(
            _("the target {target} is above charge_max {high}: lower the target or raise charge_max",
              target=f"{request.target:g}", high=f"{request.charge_max:g}")
        )  # fmt: skip
    if request.target_hours > len(request.buy):
        raise ValueError(
            _("target_hours {hours} is beyond the {count} hours of prices: give prices as far as the target",
              hours=request.target_hours, count=len(request.buy))
        )  # fmt: skip
    reach = highest(request, request.charge, request.target_hours)
    if target > reach + 1e-6:
        share = f"{floor(100 * reach / request.capacity) / 100:g}"  # rounded down, or it would be out of reach again
        hours = next(
            (n for n in range(request.target_hours, 1000) if highest(request, request.charge, n) >= target - 1e-6), 0
        )
        cure = (
            _("it can be there in {hours} hours, or lower the target to {reach}",
              hours=hours, reach=share)
            if hours else _("lower the target to {reach}", reach=share)
        )  # fmt: skip
        raise ValueError(
            _("target {target} in {hours} hours clashes with the power of {power} kW: from {charge} kWh it comes to {reach} kWh; {cure}",
              target=f"{request.target:g}", hours=request.target_hours, power=f"{request.power:g}", charge=f"{request.charge:g}",
              reach=f"{reach:.2f}", cure=cure)
        )  # fmt: skip


class Why(Form):
    """Why this hour: what a stored kWh is worth later against what it would save or cost now."""

    reason: Reason = Field(description="what the hour is used for")
    worth: float = Field(
        0.0,
        description="worth of one more kWh in the battery at the end of this hour",
        json_schema_extra={"unit": "won/kWh"},
    )
    price: float = Field(
        0.0, description="price of energy from the grid this hour", json_schema_extra={"unit": "won/kWh"}
    )
    hour: int = Field(0, description="hours from now until the stored energy is used", ge=0, le=168)
    price_then: float = Field(
        0.0, description="price of energy from the grid then", json_schema_extra={"unit": "won/kWh"}
    )


class Planned(Form):
    """One hour of the plan, on the forecast."""

    load: float = Field(description="expected load", json_schema_extra={"unit": "kWh"})
    sun: float = Field(description="expected generation", json_schema_extra={"unit": "kWh"})
    battery: float = Field(description="from the battery; below 0 into it", json_schema_extra={"unit": "kWh"})
    charge: float = Field(description="energy stored at the end of the hour", json_schema_extra={"unit": "kWh"})


class Response(Form):
    """Bounds inside which the inverter follows the house for one hour, the plan behind them, and why."""

    cover: float = Field(
        description="cover the house's need up to this power", ge=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    store: float = Field(
        description="store what the sun leaves over up to this power", ge=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    from_grid: float = Field(
        0.0, description="charge from the grid with this power", ge=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    to_grid: float = Field(
        0.0, description="discharge into the grid with this power", ge=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    at_most: float | None = Field(
        None, description="draw no more than this from the grid while there is energy", ge=0, le=1e6,
        json_schema_extra={"unit": "kW"},
    )  # fmt: skip
    why: Why = Field(description="why")
    plan: list[Planned] = Field(default_factory=list, description="the hours ahead, this one first", max_length=168)


class Settings(Form):
    """What a site may set. What is left empty is the published home's own."""

    tariff: str = Field("kepco-jeju", description="name of a tariff: kepco-jeju, kepco-industrial or citylearn")
    sell: float | None = Field(
        None, description="price of energy into the grid, instead of the tariff's", ge=0, le=1e5,
        json_schema_extra={"unit": "won/kWh"},
    )  # fmt: skip
    capacity: float | None = Field(
        None, description="energy it stores", gt=0, le=1e6, json_schema_extra={"unit": "kWh"}
    )
    power: float | None = Field(
        None, description="highest charging and discharging power", gt=0, le=1e6, json_schema_extra={"unit": "kW"}
    )
    efficiency: float | None = Field(
        None, description="of a whole round: energy out per energy in; its square root is lost each way", gt=0, le=1
    )
    charge_min: float = Field(0.0, description="lowest charge, as a share of the capacity", ge=0, le=1)
    charge_max: float = Field(1.0, description="highest charge, as a share of the capacity", ge=0, le=1)
    reserve: float = Field(0.0, description="kept for an outage, as a share of the capacity", ge=0, le=1)
    cycle_cost: float = Field(
        0.0, description="wear of each kWh discharged", ge=0, le=1e5, json_schema_extra={"unit": "won/kWh"}
    )
    panels: float | None = Field(
        None, description="nominal power of the panels, for a forecast in kW per kW", gt=0, le=1e6,
        json_schema_extra={"unit": "kW"},
    )  # fmt: skip
    pv_method: str = Field("", description="which method's forecast of the panels to use; empty: that project's model")
