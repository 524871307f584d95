"""What is asked for and waits for a worker: trials, tables of answers, evidence run again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from dure.hub.auth.permissions import Member, Ruled, Viewer
from dure.hub.board import board
from dure.hub.context import Given, Here
from dure.hub.jobs import queue
from dure.hub.models import interactive
from dure.hub.uploads import uploads
from dure.i18n.texts import _, language
from dure.trial.remote import usable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dure.hub.db.rows import RunRow
    from dure.hub.jobs.job import Asked

SEALED = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"  # of a picture that a project has drawn
BEAT = 0.5  # seconds between two looks at a run that somebody follows

router = APIRouter(prefix="/api/v1/runs", route_class=Ruled)


class NewRun(Given):
    """A trial to play."""

    project: str
    settings: dict[str, str] = {}
    data: dict[str, str] = Field({}, description="files of one's own by source: their SHA-256")
    confirmed: bool = Field(False, description="read their headers as Dure proposes")
    practice: str = Field("", description="SHA-256 of a file of today's answers, in the practice's place")
    offers: dict[str, str] = Field({}, description="further methods: the URL that answers, by name")
    sealed: bool = Field(False, description="open the sealed rounds too: a look, written down")
    newer: bool = Field(False, description="only sealed rounds that nobody has looked at")
    profile: str = Field("full", pattern="^(quick|full)$")
    publish: bool = Field(False, description="put what it has shown on the board when it has ended")
    seeds: list[int] | None = Field(None, min_length=1, max_length=100)
    minutes: int = Field(240, ge=1, le=24 * 60)
    megabytes: int = Field(4096, ge=100, le=1_000_000)


class Run(BaseModel):
    """Something in the queue. Moments are seconds since 1970.

    `result` is of a table of answers: the SHA-256 and name of the file, its rows, and by cause those that the practice answered or
    that were refused; of one request: `faults` of files with what, where and cure, `left` out, and when it was `answered`, `by` whom,
    the answer in words (`text`), as data (`response`, where it is small) and as `files`; `figure`: see /runs/{name}/figure.svg.
    """

    id: str
    kind: str
    project: str
    person: str
    asked: dict[str, Any]
    state: str
    attempt: int
    share: float
    doing: str
    said: str
    created: float
    began: float | None
    ended: float | None
    result: dict[str, Any] | None


@router.post("", status_code=201)
def submit(given: NewRun, hub: Here, response: Response, caller: Member) -> Run:
    """Put a trial into the queue."""
    hub.manifest(given.project)
    for sha256 in (*given.data.values(), *filter(None, [given.practice])):
        uploads.one(hub.engine, caller.organisation, sha256)
    for name, url in given.offers.items():
        usable(url, name)
    asked: Asked = {
        "settings": given.settings, "data": given.data, "confirmed": given.confirmed, "practice": given.practice, "offers": given.offers,
        "sealed": given.sealed, "newer": given.newer, "profile": given.profile, "publish": given.publish, "public": True,
    }  # fmt: skip
    if given.seeds is not None:
        asked["seeds"] = given.seeds
    name = queue.submit(
        hub.engine, given.project, asked, seconds=60 * given.minutes, megabytes=given.megabytes,
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{name}"
    return run_of(queue.one(hub.engine, name))


@router.get("")
def list_runs(
    hub: Here, caller: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50, before: str = ""
) -> list[Run]:
    """Runs, the newest first; `before` goes on behind a run."""
    return [run_of(row) for row in queue.listed(hub.engine, limit, before, caller.organisation)]


@router.get("/{name}")
def show_run(name: str, hub: Here, caller: Viewer) -> Run:
    """A run."""
    return run_of(queue.one(hub.engine, name, caller.organisation))


@router.post("/{name}/cancel")
def cancel(name: str, hub: Here, caller: Member) -> Run:
    """Stop a run: one that waits at once, one that runs as soon as its worker hears of it."""
    queue.cancel(hub.engine, name, caller.organisation)
    return run_of(queue.one(hub.engine, name))


@router.post("/{name}/publish", status_code=201)
def publish(name: str, hub: Here, caller: Member) -> dict[str, Any]:
    """Put what a trial has shown on the board: sums of blocks of five cases or more, no row and no answer."""
    row = queue.one(hub.engine, name, caller.organisation)
    return board.summary_of(board.publish_run(hub.engine, queue.evidence_of(row), caller, row.id))


@router.get("/{name}/log", response_class=Response)
def show_log(name: str, hub: Here, caller: Viewer) -> Response:
    """What a run's process has said, where it ran on this machine."""
    row = queue.one(hub.engine, name, caller.organisation)
    if "problem" in row.asked:  # it may tell of cases that are another's
        raise HTTPException(403)
    return Response(queue.logged(row), media_type="text/plain; charset=utf-8")


@router.get("/{name}/figure.svg", response_class=FileResponse)
def show_figure(name: str, hub: Here, caller: Viewer) -> FileResponse:
    """The figure of an answer, today's practice above it. It runs nothing and loads nothing, wherever it is opened."""
    place = interactive.figure_of(queue.one(hub.engine, name, caller.organisation))
    headers = {"content-security-policy": SEALED, "cache-control": "private, max-age=31536000, immutable"}
    return FileResponse(place, media_type="image/svg+xml", headers=headers)


@router.get("/{name}/events", response_class=StreamingResponse)
async def follow(name: str, hub: Here, caller: Viewer) -> StreamingResponse:
    """The run, again whenever something about it is new, until it has ended (server-sent events)."""
    first = await asyncio.to_thread(queue.one, hub.engine, name, caller.organisation)
    return StreamingResponse(_events(hub.engine, first), media_type="text/event-stream")


async def _events(engine: Engine, row: RunRow) -> AsyncIterator[str]:
    previous = ""
    while True:
        event = run_of(row).model_dump_json()
        if event != previous:
            yield f"data: {event}\n\n"
        if row.ended is not None:
            return
        previous = event
        await asyncio.sleep(BEAT)
        row = await asyncio.to_thread(queue.one, engine, row.id)


def run_of(row: RunRow) -> Run:
    """A run as the API tells it: what only its worker needs is left out, and whatever could tell of a problem's cases."""
    values = {name: value for name, value in row._asdict().items() if name in Run.model_fields}
    hidden = {"owner", "data"} if "problem" in row.asked else set()
    asked = {name: value for name, value in row.asked.items() if name not in hidden}
    words = row.said.get(language(), "")
    if hidden and row.state == "failed":
        words = _("it could not be tried on these cases; their owner can read why")
    return Run(**values | {"said": words, "asked": asked})
