"""The hub as an application: its routes under `/api/v1`, and how what cannot be done is told (RFC 9457)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from dure import __version__
from dure.errors import Unknown, UserError, refusal
from dure.hub.auth.permissions import Ruled, Viewer
from dure.hub.board import board
from dure.hub.context import Here, Hub
from dure.hub.models import monitoring
from dure.hub.openapi import document
from dure.hub.pages import ROUTERS, front, layout
from dure.hub.problem_details import refused
from dure.hub.routes import accounts, evidence, evidence_files, files, judge, problems, projects, runs, services
from dure.hub.routes import board as board_routes
from dure.hub.uploads import retention
from dure.hub.uploads.uploads import TooLarge
from dure.i18n.texts import _

WATCH = 60.0  # seconds between two looks at drift, at what has been kept for long enough, at the projects that are installed
MESSAGES = {
    400: "this cannot be read: JSON in UTF-8 is wanted",
    401: "sign in first",
    403: "this is not for you to do",
    404: "there is nothing here",
    405: "this cannot be done here",
    413: "this is more than a request may hold",
    503: "too many wait; try again in a moment",
    429: "too many passwords were wrong; try again in ten minutes",
}


def openapi(request: Request, hub: Here, _caller: Viewer) -> dict[str, Any]:
    """The API described, each project's answers with the forms of its own."""
    return document(request.app, sorted(hub.manifests))


def health() -> dict[str, str]:
    """Whether the hub is there."""
    return {"status": "ok", "version": __version__}


def metrics(_caller: Viewer) -> Response:
    """Counters for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def app(hub: Hub) -> FastAPI:
    """The hub as an ASGI application, to be put behind a `Guard`."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        board.sign_with(hub.engine)
        watching = asyncio.create_task(_watch(hub))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await hub.services.close()
        await hub.book.close()
        hub.fresh.close()

    made = FastAPI(
        title="Dure", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    made.state.hub = hub
    made.router.route_class = Ruled
    for router in (
        *(
            module.router
            for module in (
                projects,
                services,
                runs,
                files,
                judge,
                evidence,
                evidence_files,
                board_routes,
                problems,
                accounts,
            )
        ),
        *ROUTERS,
    ):
        made.router.routes.extend(router.routes)  # flat: every route can be asked for its rule
    made.get("/enter", include_in_schema=False)(accounts.enter)
    made.get("/api/v1/openapi.json", include_in_schema=False)(openapi)
    made.get("/health")(health)
    made.get("/metrics", response_class=Response)(metrics)
    for kind in (UserError, TooLarge, HTTPException, RequestValidationError, OperationalError, InterfaceError):
        made.add_exception_handler(kind, _refused)
    made.add_exception_handler(Exception, _refused)  # one of ours: it is logged with its trace as well
    return made


async def _watch(hub: Hub) -> None:
    """Alarms of drift, and what has been kept for long enough, as long as the hub is there."""
    while True:
        await asyncio.sleep(WATCH)
        with suppress(UserError):  # a plan's file that somebody is writing is read again later
            await asyncio.to_thread(hub.look_again)
        with suppress(DBAPIError):  # a store that is away is looked at again
            await hub.book.write()
            await asyncio.to_thread(monitoring.alarm, hub.engine)
            await asyncio.to_thread(retention.sweep, hub.engine)


def _refused(request: Request, error: Exception) -> Response:
    status, refusal, headers = _error_response(request, error)
    page = not request.url.path.startswith(("/api/", "/health", "/metrics"))
    if page and status == 401:
        return front.closed(request.app.state.hub, f"{request.url.path}?{request.url.query}".rstrip("?"))
    return _refused_page(status, refusal) if page else refused(status, refusal, headers)


def _error_response(request: Request, error: Exception) -> tuple[int, UserError, dict[str, str]]:
    """Status, words, headers."""
    if isinstance(error, TooLarge):
        error = HTTPException(413)
    if isinstance(error, Unknown):
        return 404, error, {}
    if isinstance(error, UserError):
        return 422, error, {}
    if isinstance(error, OperationalError | InterfaceError):
        return 503, UserError(_("the store does not answer; try again in a moment")), {"retry-after": "5"}
    if isinstance(error, RequestValidationError):
        # without where in the request it stood: body, query, path
        faults = [
            fault | {"loc": () if fault["type"] == "json_invalid" else fault["loc"][1:]} for fault in error.errors()
        ]
        return 422, refusal(RequestValidationError(faults)), {}
    if not isinstance(error, HTTPException):
        name = getattr(request.state, "request", "")
        return (
            500,
            UserError(
                _("something broke here"),
                cure=_("Try again. If it stays, the hub's log has it under {name}.", name=name),
            ),
            {},
        )
    return error.status_code, UserError(_(MESSAGES.get(error.status_code, "this cannot be done"))), {}


def _refused_page(status: int, error: UserError) -> Response:
    """A person's mistake, for whoever looks at a page."""
    cure = error.cure or _("Go back, or begin again at the front page.")
    title = error.what[:1].upper() + error.what[1:]
    return layout.page("refused.html", None, title=title, lead=cure, status=status, where=error.where)
