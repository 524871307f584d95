"""When something begins: by time or by the distance to another vehicle, while everybody keeps the first speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dure import texts

from ..forms import STEP

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .elements import Document
    from .vehicles import Car, Vehicles

_ = texts(__file__)


def begins(event: Element, vehicles: Vehicles, own: Car) -> float:
    """Seconds after the start at which all of a trigger's conditions hold, while everybody keeps the first speed."""
    trigger = event.find("StartTrigger")
    groups = trigger.findall("ConditionGroup") if trigger is not None else []
    if len(groups) > 1:
        raise vehicles.document.refused(
            "ConditionGroup", _("one group of conditions is read, here are {count}", count=len(groups))
        )
    moments = [_holds(condition, vehicles, own) for group in groups for condition in group.iterfind("Condition")]
    return round(max(moments, default=0.0) / STEP) * STEP


def _holds(condition: Element, vehicles: Vehicles, own: Car) -> float:
    document = vehicles.document
    delay, inner = document.number(condition, "delay", "0"), document.only(condition)
    if inner.tag == "ByValueCondition":
        value = document.only(inner)
        if value.tag == "SimulationTimeCondition":
            return document.number(value, "value") + delay
        raise document.refused(value.tag)
    entity = inner.find("EntityCondition")
    watched = [vehicles.car(reference, "entityRef") for reference in inner.iterfind("TriggeringEntities/EntityRef")]
    if inner.tag != "ByEntityCondition" or entity is None or len(watched) != 1:
        raise document.refused(inner.tag)
    return _nears(watched[0], document.only(entity), vehicles, own) + delay


def _nears(car: Car, condition: Element, vehicles: Vehicles, own: Car) -> float:
    """When the distance, time gap or time to collision between two vehicles has fallen to the value."""
    document = vehicles.document
    target = condition.find("TimeToCollisionConditionTarget/EntityRef")
    other = vehicles.car(condition if target is None else target, "entityRef")
    behind, ahead = sorted((car, other), key=lambda vehicle: vehicle.s or 0.0)
    assert behind.speed is not None
    assert ahead.speed is not None
    gap, closing = ahead.front - ahead.length - behind.front, behind.speed - ahead.speed
    limit = _limit(condition, behind, ahead, document)
    if own in (car, other):
        document.notes.append(
            _(
                "a trigger on the distance to {name} is set to the moment at which it holds at the first speeds",
                name=own.name,
            )
        )
    if gap <= limit:
        return 0.0
    if closing <= 0:
        raise document.refused(condition.tag, _("this condition never holds at the first speeds"))
    return (gap - limit) / closing


def _limit(condition: Element, behind: Car, ahead: Car, document: Document) -> float:
    """The free distance, m, below which a condition holds at the first speeds."""
    assert behind.speed is not None
    assert ahead.speed is not None
    value = document.number(condition, "value")
    limits = {
        "RelativeDistanceCondition": value,
        "TimeHeadwayCondition": value * behind.speed,
        "TimeToCollisionCondition": value * (behind.speed - ahead.speed),
    }
    distance_type = document.text(condition, "relativeDistanceType", "longitudinal")
    if condition.tag not in limits or distance_type != "longitudinal":
        raise document.refused(condition.tag)
    rule = document.text(condition, "rule", "lessThan")
    if rule not in ("lessThan", "lessOrEqual"):
        raise document.refused(condition.tag, _("the rule {value} is not read", value=rule))
    centres = document.text(condition, "freespace", "true") == "false"
    return limits[condition.tag] - (
        ahead.centre + behind.length / 2 - behind.centre + ahead.length / 2 - ahead.centre if centres else 0.0
    )
