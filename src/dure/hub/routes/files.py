"""What an organisation keeps here: files by the hash of their content, and what has happened to all that is its own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from dure.content_store import content_place
from dure.hub.auth.permissions import Member, Ruled, Viewer
from dure.hub.context import Here, sent_as
from dure.hub.models import monitoring
from dure.hub.uploads import retention, uploads
from dure.i18n.texts import language

router = APIRouter(prefix="/api/v1", route_class=Ruled)


class Kept(BaseModel):
    """A file: of a table also its sheets, with headers and rows."""

    model_config = ConfigDict(extra="allow")

    sha256: str
    name: str
    kind: str
    bytes: int


@router.post(
    "/files",
    status_code=201,
    openapi_extra=sent_as("application/octet-stream"),
)
async def send(
    request: Request,
    hub: Here,
    response: Response,
    caller: Member,
    name: Annotated[str, Query(max_length=uploads.HELD)],
) -> Kept:
    """Keep a file; its content is the request's body. One whose name says that it is a table must be one."""
    plain = uploads.plain_name(name)
    aside, sha256, _size = await uploads.received(request.stream(), uploads.LARGEST)
    record = await asyncio.to_thread(uploads.keep, hub.engine, aside, sha256, plain, caller)
    response.headers["location"] = f"/api/v1/files/{sha256}"
    return Kept.model_validate(record)


@router.get("/files")
def list_files(hub: Here, caller: Viewer) -> list[dict[str, Any]]:
    """The files of one's organisation, the newest first."""
    rows = uploads.listed(hub.engine, caller.organisation)
    return [{key: value for key, value in row._asdict().items() if key != "organisation"} for row in rows]


@router.get("/files/{sha256}", response_class=FileResponse)
def fetch(sha256: str, hub: Here, caller: Viewer) -> FileResponse:
    """A file's content; the hash is its ETag."""
    row = uploads.one(hub.engine, caller.organisation, sha256)
    headers = {"etag": f'"{row.sha256}"', "cache-control": "private, max-age=31536000, immutable"}
    return FileResponse(
        content_place(row.sha256), filename=row.name, media_type="application/octet-stream", headers=headers
    )


@router.delete("/files/{sha256}", status_code=204, response_class=Response)
def delete(sha256: str, hub: Here, caller: Member) -> Response:
    """Delete a file, unless a service or a problem stands on it."""
    uploads.forget(hub.engine, caller.organisation, sha256)
    return Response(status_code=204)


@router.get("/mine")
async def count_mine(hub: Here, caller: Viewer) -> dict[str, int]:
    """How many answers, files and runs one has sent and asked for: what `DELETE` deletes."""
    await hub.book.write()
    return await asyncio.to_thread(retention.holdings, hub.engine, caller)


@router.delete("/mine")
async def forget(hub: Here, caller: Member) -> dict[str, int]:
    """Delete all that one has sent and asked for: answers, files, runs with their evidence; how many of each are gone."""
    await hub.book.write()
    return await asyncio.to_thread(retention.forget, hub.engine, caller)


@router.get("/events")
def what_happened(hub: Here, caller: Viewer, project: str = "") -> list[dict[str, Any]]:
    """Alarms of drift, cases that could not be tried, what has been deleted; the newest first, of one project where it is named."""
    events = monitoring.events(hub.engine, caller.organisation, project)
    return [
        {"created": event.created, "project": event.project, "kind": event.kind, "said": event.said[language()]}
        for event in events
    ]
