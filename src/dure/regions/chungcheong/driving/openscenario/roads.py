"""OpenDRIVE roads: straight ones, and where their lanes are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dure import UserError, texts

from .elements import parsed, refused

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ = texts(__file__)


def lanes_of(path: Path) -> dict[str, dict[int, float]]:
    """By road: the t of each lane's centre line. Raises UserError for a road that is not straight or widens."""
    roads: dict[str, dict[int, float]] = {}
    for road in parsed(path).iterfind("road"):
        shapes = {shape.tag for geometry in road.iterfind("planView/geometry") for shape in geometry}
        if shapes - {"line"}:
            raise refused(path, min(shapes - {"line"}), _("road {road} is not straight", road=road.get("id", "?")))
        sections = road.findall("lanes/laneSection")
        if len(sections) != 1:
            reason = _(
                "road {road} has {count} sections of lanes, one is read", road=road.get("id", "?"), count=len(sections)
            )
            raise refused(path, "laneSection", reason)
        offset = sum(float(shift.get("a", 0)) for shift in road.iterfind("lanes/laneOffset"))
        roads[road.get("id", "")] = {
            lane: offset + t
            for side, sign in (("left", 1), ("right", -1))
            for lane, t in _side(path, sections[0], side, sign)
        }
    if not roads:
        raise UserError(_("there is no road in it"), where=path.name)
    return roads


def _side(path: Path, section: Element, side: str, sign: int) -> Iterator[tuple[int, float]]:
    edge = 0.0
    for lane in sorted(section.iterfind(f"{side}/lane"), key=lambda lane: abs(int(lane.get("id", "0")))):
        widths = lane.findall("width")
        if len(widths) != 1 or any(float(widths[0].get(name, 0)) for name in "bcd"):
            raise refused(path, "width", _("lane {lane} has no constant width", lane=lane.get("id", "?")))
        width = float(widths[0].get("a", 0))
        yield int(lane.get("id", "0")), sign * (edge + width / 2)
        edge += width
