"""One's own account: who one is, tokens, files, all that one has sent; and the people of one's organisation."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from dure.hub.auth import accounts
from dure.hub.auth.accounts import ROLES, Caller
from dure.hub.auth.permissions import Admin, Ruled, Viewer
from dure.hub.context import Here, Hub
from dure.hub.pages import layout
from dure.hub.uploads import retention, uploads
from dure.i18n.texts import _

router = APIRouter(route_class=Ruled, include_in_schema=False)
# What each role may do, beyond those before it.
MAY = {
    "viewer": "reads everything, changes nothing",
    "member": "asks, sends files, has trials played, publishes, enters methods on problems",
    "steward": "promotes and rolls back, puts problems here, takes evidence off the board",
    "admin": "lets people into the organisation and out of it",
}


@router.get("/me")
async def me(hub: Here, caller: Viewer) -> Response:
    """Who one is here, and what one keeps."""
    await hub.book.write()
    return await asyncio.to_thread(_me, hub, caller)


def _me(hub: Hub, caller: Caller) -> Response:
    files = uploads.listed(hub.engine, caller.organisation)
    members = [member for member in accounts.listed(hub.engine, caller.organisation) if member["name"] == caller.name]
    return layout.page(
        "me.html", caller, title=_("Account"), here="/me", twin="/api/v1/me", lead=_("Who you are here, and what is kept for you."),
        local=bool(hub.token), may=MAY, roles=[role for role in ROLES if caller.may(role)], files=files,
        bytes=sum(file.bytes for file in files), tokens=[token for member in members for token in member["tokens"]],
        sent=retention.holdings(hub.engine, caller), days=round(retention.DAYS), longest=accounts.LONGEST, shortest=accounts.SHORTEST,
    )  # fmt: skip


@router.get("/people")
def everybody(hub: Here, caller: Admin) -> Response:
    """The people of one's organisation: what they may do, and their tokens."""
    return layout.page(
        "people.html", caller, title=_("People"), here="/people", twin="/api/v1/people",
        lead=_("Who may do what for {organisation}.", organisation=caller.organisation), local=bool(hub.token), may=MAY, roles=ROLES,
        people=accounts.listed(hub.engine, caller.organisation), shortest=accounts.SHORTEST, longest=accounts.LONGEST,
    )  # fmt: skip
