"""OpenSCENARIO 1.x files as scenarios: cut-in, cut-out and following on a straight OpenDRIVE road.

Read is what one car on a straight road needs: positions by lane, speeds, lane changes and changes of speed, started by time or by
the distance to the own car. Whatever else moves a vehicle is refused, and the element is named: a scenario that is half
understood would be another one. Both formats are ASAM's (OpenSCENARIO XML 1.0 to 1.3, OpenDRIVE 1.4 to 1.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError

from dure import Opened, UserError, texts

from .forms import SLOTS, STEP, Request, request
from .world import Other, Scenario, World

if TYPE_CHECKING:
    import polars as pl

_ = texts(__file__)
LARGEST = 5_000_000  # bytes of a file
EGO = ("ego", "hero", "egovehicle", "ego_vehicle", "vut", "sut")


@dataclass
class _Car:
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


def scenario_of(path: Path) -> tuple[Scenario, list[str]]:
    """The scenario in a file, and notes on how it was read. Raises UserError that names the file and the element."""
    root = _parsed(path)
    if root.tag != "OpenSCENARIO":
        raise _refused(path, root.tag, _("this is no OpenSCENARIO file"))
    if (major := _header(root)) != "1":
        raise _refused(path, "FileHeader", _("version {version} is not read here, 1.x is", version=major or "?"))
    reader = _Reader(path, _parameters(root))
    return reader.scenario(root), reader.notes


def scenarios(path: Path) -> pl.DataFrame:
    """The scenario of a file as a frame of one row: its name, and the scenario as JSON."""
    import json
    from dataclasses import asdict

    import polars as pl

    scenario, _notes = scenario_of(path)
    return pl.DataFrame({"name": [path.stem], "scenario": [json.dumps(asdict(scenario))]})


def from_row(text: str) -> Scenario:
    """A scenario from its JSON."""
    import json

    given = json.loads(text)
    return Scenario(**{**given, "others": tuple(Other(**each) for each in given["others"])})


def opens(paths: Sequence[Path], given: Mapping[str, Any]) -> Opened:
    """A scenario file as the request of the first moment at which another vehicle moves over or slows down."""
    if len(paths) != 1:
        raise UserError(_("one scenario is asked at a time, {count} were given", count=len(paths)),
                        cure=_("Play several with: dure run chungcheong.driving --data scenarios=FILE"))  # fmt: skip
    try:
        scenario, notes = scenario_of(paths[0])
    except UserError as fault:
        return Opened(None, faults=(fault,))
    asked = Request.model_validate({**first_moment(scenario).model_dump(), **given})
    return Opened(asked, notes=tuple(notes))


def first_moment(scenario: Scenario) -> Request:
    """What is seen when something begins to happen, while the own car keeps its speed."""
    import numpy as np

    world = World([scenario])
    while not world.done[0]:
        seen = request(world.seen())
        if any(each.drift or each.acceleration for each in seen.vehicles) or len(seen.vehicles) == 0:
            return seen
        world.move(np.zeros(1))
    return request(World([scenario]).seen())


# ---- XML --------------------------------------------------------------------------------------------------------------------


def _parsed(path: Path) -> Element:
    import defusedxml  # type: ignore[import-untyped]  # it comes without stubs
    from defusedxml.ElementTree import parse  # type: ignore[import-untyped]  # it comes without stubs

    if not path.is_file():
        raise UserError(_("there is no such file"), where=str(path))
    if path.stat().st_size > LARGEST:
        raise UserError(_("the file is larger than {limit} MB", limit=LARGEST // 1_000_000), where=path.name)
    try:
        found: Element = parse(path).getroot()
    except ParseError as error:
        raise UserError(_("this is no XML: {why}", why=str(error)), where=path.name) from None
    except defusedxml.DefusedXmlException as error:
        raise UserError(
            _("an XML file with entities of its own is not read: {why}", why=type(error).__name__), where=path.name
        ) from None
    return found


def _header(root: Element) -> str:
    header = root.find("FileHeader")
    return "" if header is None else header.get("revMajor", "")


def _parameters(root: Element) -> dict[str, str]:
    return {
        each.get("name", ""): each.get("value", "")
        for each in root.iterfind("ParameterDeclarations/ParameterDeclaration")
    }


def _refused(path: Path, element: str, why: str = "") -> UserError:
    return UserError(
        why or _("this is not understood: what it does to the vehicles would be lost"), where=f"{path.name} <{element}>",
        cure=_("Read are positions by lane, speeds, lane changes and changes of speed on a straight road."),
    )  # fmt: skip


def _only(path: Path, parent: Element) -> Element:
    children = list(parent)
    if len(children) != 1:
        raise _refused(path, parent.tag, _("one element is expected in it, here are {count}", count=len(children)))
    return children[0]


# ---- roads ------------------------------------------------------------------------------------------------------------------


def lanes_of(path: Path) -> dict[str, dict[int, float]]:
    """By road: the t of each lane's centre line. Raises UserError for a road that is not straight or widens."""
    found: dict[str, dict[int, float]] = {}
    for road in _parsed(path).iterfind("road"):
        shapes = {shape.tag for geometry in road.iterfind("planView/geometry") for shape in geometry}
        if shapes - {"line"}:
            raise _refused(path, min(shapes - {"line"}), _("road {road} is not straight", road=road.get("id", "?")))
        sections = road.findall("lanes/laneSection")
        if len(sections) != 1:
            why = _(
                "road {road} has {count} sections of lanes, one is read", road=road.get("id", "?"), count=len(sections)
            )
            raise _refused(path, "laneSection", why)
        offset = sum(float(each.get("a", 0)) for each in road.iterfind("lanes/laneOffset"))
        found[road.get("id", "")] = {
            lane: offset + t
            for side, sign in (("left", 1), ("right", -1))
            for lane, t in _side(path, sections[0], side, sign)
        }
    if not found:
        raise UserError(_("there is no road in it"), where=path.name)
    return found


