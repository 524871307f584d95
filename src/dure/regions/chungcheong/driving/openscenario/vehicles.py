"""The vehicles of a scenario: their size, the road and lane they start in, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dure import UserError, texts

from .elements import parsed
from .roads import lanes_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from .elements import Document

_ = texts(__file__)
EGO = ("ego", "hero", "egovehicle", "ego_vehicle", "vut", "sut")


@dataclass
class Car:
    """A vehicle as the file describes it, along the road."""

    name: str
    length: float
    width: float
    centre: float  # m: of the box ahead of the reference point
    s: float | None = None
    lane: int = 0
    t: float = 0.0
    speed: float | None = None
    changes: dict[str, float] = field(default_factory=dict)

    @property
    def front(self) -> float:
        """Where its front is, m along the road."""
        assert self.s is not None
        return self.s + self.centre + self.length / 2


class Vehicles:
    """The vehicles of one file, on one road, as they are at the start."""

    def __init__(self, document: Document, root: Element) -> None:
        self.document = document
        self.cars: dict[str, Car] = {}
        self.lanes: dict[int, float] = {}
        self.roads = self._roads(root)
        for entity in root.iterfind("Entities/ScenarioObject"):
            self._entity(root, entity)
        for private in root.iterfind("Storyboard/Init/Actions/Private"):
            for action in private:
                self._start(self.car(private, "entityRef"), action)

    def car(self, element: Element, attribute: str) -> Car:
        """The vehicle an attribute names."""
        name = self.document.text(element, attribute)
        if name not in self.cars:
            raise self.document.refused(element.tag, _("there is no vehicle called {name}", name=name))
        return self.cars[name]

    def own(self) -> Car:
        """The own car."""
        egos = [car for name, car in self.cars.items() if name.lower() in EGO]
        if len(egos) != 1:
            raise UserError(_("which vehicle is the own car? None is called Ego"), where=self.document.path.name,
                            cure=_("Call it Ego: {names}", names=", ".join(self.cars)))  # fmt: skip
        return egos[0]

    def beside(self, lane: int, steps: int) -> int:
        """The lane so many lanes to the left: there is no lane 0."""
        moved = lane + steps
        return moved + (1 if steps > 0 else -1) if lane * moved <= 0 and steps else moved

    def centre(self, lane: int, element: Element) -> float:
        """The t of a lane's centre line."""
        if lane not in self.lanes:
            raise self.document.refused(element.tag, _("the road has no lane {lane}", lane=lane))
        return self.lanes[lane]

    def target_speed(self, action: Element) -> float:
        """The speed an action leads to."""
        target = action.find("SpeedActionTarget")
        inner = self.document.only(target) if target is not None else action
        if inner.tag == "AbsoluteTargetSpeed":
            return self.document.number(inner, "value")
        if inner.tag == "RelativeTargetSpeed" and self.document.text(inner, "speedTargetValueType", "delta") == "delta":
            return (self.car(inner, "entityRef").speed or 0.0) + self.document.number(inner, "value")
        raise self.document.refused(inner.tag)

    # -- who is there

    def _roads(self, root: Element) -> dict[str, dict[int, float]]:
        file = root.find("RoadNetwork/LogicFile")
        if file is None:
            raise self.document.refused("RoadNetwork", _("it names no OpenDRIVE file"))
        folder = self.document.path.parent
        place = (folder / self.document.text(file, "filepath")).resolve()
        return lanes_of(place if place.is_file() else folder / place.name)

    def _entity(self, root: Element, entity: Element) -> None:
        name, vehicle = self.document.text(entity, "name"), entity.find("Vehicle")
        reference = entity.find("CatalogReference")
        if vehicle is None and reference is not None:
            vehicle = self._in_catalog(root, self.document.text(reference, "entryName"))
        if vehicle is None:
            raise self.document.refused(next((part.tag for part in entity), "ScenarioObject"))
        size, centre = vehicle.find("BoundingBox/Dimensions"), vehicle.find("BoundingBox/Center")
        if size is None or centre is None:
            raise self.document.refused("BoundingBox", _("{name} has no size", name=name))
        number = self.document.number
        self.cars[name] = Car(name, number(size, "length"), number(size, "width"), number(centre, "x"))

    def _in_catalog(self, root: Element, entry: str) -> Element | None:
        for directory in root.iterfind("CatalogLocations/VehicleCatalog/Directory"):
            folder = self.document.path.parent / self.document.text(directory, "path")
            for file in sorted(folder.glob("*.xosc")):
                for vehicle in parsed(file).iterfind("Catalog/Vehicle"):
                    if vehicle.get("name") == entry:
                        return vehicle
        raise UserError(
            _("the vehicle {name} is in no catalogue beside the file", name=entry), where=self.document.path.name
        )

    # -- the start

    def _start(self, car: Car, action: Element) -> None:
        """One action of the start: a place, or a speed."""
        inner = self.document.inner(action)
        if inner.tag == "ControllerAction":
            self.document.notes.append(
                _("the controller of {name} is left out: the drivers tried here take its place", name=car.name)
            )
        elif inner.tag == "TeleportAction":
            self._place(car, self.document.only(self.document.only(inner)))
        elif inner.tag == "LongitudinalAction" and (speed := inner.find("SpeedAction")) is not None:
            car.speed = self.target_speed(speed)
        else:
            raise self.document.refused(inner.tag)

    def _place(self, car: Car, position: Element) -> None:
        number = self.document.number
        if position.tag == "LanePosition":
            self._take_road(self.document.text(position, "roadId"))
            car.lane, car.s = int(number(position, "laneId")), number(position, "s")
        elif position.tag == "RelativeLanePosition":
            other = self.car(position, "entityRef")
            if other.s is None:
                raise self.document.refused(position.tag, _("{name} has no place yet", name=other.name))
            car.lane, car.s = (
                self.beside(other.lane, int(number(position, "dLane"))),
                other.s + number(position, "ds"),
            )
        else:
            raise self.document.refused(position.tag)
        car.t = self.centre(car.lane, position) + number(position, "offset", "0")

    def _take_road(self, road: str) -> None:
        """The lanes of the one road the vehicles are on."""
        lanes = self.roads.get(road)
        if lanes is None:
            raise self.document.refused("LanePosition", _("there is no road {road}", road=road))
        if self.lanes and lanes is not self.lanes:
            raise self.document.refused("LanePosition", _("the vehicles are on two roads"))
        self.lanes = lanes
