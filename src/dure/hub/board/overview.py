"""What the board's pages show: a row for each project, the map by provinces, the lines by strategy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from dure.statistics.rules import newest

if TYPE_CHECKING:
    from dure.hub.board import board
    from dure.project.manifest import Manifest
    from dure.record import Localised
    from dure.registry.plan import Line, Name, Region, Strategy

MAP = Path(__file__).parents[1] / "pages" / "korea.json"  # made by tools/korea.py
EVERYWHERE = ("", "all")  # a cell's site where its verdict is over all places
# How a state of lines is marked, the one that tells most first.
OLDER = "by an older rule"
STATES = ("better", "not shown", "too few", "worse", "lost", OLDER, "not measured yet", "built", "not built yet")
MEASURED = STATES[:6]
HUB = "hub"  # the region of the plan that is the hub itself
CLASSES = {
    "better": "better",
    "worse": "worse",
    "lost": "worse",
    "not shown": "shown",
    "too few": "shown",
    OLDER: "shown",
    "built": "built",
}


class Stand(TypedDict):
    """Cells behind which the same evidence stands, and one that tells of it."""

    behind: board.Cell
    cells: list[board.Cell]


class Row(TypedDict):
    """A project on the board.

    `linked`: it is installed here and has a page. `line` of the plan, or None. `over` is the cell over all places, or None; `stands`
    are the other places' cells by what stands behind them, the evidence of `over` first. `untried`: places that its committed trial
    knows and that no evidence here is of. `more`: how many further methods have cells.
    """

    project: str
    title: Localised
    linked: bool
    line: Line | None
    over: board.Cell | None
    stands: list[Stand]
    untried: list[Localised]
    more: int


class Place(TypedDict):
    """A province's shape, and where its name stands."""

    at: tuple[float, float]
    path: str


class Geometry(TypedDict):
    """The map as it is kept; a border is between two provinces."""

    size: tuple[int, int]
    credit: dict[str, str]
    provinces: dict[str, Place]
    borders: list[tuple[str, str, str]]


class Province(Place):
    """A province with what is known of its lines; one that no line is of has no name."""

    name: Name | None
    marks: list[tuple[str, int, str]]
    kind: str
    region: Region | None


class Map(TypedDict):
    """The map as a page draws it; borders of provinces and of regions, and where the hub is."""

    size: tuple[int, int]
    credit: dict[str, str]
    provinces: list[Province]
    borders: dict[str, list[str]]
    hub: list[tuple[float, float]]


# ---- rows of the board --------------------------------------------------------------------------------------------------


def rows(cells: Sequence[board.Cell], lines: Sequence[Line], known: Mapping[str, Manifest]) -> list[Row]:
    """A row for each project that is known here or has evidence, as the plan has them in order."""
    by_project: dict[str, list[board.Cell]] = {name: [] for name in known}
    for cell in cells:
        by_project.setdefault(cell.project, []).append(cell)
    serves = {served.id: (number, line, served) for number, line in enumerate(lines) for served in line.projects}
    made: list[tuple[bool, int, Row]] = []
    for name, project_cells in by_project.items():
        place, line, served = serves.get(name, (len(lines), None, None))
        best = _best(project_cells)
        over = next((best[site] for site in ("all", "") if site in best), None)
        sites = {
            site
            for names in (served.measured.sites.values() if served and served.measured else ())
            for site in names
            if site not in EVERYWHERE
        }
        title = known[name].title.model_dump() if name in known else project_cells[0].about.title
        made.append((not project_cells, place, {
            "project": name, "title": title, "linked": name in known, "line": line, "over": over, "stands": _stands(best, over),
            "untried": [served.places.get(site, site) for site in sorted(sites - best.keys())] if served else [],
            "more": len({cell.verdict.method for cell in project_cells} - {cell.verdict.method for cell in best.values()}),
        }))  # fmt: skip
    return [row for _empty, _place, row in sorted(made, key=lambda item: (*item[:2], item[2]["project"]))]


