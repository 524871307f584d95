"""What a car can measure at one step, and the acceleration a driver wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from dure import Form, texts

if TYPE_CHECKING:
    import numpy as np

_ = texts(__file__)

FULL = 0.774 * 9.81  # m/s2: full braking on a dry road, UN Regulation No. 157, Annex 3
STEP = 0.1  # s
SLOTS = 2  # vehicles around that are looked at: the nearest, and the one it hides
EACH = ("gap", "speed", "acceleration", "offset", "drift", "length", "width")  # of one vehicle, as `Vehicle` has them


class Vehicle(Form):
    """A vehicle around, as it is measured now.

    Distances are between bodies along the road, and between centre lines across it.
    """

    gap: float = Field(
        description="free distance ahead, negative once it is alongside or behind",
        ge=-1000, le=1000, json_schema_extra={"unit": "m"},
    )  # fmt: skip
    speed: float = Field(description="speed of the other vehicle", ge=0, le=100, json_schema_extra={"unit": "m/s"})
    acceleration: float = Field(
        0.0, description="acceleration of the other vehicle", ge=-15, le=15, json_schema_extra={"unit": "m/s2"}
    )
    offset: float = Field(
        0.0,
        description="distance between the centre lines, 0: straight ahead",
        ge=0,
        le=50,
        json_schema_extra={"unit": "m"},
    )
    drift: float = Field(
        0.0,
        description="speed across the road, negative: towards the own path",
        ge=-20,
        le=20,
        json_schema_extra={"unit": "m/s"},
    )
    length: float = Field(4.3, description="length of the other vehicle", ge=1, le=40, json_schema_extra={"unit": "m"})
    width: float = Field(1.9, description="width of the other vehicle", ge=0.5, le=4, json_schema_extra={"unit": "m"})


class Request(Form):
    """One step, ten a second: the own state and up to two vehicles around."""

    own_speed: float = Field(description="own speed", ge=0, le=100, json_schema_extra={"unit": "m/s"})
    own_acceleration: float = Field(
        0.0, description="own acceleration now", ge=-15, le=15, json_schema_extra={"unit": "m/s2"}
    )
    own_length: float = Field(4.3, description="own length", ge=1, le=40, json_schema_extra={"unit": "m"})
    own_width: float = Field(1.9, description="own width", ge=0.5, le=4, json_schema_extra={"unit": "m"})
    vehicles: list[Vehicle] = Field(description="vehicles around, the nearest first", max_length=SLOTS)


class Response(Form):
    """The acceleration wanted until the next step. The car builds braking up at 12.65 m/s3 at most."""

    acceleration: float = Field(
        description="acceleration wanted, negative: braking",
        ge=-FULL - 1e-9,
        le=3.0,
        json_schema_extra={"unit": "m/s2"},
    )


OWN = ("own_speed", "own_acceleration", "own_length", "own_width")
COLUMNS = (*OWN, *(f"{name}_{slot}" for slot in range(SLOTS) for name in EACH))


def columns(request: Request) -> dict[str, np.ndarray]:
    """A request as columns of one row; a vehicle that is not there is NaN."""
    import numpy as np

    row = {name: np.array([getattr(request, name)]) for name in OWN}
    for slot in range(SLOTS):
        vehicle = request.vehicles[slot] if slot < len(request.vehicles) else None
        for name in EACH:
            row[f"{name}_{slot}"] = np.array([getattr(vehicle, name) if vehicle else np.nan])
    return row


def request(seen: Mapping[str, np.ndarray], row: int = 0) -> Request:
    """One row of columns as a request."""
    slots = [slot for slot in range(SLOTS) if f"gap_{slot}" in seen]
    around = [{name: float(seen[f"{name}_{slot}"][row]) for name in EACH} for slot in slots]
    return Request(
        **{name: float(seen[name][row]) for name in OWN},
        vehicles=[Vehicle(**vehicle) for vehicle in around if vehicle["gap"] == vehicle["gap"]],
    )
