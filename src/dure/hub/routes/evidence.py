"""The board, published evidence, problems that wait for methods, and the keys that this hub vouches with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from dure.hub import board, files, problems, runs
from dure.hub import packed as zips
from dure.hub.access import Member, Ruled, Steward, Viewer
from dure.hub.routes.runs import Run, run_of
from dure.hub.state import OFFER, Given, Here, sent_as
from dure.remote import usable

if TYPE_CHECKING:
    from sqlalchemy import Row

MINUTES, MEGABYTES = 240, 4096  # of evidence that is run again, and of an entry

router = APIRouter(prefix="/api/v1", route_class=Ruled)


class NewProblem(Given):
    """Cases of one's own on which others may be tried."""

    project: str
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(
        "", max_length=5_000, description="what hurts, how it is done today, which gain would be worth having"
    )
    data: dict[str, str] = Field(description="files by source: their SHA-256")
    settings: dict[str, str] = {}


class Problem(BaseModel):
    """A problem; its cases are its owner's alone."""

    id: str
    organisation: str
    project: str
    title: str
    text: str
    created: float
    open: bool


class Entry(Given):
    """A method behind a URL: requests are posted to it as JSON, and it answers as JSON."""

    name: str = Field(pattern=OFFER)
    url: str = Field(max_length=2_000)


@router.get("/board")
def show_board(hub: Here, _caller: Viewer) -> list[dict[str, Any]]:
    """A cell for each project, place and method, with what stands behind it; what has no cell has not been tried."""
    return board.cells(hub.engine)


@router.post(
    "/evidence",
    status_code=201,
    openapi_extra=sent_as("application/zip"),
)
async def publish(request: Request, hub: Here, caller: Member) -> dict[str, Any]:
    """Put evidence on the board: the zip that `dure publish` makes."""
    try:
        packed, _sha256, _size = await files.received(request.stream(), zips.LARGEST)
    except files.TooLarge:
        raise HTTPException(413) from None
    try:
        return await asyncio.to_thread(board.publish, hub.engine, packed, caller)
    finally:
        await asyncio.to_thread(packed.unlink, missing_ok=True)


@router.get("/evidence")
def list_evidence(hub: Here, _caller: Viewer, project: str = "") -> list[dict[str, Any]]:
    """Published evidence, the newest first."""
    return [board.told_of(each) for each in board.listed(hub.engine, project)]


@router.get("/evidence/{name}")
def show_evidence(name: str, hub: Here, _caller: Viewer) -> dict[str, Any]:
    """Published evidence: what it says, who signed it, who vouches for it."""
    return board.told_of(board.one(hub.engine, name))


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
    asked = {"evidence": str(board.folder_of(row.id)), "of": row.id}
    return _queued(hub, response, caller, row.project, "rerun", asked)


@router.get("/keys")
def show_keys(hub: Here) -> list[dict[str, Any]]:
    """Keys that this hub has signed with, each since when: so that anybody can tell its word."""
    return [{"fingerprint": name, **each} for name, each in board.keys(hub.engine).items()]


# ---- problems -----------------------------------------------------------------------------------------------------------


@router.get("/problems")
def list_problems(hub: Here, _caller: Viewer) -> list[Problem]:
    """Problems that are open, the newest first."""
    return [_problem(each) for each in problems.listed(hub.engine)]


@router.post("/problems", status_code=201)
def put_problem(given: NewProblem, hub: Here, response: Response, caller: Steward) -> Problem:
    """Let others be tried on one's own cases, which they do not see."""
    hub.manifest(given.project)
    name = problems.put(hub.engine, caller, **given.model_dump())
    response.headers["location"] = f"/api/v1/problems/{name}"
    return _problem(problems.one(hub.engine, name))


@router.get("/problems/{name}")
def show_problem(name: str, hub: Here, _caller: Viewer) -> Problem:
    """A problem."""
    return _problem(problems.one(hub.engine, name))


@router.post("/problems/{name}/close")
def close_problem(name: str, hub: Here, caller: Steward) -> Problem:
    """Nobody is tried on it any more."""
    problems.close(hub.engine, name, caller.organisation)
    return _problem(problems.one(hub.engine, name))


@router.post("/problems/{name}/entries", status_code=201)
def enter(name: str, given: Entry, hub: Here, response: Response, caller: Member) -> Run:
    """Have a method tried on a problem's cases: the hub asks it, and vouches for what comes out."""
    usable(given.url, given.name)
    row = problems.one(hub.engine, name)
    return _queued(
        hub, response, caller, row.project, "trial", problems.entry(hub.engine, row, caller, given.name, given.url)
    )


def _problem(row: Row[Any]) -> Problem:
    return Problem(**{name: row._mapping[name] for name in Problem.model_fields})  # noqa: SLF001 - SQLAlchemy's documented way to a mapping


def _queued(hub: Here, response: Response, caller: Member, project: str, kind: str, asked: dict[str, Any]) -> Run:
    name = runs.submit(
        hub.engine, project, asked, seconds=60 * MINUTES, megabytes=MEGABYTES, kind=kind, organisation=caller.organisation,
        person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{name}"
    return run_of(runs.one(hub.engine, name))