def _best(cells: Iterable[board.Cell]) -> dict[str, board.Cell]:
    """By place the verdict that vouches most, among several methods and versions."""
    best: dict[str, board.Cell] = {}
    for cell in cells:
        known = best.get(cell.verdict.site)
        if known is None or known.vouched < cell.vouched:
            best[cell.verdict.site] = cell
    return best


def _stands(best: Mapping[str, board.Cell], over: board.Cell | None) -> list[Stand]:
    """Cells by what stands behind them."""
    groups: dict[tuple[str, str, str], Stand] = {}
    for cell in ([over] if over else []) + [standing for site, standing in best.items() if site not in EVERYWHERE]:
        same = (cell.evidence, cell.verdict.method, cell.verdict.round)
        group = groups.setdefault(same, {"behind": cell, "cells": []})
        if cell is not over:
            group["cells"].append(cell)
    return list(groups.values())


# ---- the plan -----------------------------------------------------------------------------------------------------------


def states(lines: Iterable[Line]) -> list[tuple[str, int, str]]:
    """What is known of lines: (verdict or state, of how many projects or lines, class of its mark)."""
    counted: Counter[str] = Counter()
    for line in lines:
        measured = [project.measured.verdict for project in line.projects if project.measured]
        counted.update([verdict.verdict if verdict.rule == newest() else OLDER for verdict in measured] or [line.state])
    return [(state, counted[state], CLASSES.get(state, "none")) for state in STATES if counted[state]]


def by_strategy(lines: Sequence[Line]) -> list[tuple[Strategy, list[Line]]]:
    """Lines by the strategy that they serve, in the plan's order."""
    groups: dict[int, tuple[Strategy, list[Line]]] = {}
    for line in lines:
        groups.setdefault(line.strategy.id, (line.strategy, []))[1].append(line)
    return [groups[number] for number in sorted(groups)]


def by_region(lines: Sequence[Line]) -> list[tuple[Region, list[Line]]]:
    """Lines by region, in the plan's order."""
    groups: dict[str, tuple[Region, list[Line]]] = {}
    for line in lines:
        groups.setdefault(line.region.id, (line.region, []))[1].append(line)
    return list(groups.values())


def of_province(lines: Iterable[Line], name: str) -> list[Line]:
    """The lines of the regions that a province belongs to."""
    return [line for line in lines if name in {province.ko for province in line.provinces}]


def has_map(lines: Sequence[Line]) -> bool:
    """Whether every province of the plan is one of those on the map."""
    names = {province.ko for line in lines for province in line.provinces}
    return bool(names) and names <= _map()["provinces"].keys()


@cache
def _map() -> Geometry:
    geometry: Geometry = json.loads(MAP.read_text(encoding="utf-8"))
    return geometry


def drawn(lines: Sequence[Line]) -> Map:
    """The map: its size and credit, provinces with what is known of their lines, the borders of provinces and of regions, the hub."""
    geometry = _map()
    provinces: list[Province] = []
    names = {province.ko: province for line in lines for province in line.provinces}
    regions = {name.ko: region for region, _lines in by_region(lines) for name in region.provinces}
    for name, place in geometry["provinces"].items():
        marks = [mark for mark in states(of_province(lines, name)) if mark[0] in MEASURED]
        kinds = {kind for _state, _count, kind in marks}
        kind = "mixed" if len(kinds) > 1 else next(iter(kinds), "none")
        provinces.append({**place, "name": names.get(name), "marks": marks, "kind": kind, "region": regions.get(name)})
    between: dict[str, list[str]] = {"province": [], "region": []}
    for first, second, path in geometry["borders"]:
        between["province" if regions.get(first) == regions.get(second) else "region"].append(path)
    hub = [
        geometry["provinces"][province.ko]["at"]
        for line in lines
        if line.region.id == HUB
        for province in line.provinces
    ][:1]
    return {
        "size": geometry["size"],
        "credit": geometry["credit"],
        "provinces": provinces,
        "borders": between,
        "hub": hub,
    }
