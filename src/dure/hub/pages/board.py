"""The board: project by place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from dure.hub import board
from dure.hub.access import Ruled, Viewer
from dure.hub.state import Here
from dure.words import _

from . import paper

if TYPE_CHECKING:
    from sqlalchemy import Engine

router = APIRouter(prefix="/board", route_class=Ruled, include_in_schema=False)


def table(engine: Engine) -> list[dict[str, Any]]:
    """The cells."""
    return board.cells(engine)


@router.get("")
async def show(hub: Here, caller: Viewer) -> Response:
    """The board."""
    found = await hub.fresh.get(table)
    return paper.page("board.html", caller, title=_("Board"), here="/board", lead="", twin="/api/v1/board", board=found)
