"""What the vehicles do after the start: lane changes, and one slowing down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure import texts

from ..forms import STEP
from .triggers import begins

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .elements import Document
    from .vehicles import Car, Vehicles

_ = texts(__file__)


def apply_act(act: Element, vehicles: Vehicles, own: Car) -> None:
    """Note in the vehicles what an act lets them do, and when."""
    opening = begins(act, vehicles, own)
    for group in act.iterfind("ManeuverGroup"):
        _group(group, opening, vehicles, own)


def _group(group: Element, opening: float, vehicles: Vehicles, own: Car) -> None:
    strange = next((element.tag for element in group if element.tag not in ("Actors", "Maneuver")), "")
    if strange:
        raise vehicles.document.refused(strange)
    actors = [vehicles.car(reference, "entityRef") for reference in group.iterfind("Actors/EntityRef")]
    for event in group.iterfind("Maneuver/Event"):
        start = max(begins(event, vehicles, own), opening)
        for car in actors:
            for action in event.iterfind("Action"):
                inner = vehicles.document.inner(vehicles.document.only(action))
                if car is own:
                    _leave_out(car, inner, vehicles.document)
                else:
                    _act(car, inner, start, vehicles)


def _leave_out(car: Car, action: Element, document: Document) -> None:
    document.notes.append(
        _(
            "what the file lets {name} do ({what}) is left out: the drivers tried here take its place",
            name=car.name,
            what=action.tag,
        )
    )


def _act(car: Car, action: Element, start: float, vehicles: Vehicles) -> None:
    document = vehicles.document
    maneuver = document.only(action) if action.tag in ("LateralAction", "LongitudinalAction") else action
    if maneuver.tag == "LaneChangeAction":
        _change_lane(car, maneuver, start, vehicles)
    elif maneuver.tag == "SpeedAction":
        _change_speed(car, maneuver, start, vehicles)
    else:
        raise document.refused(maneuver.tag)


def _change_lane(car: Car, maneuver: Element, start: float, vehicles: Vehicles) -> None:
    document = vehicles.document
    lane, target = _target_lane(maneuver, vehicles)
    if "end" in car.changes:
        raise document.refused(maneuver.tag, _("{name} changes lanes twice", name=car.name))
    end = vehicles.centre(lane, target) + document.number(maneuver, "targetLaneOffset", "0")
    dynamics = _dynamics(maneuver, "LaneChangeActionDynamics", document)
    value, dimension = document.number(dynamics, "value"), document.text(dynamics, "dynamicsDimension")
    seconds = {
        "time": value,
        "rate": abs(end - car.t) / max(value, 1e-9),
        "distance": value / max(car.speed or 0.0, 1e-9),
    }.get(dimension)
    if seconds is None:
        raise document.refused(dynamics.tag, _("its dimension {value} is not read", value=dimension))
    if document.text(dynamics, "dynamicsShape") != "linear":
        document.notes.append(
            _(
                "the lane change of {name} is taken at a constant lateral speed, as long as in the file",
                name=car.name,
            )
        )
    car.changes |= {"end": end, "lateral_speed": abs(end - car.t) / max(seconds, STEP), "begins": start}


def _target_lane(maneuver: Element, vehicles: Vehicles) -> tuple[int, Element]:
    """The lane a change leads to, and the element that says so."""
    target = maneuver.find("LaneChangeTarget")
    inner = vehicles.document.only(target) if target is not None else maneuver
    if inner.tag == "AbsoluteTargetLane":
        return int(vehicles.document.number(inner, "value")), inner
    if inner.tag == "RelativeTargetLane":
        steps = int(vehicles.document.number(inner, "value"))
        return vehicles.beside(vehicles.car(inner, "entityRef").lane, steps), inner
    raise vehicles.document.refused(inner.tag)


def _change_speed(car: Car, maneuver: Element, start: float, vehicles: Vehicles) -> None:
    document = vehicles.document
    final, dynamics = vehicles.target_speed(maneuver), _dynamics(maneuver, "SpeedActionDynamics", document)
    assert car.speed is not None
    if final > car.speed or "braking" in car.changes:
        raise document.refused(
            maneuver.tag,
            _("{name} speeds up, or changes its speed twice: one slowing down is read", name=car.name),
        )
    value, dimension = document.number(dynamics, "value"), document.text(dynamics, "dynamicsDimension")
    lost = car.speed - final
    rates = {
        "rate": value,
        "time": lost / max(value, STEP),
        "distance": (car.speed**2 - final**2) / (2 * max(value, 1e-9)),
    }
    step = document.text(dynamics, "dynamicsShape") == "step"
    if dimension not in rates:
        raise document.refused(dynamics.tag, _("its dimension {value} is not read", value=dimension))
    car.changes |= {"braking": lost / STEP if step else rates[dimension], "brakes": start, "final_speed": final}


def _dynamics(maneuver: Element, name: str, document: Document) -> Element:
    dynamics = maneuver.find(name)
    if dynamics is None:
        raise document.refused(maneuver.tag, _("its {name} is missing", name=name))
    if (shape := document.text(dynamics, "dynamicsShape")) not in ("linear", "sinusoidal", "cubic", "step"):
        raise document.refused(name, _("its shape {value} is not read", value=shape))
    return dynamics
