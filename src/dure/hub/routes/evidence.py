"""The board, published evidence, and the keys that this hub vouches with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from dure.hub.auth.permissions import Member, Ruled, Steward, Viewer
from dure.hub.board import board
from dure.hub.board import evidence_zip as zips
from dure.hub.context import Here, sent_as
from dure.hub.jobs import queue
from dure.hub.routes.runs import Run, run_of
from dure.hub.uploads import uploads

if TYPE_CHECKING:
    from dure.hub.jobs.job import Asked

MINUTES, MEGABYTES = 240, 4096  # of evidence that is run again

router = APIRouter(prefix="/api/v1", route_class=Ruled)


@router.get("/board")
def show_board(hub: Here, _caller: Viewer) -> list[dict[str, Any]]:
    """A cell for each project, place and method, with what stands behind it; what has no cell has not been tried."""
    return [cell.to_json() for cell in board.cells(hub.engine)]


@router.post(
    "/evidence",
    status_code=201,
    openapi_extra=sent_as("application/zip"),
)
async def publish(request: Request, hub: Here, caller: Member) -> dict[str, Any]:
    """Put evidence on the board: the zip that `dure publish` makes."""
    packed, _sha256, _size = await uploads.received(request.stream(), zips.LARGEST)
    try:
        return board.summary_of(await asyncio.to_thread(board.publish, hub.engine, packed, caller))
    finally:
        await asyncio.to_thread(packed.unlink, missing_ok=True)


@router.get("/evidence")
def list_evidence(hub: Here, _caller: Viewer, project: str = "") -> list[dict[str, Any]]:
    """Published evidence, the newest first."""
    return [board.summary_of(row) for row in board.listed(hub.engine, project)]


@router.get("/evidence/{name}")
def show_evidence(name: str, hub: Here, _caller: Viewer) -> dict[str, Any]:
    """Published evidence: what it says, who signed it, who vouches for it."""
    return board.summary_of(board.one(hub.engine, name))


@router.delete("/evidence/{name}", status_code=204, response_class=Response)
def withdraw(name: str, hub: Here, caller: Steward) -> Response:
    """Take evidence of one's own organisation off the board."""
    board.withdraw(hub.engine, name, caller.organisation)
    return Response(status_code=204)


@router.post("/evidence/{name}/rerun", status_code=201)
def rerun(name: str, hub: Here, response: Response, caller: Member) -> Run:
    """Run published evidence again on this machine; where it comes out the same, the hub says so over its own signature."""
    row = board.one(hub.engine, name)
    hub.manifest(row.project)
    asked: Asked = {"evidence": str(board.folder_of(row.id)), "of": row.id}
    queued = queue.submit(
        hub.engine, row.project, asked, seconds=60 * MINUTES, megabytes=MEGABYTES, kind="rerun",
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{queued}"
    return run_of(queue.one(hub.engine, queued))


@router.get("/keys")
def show_keys(hub: Here) -> list[dict[str, Any]]:
    """Keys that this hub has signed with, each since when: so that anybody can tell its word."""
    return [{"fingerprint": name, **key._asdict()} for name, key in board.keys(hub.engine).items()]
