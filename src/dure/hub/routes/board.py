"""What stands beside the board's cells: the plan that they belong to, the one click that fills it, and what is new on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from dure.hub.auth.permissions import Member, Ruled, Viewer
from dure.hub.board import first_start
from dure.hub.context import Here
from dure.hub.jobs import queue
from dure.hub.routes.runs import Run, run_of

if TYPE_CHECKING:
    from dure.hub.context import Hub

BEAT = 0.5  # seconds between two looks at the board

router = APIRouter(prefix="/api/v1", route_class=Ruled)


@router.get("/plan")
def show_plan(hub: Here, _caller: Viewer) -> list[dict[str, Any]]:
    """The plan's lines, each with its projects and what their trials last measured (`trial.json`)."""
    return [line.to_dict() for line in hub.lines]


@router.post("/start", status_code=201)
def begin(hub: Here, caller: Member) -> list[Run]:
    """Try every project whose data come with published packages, in its quick profile; what they show is put on the board."""
    names = first_start.begin(hub.engine, caller, list(hub.manifests))
    return [run_of(queue.one(hub.engine, name)) for name in names]


@router.get("/board/events", response_class=StreamingResponse, include_in_schema=False)  # it never ends by itself
async def follow(hub: Here, caller: Viewer) -> StreamingResponse:
    """A stamp that is another one when the board has changed, and the runs that will change it (server-sent events)."""
    return StreamingResponse(_events(hub, caller.organisation), media_type="text/event-stream")


async def _events(hub: Hub, organisation: str) -> AsyncIterator[str]:
    previous = ""
    while not hub.ending:
        news = json.dumps(await hub.fresh.get(first_start.news, organisation))
        if news != previous:
            yield f"data: {news}\n\n"
        previous = news
        await asyncio.sleep(BEAT)
