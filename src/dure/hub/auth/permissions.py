"""Who may do what: every route says which role it needs, and a route that says nothing is open to nobody."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute

from dure.hub.auth.accounts import HUB, PREFIX, Caller, digest, who

COOKIE = "dure"


class Needs:
    """A route's rule: the role that a caller needs at least. FastAPI calls it before the route."""

    def __init__(self, role: str) -> None:
        self.role = role

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises HTTPException: 401 unknown, 403 not allowed."""
        caller = await caller_of(request)
        if caller is None:
            raise HTTPException(401)
        if not caller.may(self.role):
            raise HTTPException(403)
        return caller


def rule(route: APIRoute) -> Needs | None:
    """What a route needs; None: it is open to everybody."""
    return next(
        (dependency.call for dependency in route.dependant.dependencies if isinstance(dependency.call, Needs)), None
    )


class Ruled(APIRoute):
    """A route whose rule is asked before anything that was sent is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI's, behind the rule."""
        handler, needed = super().get_route_handler(), rule(self)

        async def ruled(request: Request) -> Response:
            if needed is not None:
                await needed(request)
            response = await handler(request)
            return tagged(request, response) if request.method == "GET" else response

        return ruled


def tagged(request: Request, response: Response) -> Response:
    """The response with its ETag; without a body where the reader has this very one (RFC 9110, 13.1.2)."""
    body = getattr(response, "body", None)
    if response.status_code != 200 or body is None or "etag" in response.headers:
        return response
    response.headers["etag"] = tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response.headers.setdefault("cache-control", "private, no-cache")
    known = [entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")]
    return Response(status_code=304, headers={"etag": tag}) if tag in known else response


async def caller_of(request: Request) -> Caller | None:
    """Who holds the token that came with a request: of this start (whoever started the hub), or of a person."""
    scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.cookies.get(COOKIE, "")
    hub = request.app.state.hub
    if hub.token and secrets.compare_digest(secret.encode(), hub.token.encode()):
        return Caller(hub.owner, HUB, "admin")
    if not secret.startswith(PREFIX):
        return None
    held = await hub.fresh.get(who, digest(secret))
    return held.caller if held and time.time() < held.expires else None


# The caller of a route, as a parameter of it.
Viewer = Annotated[Caller, Depends(Needs("viewer"))]
Member = Annotated[Caller, Depends(Needs("member"))]
Steward = Annotated[Caller, Depends(Needs("steward"))]
Admin = Annotated[Caller, Depends(Needs("admin"))]
