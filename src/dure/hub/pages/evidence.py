"""Published evidence, readable without signing in where its owner wants that; and a check of anybody's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from dure.evidence import short_fingerprint
from dure.hub.auth.accounts import HUB
from dure.hub.auth.permissions import Ruled, caller_of
from dure.hub.board import board
from dure.hub.context import Here
from dure.hub.pages import layout
from dure.hub.pages.runs import EvidencePage, body_of, evidence_page
from dure.hub.routes.evidence_files import checked
from dure.i18n.texts import _
from dure.record import TrialRecord
from dure.report.vocabulary import GROUND

if TYPE_CHECKING:
    from dure.hub.auth.accounts import Caller

router = APIRouter(route_class=Ruled, include_in_schema=False)


@router.get("/evidence/{name}")
async def one(name: str, request: Request, hub: Here) -> Response:
    """Published evidence."""
    caller = await caller_of(request)
    row = await asyncio.to_thread(board.one, hub.engine, name)
    if caller is None and not row.public:
        raise HTTPException(401)
    body = await asyncio.to_thread(evidence_page, board.folder_of(name))
    about, address = board.record_of(row).about, f"/api/v1/evidence/{name}"
    return layout.page(
        "evidence.html", caller, title=body["title"], lead=_("Evidence that somebody has published here. Anybody can compute it again."),
        here="/board", twin=address, row=row, page=body, w=body["words"], about=about,
        ground=_(GROUND.get(about.ground, about.ground)), files=f"{address}/files", zip=f"{address}/zip",
        whole="", publish="", published=None, mine=_may(caller, row.organisation, "steward"), member=_may(caller, "", "member"),
        ours=row.signer in board.keys(hub.engine), rerun=row.project in hub.manifests,
    )  # fmt: skip


def _may(caller: Caller | None, organisation: str, role: str) -> bool:
    """Whether somebody may do what `role` may, for this organisation (empty: for their own)."""
    return caller is not None and caller.may(role) and organisation in ("", caller.organisation)


@router.get("/verify")
async def place(request: Request) -> Response:
    """A place to drop evidence."""
    return layout.page(
        "verify.html", await caller_of(request), title=_("Check evidence"), here="/verify", twin="/api/v1/keys",
        lead=_("Drop the zip that you were given. Every file is compared with what was signed, and the verdicts are computed again."),
    )  # fmt: skip


@router.post("/verify")
async def verify(request: Request, hub: Here) -> Response:
    """What a check has found, as a piece of the page."""
    caller = await caller_of(request)
    check = await checked(request, hub)
    body: EvidencePage | None = None
    if check["said"] is not None:
        body = body_of(TrialRecord.from_json(check["said"]), check["signer"]["fingerprint"])
    return layout.piece(
        "verified.html", found=check, page=body, w=body["words"] if body else {}, short=short_fingerprint(check["signer"]["fingerprint"]),
        ours=check["signer"]["fingerprint"] in board.keys(hub.engine), again=_may(caller, "", "member") and not check["missing"],
        trust=_may(caller, HUB, "steward"),
    )  # fmt: skip
