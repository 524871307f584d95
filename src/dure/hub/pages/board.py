"""The board: project by place, the provinces on a map, the plan line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Response

from dure.hub.auth.permissions import Ruled, Viewer
from dure.hub.board import board, first_start, hidden_cases, overview
from dure.hub.context import Here
from dure.hub.pages import layout
from dure.i18n.texts import _, language
from dure.report.vocabulary import localised

if TYPE_CHECKING:
    from markupsafe import Markup
    from sqlalchemy import Engine

    from dure.hub.auth.accounts import Caller
    from dure.hub.context import Hub

SHORT = 8  # rows on the front page

router = APIRouter(prefix="/board", route_class=Ruled, include_in_schema=False)


@router.get("")
async def show(
    hub: Here, caller: Viewer, view: Literal["places", "map", "lines"] = "places", province: Annotated[str, Query(max_length=50)] = ""
) -> Response:  # fmt: skip
    """The board, in one of its views."""
    views = {"places": _("By project"), "map": _("Map"), "lines": _("Plan")}
    if not overview.has_map(hub.lines):
        del views["map"]
        view = "lines" if view == "map" else view
    known = {place.ko for line in hub.lines for place in line.provinces}
    if view == "places":
        title, content = _("Board"), await table(hub, caller)
        lead = _("Which AI was better than today's practice, and where. Every mark leads to the evidence behind it.")
    elif view == "map":
        title, content = _("What was measured for each province"), await hub.fresh.get(_mapped, hub, language())
        lead = _("A mark says what the projects of a province's lines have shown, wherever their data came from. "
                 "Choose a province to read its lines.")  # fmt: skip
    else:
        title, content = (
            _("The plan, line by line"),
            await hub.fresh.get(_lines, hub, language(), province if province in known else ""),
        )
        lead = _(
            "What is asked, what is given for it, and what was measured last. What nobody has measured is said to be so."
        )
    twin = "/api/v1/board" if view == "places" else "/api/v1/plan"
    return layout.page(
        "board.html", caller, title=title, lead=lead, twin=twin, here="/board", views=views, view=view, board=content
    )  # fmt: skip


def _mapped(_engine: Engine, hub: Hub, _language: str) -> Markup:
    """The provinces on a map, and region by region in a list."""
    regions = [(region, lines, overview.states(lines)) for region, lines in overview.by_region(hub.lines)]
    return layout.part("map.html", map=overview.drawn(hub.lines), regions=regions)


def _lines(engine: Engine, hub: Hub, _language: str, province: str) -> Markup:
    """The plan's lines, those of a province where one is chosen, and problems that wait."""
    lines = overview.of_province(hub.lines, province) if province else hub.lines
    return layout.part(
        "lines.html", groups=overview.by_strategy(lines), counted=overview.states(hub.lines), problems=hidden_cases.untried(engine),
        province=next((place for line in lines for place in line.provinces if place.ko == province), None),
        source=hub.lines[0].source if hub.lines else "",
    )  # fmt: skip


@router.get("/cells")
async def cells(hub: Here, caller: Viewer, short: bool = False) -> Response:  # noqa: FBT001, FBT002 - a query's parameter
    """The table alone, for a page that shows it already."""
    return Response(await table(hub, caller, short=short), media_type="text/html; charset=utf-8")


async def table(hub: Hub, caller: Caller, *, short: bool = False) -> Markup:
    """The board's table, or what fills it where it is empty; made anew only when something has changed."""
    able = caller.may("member")
    return await hub.fresh.get(_table, hub, language(), caller.organisation, able, short)


def _table(engine: Engine, hub: Hub, _language: str, organisation: str, able: bool, short: bool) -> Markup:  # noqa: FBT001 - as `Fresh.get` passes them
    board_cells = board.cells(engine)
    rows = overview.rows(board_cells, hub.lines, hub.manifests)
    news = first_start.news(engine, organisation)
    measured = {cell.project for cell in board_cells}
    failed = [
        trial
        for trial in first_start.asked_for(engine, organisation)
        if trial.state == "failed" and trial.project not in measured
    ]
    titles = {row["project"]: localised(row["title"]) for row in rows}
    return layout.part(
        "cells.html", rows=rows[:SHORT] if short else rows, left=len(rows) - SHORT if short else 0, tried=bool(board_cells), news=news,
        able=able, short=short, failed=[(titles.get(trial.project, trial.project), trial) for trial in failed], titles=titles,
    )  # fmt: skip
