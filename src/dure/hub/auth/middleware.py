"""What stands before every route: only requests that are meant for this hub get through, and each is written down.

A page elsewhere that posts to the local hub, a name that is bound to this machine's address, a proxy nobody has configured: refused.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from fastapi import HTTPException
from prometheus_client import Counter, Histogram

from dure.i18n.texts import LANGUAGES, _, language, speaking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 50_000_000  # bytes of a request's body
UPLOADS = "/api/v1/files"  # where a file is the body: its route says how large
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
LANGUAGE = "language"  # the cookie of the reader's choice
SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = (
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)  # fmt: skip
REQUESTS = Counter("dure_requests", "Requests by method, route and status.", ["method", "route", "status"])
SECONDS = Histogram("dure_request_seconds", "Seconds until the last byte, by route.", ["route"])
log = logging.getLogger("dure.hub")


class Guard:
    """ASGI middleware, the outermost one.

    Parameters
    ----------
    hosts
        Names that the hub answers to, without a port.
    proxied
        Whether requests come through a proxy that somebody has set up: what it says of them is not believed, but let through.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], *, proxied: bool = False) -> None:
        self.app, self.hosts, self.proxied = app, hosts, proxied

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, read = time.perf_counter(), 500, 0
        headers: dict[bytes, bytes] = dict(scope["headers"])
        name = secrets.token_hex(8)
        scope.setdefault("state", {})["request"] = name

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST and scope["path"] != UPLOADS:
                raise HTTPException(413)
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {header for header, _value in message["headers"]}
                missing = [
                    pair for pair in HEADERS if pair[0] not in own
                ]  # a page of a stranger's has a closer policy of its own
                message["headers"] = [*message["headers"], *missing, (b"x-request-id", name.encode())]
            await send(message)

        with speaking(_reader_language(headers)):
            try:
                if refused := self._refused(scope, headers):
                    await _refuse(send_with_headers, *refused)
                else:
                    await self.app(scope, receive_limited, send_with_headers)
            finally:
                _note(scope, name, status, time.perf_counter() - begun)

    def _refused(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Why a request is not meant for this hub: a status, and words."""
        method: str = scope["method"]
        host = headers.get(b"host", b"").decode("latin-1")
        if _name(host) not in self.hosts:
            return 421, _("this hub does not answer to {host}", host=host or "?")
        if not self.proxied and any(header in headers for header in FORWARDED):
            return 400, _("this came through a proxy, and none is configured")
        origin = headers.get(b"origin", b"").decode("latin-1")
        elsewhere = origin and origin.partition("://")[2] != host
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:  # no store can keep it, nor look for it
            return 400, _("an address holds no character NUL")
        if method not in SAFE and (elsewhere or headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site")):
            return 403, _("this was sent by a page of another site")
        return None


def _note(scope: Scope, name: str, status: int, seconds: float) -> None:
    """Count a request and write it down."""
    route = getattr(scope.get("route"), "path_format", "")
    REQUESTS.labels(scope["method"], route, status).inc()
    SECONDS.labels(route).observe(seconds)
    words = {
        "request": name,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(1e3 * seconds, 1),
    }
    log.info("request", extra={"told": words})


def _name(host: str) -> str:
    """A host without its port."""
    return host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host


def _reader_language(headers: dict[bytes, bytes]) -> str:
    """The language that was chosen on a page, else the first of ours that the browser accepts, else this machine's."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _sign, code = part.strip().partition("=")
        if name == LANGUAGE and code in LANGUAGES:
            return code
    for part in headers.get(b"accept-language", b"").decode("latin-1").split(","):
        if (code := part.strip()[:2].lower()) in LANGUAGES:
            return code
    return language()


def problem(status: int, title: str, **details: str) -> bytes:
    """A problem as JSON (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status} | {
        name: value for name, value in details.items() if value
    }
    return json.dumps(body, ensure_ascii=False).encode()


async def _refuse(send: Send, status: int, title: str) -> None:
    body = problem(status, title)
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
