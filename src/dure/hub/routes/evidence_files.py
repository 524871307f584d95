"""Evidence opened: its files, the zip that is handed on, a check of anybody's, and the signers that are known here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from dure.errors import UserError
from dure.hub.auth.accounts import HUB
from dure.hub.auth.permissions import Member, Ruled, Steward, Viewer, caller_of
from dure.hub.board import board, evidence_files, evidence_zip
from dure.hub.context import Given, Here, sent_as
from dure.hub.jobs import queue
from dure.hub.routes.runs import Run, run_of
from dure.hub.uploads import uploads
from dure.i18n.texts import _

if TYPE_CHECKING:
    from dure.hub.uploads.inspect import EvidenceCheck

MINUTES, MEGABYTES = 240, 4096  # of evidence that is run again
MOST_CHECKS = 8  # that wait for their turn
ZIP = "application/zip"

router = APIRouter(prefix="/api/v1", route_class=Ruled)


class Public(Given):
    """Whether people who are not signed in may read it."""

    public: bool


class Signer(Given):
    """A key, and whose it is."""

    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")
    name: str = Field(min_length=1, max_length=200)


class Check(BaseModel):
    """Is it intact, who signed it, what does it say, and what is missing here to run it again?"""

    intact: bool
    faults: list[dict[str, Any]]
    signed: bool
    signer: dict[str, Any]
    written: str
    private: bool
    said: dict[str, Any] | None
    missing: str


# ---- of a run -----------------------------------------------------------------------------------------------------------


@router.get("/runs/{name}/evidence", response_class=Response)
async def fetch_evidence(name: str, hub: Here, caller: Viewer, *, whole: bool = False) -> Response:
    """A run's evidence as a zip to be handed on: small blocks joined, no row. `whole`: as it was signed, private files apart."""
    row = await asyncio.to_thread(queue.one, hub.engine, name, caller.organisation)
    content = await asyncio.to_thread(
        evidence_files.signed_zip if whole else evidence_files.shared_zip, evidence_files.own(row)
    )
    return _zip(content, f"{row.project}-{row.id}")


@router.get("/runs/{name}/evidence/{file:path}", response_class=FileResponse)
def fetch_file_of_run(name: str, file: str, hub: Here, caller: Viewer) -> FileResponse:
    """One file of a run's evidence: report.html, trial.json, table.csv, a figure."""
    return _file(evidence_files.one(evidence_files.own(queue.one(hub.engine, name, caller.organisation)), file))


# ---- published ----------------------------------------------------------------------------------------------------------


@router.get("/evidence/{name}/files/{file:path}", response_class=FileResponse)
async def fetch_file(name: str, file: str, request: Request, hub: Here) -> FileResponse:
    """One file of published evidence; without signing in where its owner has made it public."""
    row = await asyncio.to_thread(board.one, hub.engine, name)
    if not row.public and await caller_of(request) is None:
        raise HTTPException(401)
    return _file(await asyncio.to_thread(evidence_files.one, board.folder_of(row.id), file))


@router.get("/evidence/{name}/zip", response_class=Response)
async def fetch_zip(name: str, request: Request, hub: Here) -> Response:
    """Published evidence as a zip; without signing in where its owner has made it public."""
    row = await asyncio.to_thread(board.one, hub.engine, name)
    if not row.public and await caller_of(request) is None:
        raise HTTPException(401)
    return _zip(
        await asyncio.to_thread(evidence_files.signed_zip, board.folder_of(row.id)), f"{row.project}-{row.id[:12]}"
    )


@router.put("/evidence/{name}/public", status_code=204, response_class=Response)
def open_to_all(name: str, given: Public, hub: Here, caller: Steward) -> Response:
    """Show evidence of one's own organisation to everybody, or only to people who are signed in."""
    board.open_to_all(hub.engine, name, caller.organisation, public=given.public)
    return Response(status_code=204)


# ---- anybody's ----------------------------------------------------------------------------------------------------------


@router.post("/verify", openapi_extra=sent_as(ZIP))
async def verify(request: Request, hub: Here) -> Check:
    """Check evidence that somebody has handed over, a zip: intact, signed by whom. Nothing of it is kept."""
    return Check.model_validate(await checked(request, hub))


async def checked(request: Request, hub: Here) -> EvidenceCheck:
    """The same as data."""
    async with _handed_over(request, hub) as (_zipped, _sha256, report):
        return report


@asynccontextmanager
async def _handed_over(request: Request, hub: Here) -> AsyncIterator[tuple[Path, str, EvidenceCheck]]:
    """Evidence that was sent: its file for a while, its SHA-256, what a check has found.

    One check at a time, and few that wait: whoever is not signed in may ask for it.
    """
    if hub.checks >= MOST_CHECKS:
        raise HTTPException(503)
    hub.checks += 1
    try:
        zipped, sha256, _size = await uploads.received(request.stream(), evidence_zip.LARGEST)
        try:
            async with hub.checking:
                report = await asyncio.to_thread(evidence_files.verified, zipped)
            yield zipped, sha256, report
        finally:
            await asyncio.to_thread(zipped.unlink, missing_ok=True)
    finally:
        hub.checks -= 1


@router.post("/reruns", status_code=201, openapi_extra=sent_as(ZIP))
async def rerun(request: Request, hub: Here, response: Response, caller: Member) -> Run:
    """Run evidence again that somebody has handed over, a zip: it must come out the same on this machine."""
    async with _handed_over(request, hub) as (zipped, sha256, report):
        if report["said"] is None:
            fault = report["faults"][0]
            raise UserError(_("this evidence is not whole: {fault}", fault=fault["what"]), where=fault["file"])
        await asyncio.to_thread(uploads.keep, hub.engine, zipped, sha256, "evidence.zip", caller, ours=True)
    name = queue.submit(
        hub.engine, str(report["said"]["project"]), {"file": sha256}, seconds=60 * MINUTES, megabytes=MEGABYTES, kind="rerun",
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{name}"
    return run_of(queue.one(hub.engine, name))


@router.get("/signers")
def list_signers(_caller: Viewer) -> list[dict[str, str]]:
    """Signers that are known here, each since when."""
    from dure.evidence import known_signers

    return [{"fingerprint": name, **signer} for name, signer in known_signers().items()]


@router.put("/signers", status_code=204, response_class=Response)
def name_signer(given: Signer, caller: Steward) -> Response:
    """Remember whose key it is, for everybody here: only after the digits were compared by another way than the evidence came."""
    from dure.evidence import trust

    if caller.organisation != HUB:
        raise HTTPException(403)
    trust(given.fingerprint, given.name)
    return Response(status_code=204)


def _zip(content: bytes, name: str) -> Response:
    return Response(content, media_type=ZIP, headers={"content-disposition": f'attachment; filename="{name}.zip"'})


def _file(typed_file: tuple[Path, str]) -> FileResponse:
    path, kind = typed_file
    headers = {"content-security-policy": evidence_files.CLOSED} if kind.startswith(("text/html", "image/svg")) else {}
    return FileResponse(path, media_type=kind, headers=headers | {"cache-control": "private, no-cache"})
