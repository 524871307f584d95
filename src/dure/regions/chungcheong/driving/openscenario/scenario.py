"""OpenSCENARIO 1.x files as scenarios: cut-in, cut-out and following on a straight OpenDRIVE road.

Read is what one car on a straight road needs: positions by lane, speeds, lane changes and changes of speed, started by time or by
the distance to the own car. Whatever else moves a vehicle is refused, and the element is named: a scenario that is half
understood would be another one. Both formats are ASAM's (OpenSCENARIO XML 1.0 to 1.3, OpenDRIVE 1.4 to 1.8).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dure import UserError, texts

from ..forms import SLOTS
from ..world import Other, Scenario
from .actions import apply_act
from .elements import Document, parsed, refused
from .vehicles import Car, Vehicles

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ = texts(__file__)


def scenario_of(path: Path) -> tuple[Scenario, list[str]]:
    """The scenario in a file, and notes on how it was read. Raises UserError that names the file and the element."""
    root = parsed(path)
    if root.tag != "OpenSCENARIO":
        raise refused(path, root.tag, _("this is no OpenSCENARIO file"))
    if (major := _major_version(root)) != "1":
        raise refused(path, "FileHeader", _("version {version} is not read here, 1.x is", version=major or "?"))
    document = Document(path, _parameters(root))
    return _scenario(document, root), document.notes


def _major_version(root: Element) -> str:
    header = root.find("FileHeader")
    return "" if header is None else header.get("revMajor", "")


def _parameters(root: Element) -> dict[str, str]:
    return {
        parameter.get("name", ""): parameter.get("value", "")
        for parameter in root.iterfind("ParameterDeclarations/ParameterDeclaration")
    }


def _scenario(document: Document, root: Element) -> Scenario:
    """Entities, where they start, what they do, and what that is for the own car."""
    vehicles = Vehicles(document, root)
    own = vehicles.own()
    missing = next((car.name for car in vehicles.cars.values() if car.s is None or car.speed is None), "")
    if missing:
        raise UserError(_("{name} has no position or no speed at the start", name=missing), where=document.path.name)
    action = root.find("Storyboard/Init/Actions/GlobalAction")
    if action is not None and action.find("EnvironmentAction") is None:
        raise document.refused(document.only(action).tag)
    for act in root.iterfind("Storyboard/Story/Act"):
        apply_act(act, vehicles, own)
    return _seen_from(own, vehicles)


def _seen_from(own: Car, vehicles: Vehicles) -> Scenario:
    assert own.speed is not None
    others = sorted((_other(car, own) for car in vehicles.cars.values() if car is not own), key=lambda other: other.gap)
    if not 1 <= len(others) <= SLOTS:
        raise UserError(
            _("{count} vehicles beside the own car; 1 to {most} are read", count=len(others), most=SLOTS),
            where=vehicles.document.path.name,
        )
    if len(others) == SLOTS:
        first, second = others
        wide = (first.width + second.width) / 2
        covers = abs(first.offset) < wide / 2 and abs(second.offset) < wide / 2 and first.end != first.offset
        others[1] = replace(second, hidden=covers)
    return Scenario(own.speed, tuple(others), own.length, own.width)


def _other(car: Car, own: Car) -> Other:
    assert car.speed is not None
    start, end = car.t - own.t, car.changes.get("end", car.t) - own.t
    changes: dict[str, Any] = {name: value for name, value in car.changes.items() if name != "end"}
    mirrored = -1 if (start or end) < 0 else 1  # the road is symmetrical: the other side counts as this one
    return Other(car.front - car.length - own.front, car.speed, mirrored * start, mirrored * end,
                 length=car.length, width=car.width, **changes)  # fmt: skip