def _side(path: Path, section: Element, side: str, sign: int) -> Iterator[tuple[int, float]]:
    edge = 0.0
    for lane in sorted(section.iterfind(f"{side}/lane"), key=lambda each: abs(int(each.get("id", "0")))):
        widths = lane.findall("width")
        if len(widths) != 1 or any(float(widths[0].get(name, 0)) for name in "bcd"):
            raise _refused(path, "width", _("lane {lane} has no constant width", lane=lane.get("id", "?")))
        width = float(widths[0].get("a", 0))
        yield int(lane.get("id", "0")), sign * (edge + width / 2)
        edge += width


# ---- scenarios --------------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads one file; what must be said about it is in `notes`."""

    def __init__(self, path: Path, parameters: Mapping[str, str]) -> None:
        self.path, self.parameters = path, parameters
        self.notes: list[str] = []
        self.cars: dict[str, _Car] = {}
        self.lanes: dict[int, float] = {}

    # -- values

    def text(self, element: Element, name: str, default: str | None = None) -> str:
        """An attribute with its parameter filled in."""
        value = element.get(name, default)
        if value is None:
            raise _refused(self.path, element.tag, _("its attribute {name} is missing", name=name))
        if value.startswith("$"):
            if value[1:] not in self.parameters:
                raise _refused(
                    self.path,
                    element.tag,
                    _("{value} is no parameter of the file (expressions are not read)", value=value),
                )
            value = self.parameters[value[1:]]
        return value

    def number(self, element: Element, name: str, default: str | None = None) -> float:
        """An attribute as a finite number."""
        value = self.text(element, name, default)
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value.strip()):
            raise _refused(self.path, element.tag, _("{name} is {value}, which is no number", name=name, value=value))
        return float(value)

    # -- the whole

    def scenario(self, root: Element) -> Scenario:
        """Entities, where they start, what they do, and what that is for the own car."""
        self._road(root)
        for each in root.iterfind("Entities/ScenarioObject"):
            self._entity(root, each)
        for private in root.iterfind("Storyboard/Init/Actions/Private"):
            for action in private:
                self._start(self._car(private, "entityRef"), action)
        own = self._own()
        missing = next((car.name for car in self.cars.values() if car.s is None or car.speed is None), "")
        if missing:
            raise UserError(_("{name} has no position or no speed at the start", name=missing), where=self.path.name)
        if (other := root.find("Storyboard/Init/Actions/GlobalAction")) is not None and other.find(
            "EnvironmentAction"
        ) is None:
            raise _refused(self.path, _only(self.path, other).tag)
        for act in root.iterfind("Storyboard/Story/Act"):
            opens_at = self._begins(act, own)
            for group in act.iterfind("ManeuverGroup"):
                self._group(group, opens_at, own)
        return self._seen_from(own)

    def _road(self, root: Element) -> None:
        file = root.find("RoadNetwork/LogicFile")
        if file is None:
            raise _refused(self.path, "RoadNetwork", _("it names no OpenDRIVE file"))
        place = (self.path.parent / self.text(file, "filepath")).resolve()
        roads = lanes_of(place if place.is_file() else self.path.parent / place.name)
        self.roads = roads

    def _entity(self, root: Element, each: Element) -> None:
        name, vehicle = self.text(each, "name"), each.find("Vehicle")
        reference = each.find("CatalogReference")
        if vehicle is None and reference is not None:
            vehicle = self._in_catalog(root, self.text(reference, "entryName"))
        if vehicle is None:
            raise _refused(self.path, next((part.tag for part in each), "ScenarioObject"))
        size, centre = vehicle.find("BoundingBox/Dimensions"), vehicle.find("BoundingBox/Center")
        if size is None or centre is None:
            raise _refused(self.path, "BoundingBox", _("{name} has no size", name=name))
        self.cars[name] = _Car(name, self.number(size, "length"), self.number(size, "width"), self.number(centre, "x"))

    def _in_catalog(self, root: Element, entry: str) -> Element | None:
        for directory in root.iterfind("CatalogLocations/VehicleCatalog/Directory"):
            folder = self.path.parent / self.text(directory, "path")
            for file in sorted(folder.glob("*.xosc")):
                for vehicle in _parsed(file).iterfind("Catalog/Vehicle"):
                    if vehicle.get("name") == entry:
                        return vehicle
        raise UserError(_("the vehicle {name} is in no catalogue beside the file", name=entry), where=self.path.name)

    def _car(self, element: Element, attribute: str) -> _Car:
        name = self.text(element, attribute)
        if name not in self.cars:
            raise _refused(self.path, element.tag, _("there is no vehicle called {name}", name=name))
        return self.cars[name]

    def _own(self) -> _Car:
        found = [car for name, car in self.cars.items() if name.lower() in EGO]
        if len(found) != 1:
            raise UserError(_("which vehicle is the own car? None is called Ego"), where=self.path.name,
                            cure=_("Call it Ego: {names}", names=", ".join(self.cars)))  # fmt: skip
        return found[0]

    # -- the start

    def _start(self, car: _Car, action: Element) -> None:
        """One action of the start: a place, or a speed."""
        inner = _only(self.path, action) if action.tag == "PrivateAction" else action
        if inner.tag == "ControllerAction":
            self.notes.append(
                _("the controller of {name} is left out: the drivers tried here take its place", name=car.name)
            )
        elif inner.tag == "TeleportAction":
            self._place(car, _only(self.path, _only(self.path, inner)))
        elif inner.tag == "LongitudinalAction" and (speed := inner.find("SpeedAction")) is not None:
            car.speed = self._target(speed)
        else:
            raise _refused(self.path, inner.tag)

    def _place(self, car: _Car, position: Element) -> None:
        if position.tag == "LanePosition":
            lanes = self.roads.get(self.text(position, "roadId"))
            if lanes is None:
                raise _refused(
                    self.path, "LanePosition", _("there is no road {road}", road=self.text(position, "roadId"))
                )
            if self.lanes and lanes is not self.lanes:
                raise _refused(self.path, "LanePosition", _("the vehicles are on two roads"))
            self.lanes = lanes
            car.lane, car.s = int(self.number(position, "laneId")), self.number(position, "s")
        elif position.tag == "RelativeLanePosition":
            other = self._car(position, "entityRef")
            if other.s is None:
                raise _refused(self.path, position.tag, _("{name} has no place yet", name=other.name))
            car.lane, car.s = (
                self._beside(other.lane, int(self.number(position, "dLane"))),
                other.s + self.number(position, "ds"),
            )
        else:
            raise _refused(self.path, position.tag)
        car.t = self._centre(car.lane, position) + self.number(position, "offset", "0")

    def _beside(self, lane: int, steps: int) -> int:
        """The lane so many lanes to the left: there is no lane 0."""
        moved = lane + steps
        return moved + (1 if steps > 0 else -1) if lane * moved <= 0 and steps else moved

    def _centre(self, lane: int, element: Element) -> float:
        if lane not in self.lanes:
            raise _refused(self.path, element.tag, _("the road has no lane {lane}", lane=lane))
        return self.lanes[lane]

    def _target(self, action: Element) -> float:
        target = action.find("SpeedActionTarget")
        inner = _only(self.path, target) if target is not None else action
        if inner.tag == "AbsoluteTargetSpeed":
            return self.number(inner, "value")
        if inner.tag == "RelativeTargetSpeed" and self.text(inner, "speedTargetValueType", "delta") == "delta":
            return (self._car(inner, "entityRef").speed or 0.0) + self.number(inner, "value")
        raise _refused(self.path, inner.tag)

    # -- what happens

    def _group(self, group: Element, opens_at: float, own: _Car) -> None:
        strange = next((each.tag for each in group if each.tag not in ("Actors", "Maneuver")), "")
        if strange:
            raise _refused(self.path, strange)
        actors = [self._car(each, "entityRef") for each in group.iterfind("Actors/EntityRef")]
        for event in group.iterfind("Maneuver/Event"):
            begins = max(self._begins(event, own), opens_at)
            for car in actors:
                for action in event.iterfind("Action"):
                    self._act(car, _only(self.path, action), begins, own)

    def _act(self, car: _Car, action: Element, begins: float, own: _Car) -> None:
        inner = _only(self.path, action) if action.tag == "PrivateAction" else action
        if car is own:
            self.notes.append(
                _(
                    "what the file lets {name} do ({what}) is left out: the drivers tried here take its place",
                    name=car.name,
                    what=inner.tag,
                )
            )
            return
        deed = _only(self.path, inner) if inner.tag in ("LateralAction", "LongitudinalAction") else inner
        if deed.tag == "LaneChangeAction":
            self._lane_change(car, deed, begins)
        elif deed.tag == "SpeedAction":
            self._speed_change(car, deed, begins)
        else:
            raise _refused(self.path, deed.tag)

    def _lane_change(self, car: _Car, deed: Element, begins: float) -> None:
        target = deed.find("LaneChangeTarget")
        inner = _only(self.path, target) if target is not None else deed
        if inner.tag == "AbsoluteTargetLane":
            lane = int(self.number(inner, "value"))
        elif inner.tag == "RelativeTargetLane":
            lane = self._beside(self._car(inner, "entityRef").lane, int(self.number(inner, "value")))
        else:
            raise _refused(self.path, inner.tag)
        if "end" in car.changes:
            raise _refused(self.path, deed.tag, _("{name} changes lanes twice", name=car.name))
        end = self._centre(lane, inner) + self.number(deed, "targetLaneOffset", "0")
        dynamics = self._dynamics(deed, "LaneChangeActionDynamics")
        value, dimension = self.number(dynamics, "value"), self.text(dynamics, "dynamicsDimension")
        seconds = {
            "time": value,
            "rate": abs(end - car.t) / max(value, 1e-9),
            "distance": value / max(car.speed or 0.0, 1e-9),
        }.get(dimension)
        if seconds is None:
            raise _refused(self.path, dynamics.tag, _("its dimension {value} is not read", value=dimension))
        if self.text(dynamics, "dynamicsShape") != "linear":
            self.notes.append(
                _(
                    "the lane change of {name} is taken at a constant lateral speed, as long as in the file",
                    name=car.name,
                )
            )
        car.changes |= {"end": end, "lateral_speed": abs(end - car.t) / max(seconds, STEP), "begins": begins}

    def _speed_change(self, car: _Car, deed: Element, begins: float) -> None:
        final, dynamics = self._target(deed), self._dynamics(deed, "SpeedActionDynamics")
        assert car.speed is not None
        if final > car.speed or "braking" in car.changes:
            raise _refused(
                self.path,
                deed.tag,
                _("{name} speeds up, or changes its speed twice: one slowing down is read", name=car.name),
            )
        value, dimension = self.number(dynamics, "value"), self.text(dynamics, "dynamicsDimension")
        lost = car.speed - final
        rates = {
            "rate": value,
            "time": lost / max(value, STEP),
            "distance": (car.speed**2 - final**2) / (2 * max(value, 1e-9)),
        }
        step = self.text(dynamics, "dynamicsShape") == "step"
        if dimension not in rates:
            raise _refused(self.path, dynamics.tag, _("its dimension {value} is not read", value=dimension))
        car.changes |= {"braking": lost / STEP if step else rates[dimension], "brakes": begins, "final_speed": final}

    def _dynamics(self, deed: Element, name: str) -> Element:
        found = deed.find(name)
        if found is None:
            raise _refused(self.path, deed.tag, _("its {name} is missing", name=name))
        if (shape := self.text(found, "dynamicsShape")) not in ("linear", "sinusoidal", "cubic", "step"):
            raise _refused(self.path, name, _("its shape {value} is not read", value=shape))
        return found

    # -- when

    def _begins(self, event: Element, own: _Car) -> float:
        """Seconds after the start at which all of a trigger's conditions hold, while everybody keeps the first speed."""
        trigger = event.find("StartTrigger")
        groups = trigger.findall("ConditionGroup") if trigger is not None else []
        if len(groups) > 1:
            raise _refused(
                self.path, "ConditionGroup", _("one group of conditions is read, here are {count}", count=len(groups))
            )
        moments = [self._holds(each, own) for group in groups for each in group.iterfind("Condition")]
        return round(max(moments, default=0.0) / STEP) * STEP

    def _holds(self, condition: Element, own: _Car) -> float:
        delay, inner = self.number(condition, "delay", "0"), _only(self.path, condition)
        if inner.tag == "ByValueCondition":
            value = _only(self.path, inner)
            if value.tag == "SimulationTimeCondition":
                return self.number(value, "value") + delay
            raise _refused(self.path, value.tag)
        what = inner.find("EntityCondition")
        watched = [self._car(each, "entityRef") for each in inner.iterfind("TriggeringEntities/EntityRef")]
        if inner.tag != "ByEntityCondition" or what is None or len(watched) != 1:
            raise _refused(self.path, inner.tag)
        return self._nears(watched[0], _only(self.path, what), own) + delay

    def _nears(self, one: _Car, what: Element, own: _Car) -> float:
        """When the distance, time gap or time to collision between two vehicles has fallen to the value."""
        target = what.find("TimeToCollisionConditionTarget/EntityRef")
        other = self._car(what if target is None else target, "entityRef")
        behind, ahead = sorted((one, other), key=lambda car: car.s or 0.0)
        assert behind.speed is not None
        assert ahead.speed is not None
        gap, value = ahead.front - ahead.length - behind.front, self.number(what, "value")
        closing = behind.speed - ahead.speed
        limits = {
            "RelativeDistanceCondition": value,
            "TimeHeadwayCondition": value * behind.speed,
            "TimeToCollisionCondition": value * closing,
        }
        if what.tag not in limits or self.text(what, "relativeDistanceType", "longitudinal") != "longitudinal":
            raise _refused(self.path, what.tag)
        if self.text(what, "rule", "lessThan") not in ("lessThan", "lessOrEqual"):
            raise _refused(self.path, what.tag, _("the rule {value} is not read", value=self.text(what, "rule")))
        centres = self.text(what, "freespace", "true") == "false"
        limit = limits[what.tag] - (
            ahead.centre + behind.length / 2 - behind.centre + ahead.length / 2 - ahead.centre if centres else 0.0
        )
        if own in (one, other):
            self.notes.append(
                _(
                    "a trigger on the distance to {name} is set to the moment at which it holds at the first speeds",
                    name=own.name,
                )
            )
        if gap <= limit:
            return 0.0
        if closing <= 0:
            raise _refused(self.path, what.tag, _("this condition never holds at the first speeds"))
        return (gap - limit) / closing

    # -- from the own car

    def _seen_from(self, own: _Car) -> Scenario:
        assert own.speed is not None
        others = []
        for car in self.cars.values():
            if car is own:
                continue
            assert car.speed is not None
            start, end = car.t - own.t, car.changes.get("end", car.t) - own.t
            rest: dict[str, Any] = {name: value for name, value in car.changes.items() if name != "end"}
            mirrored = -1 if (start or end) < 0 else 1  # the road is symmetrical: the other side counts as this one
            others.append(Other(car.front - car.length - own.front, car.speed, mirrored * start, mirrored * end,
                                length=car.length, width=car.width, **rest))  # fmt: skip
        others.sort(key=lambda each: each.gap)
        if not 1 <= len(others) <= SLOTS:
            raise UserError(
                _("{count} vehicles beside the own car; 1 to {most} are read", count=len(others), most=SLOTS),
                where=self.path.name,
            )
        if len(others) == SLOTS:
            first, second = others
            wide = (first.width + second.width) / 2
            covers = abs(first.offset) < wide / 2 and abs(second.offset) < wide / 2 and first.end != first.offset
            others[1] = replace(second, hidden=covers)
        return Scenario(own.speed, tuple(others), own.length, own.width)
