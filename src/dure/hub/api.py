"""The hub's API, `/api/v1`: projects, answers, what answers, runs. JSON in and out; problems as in RFC 9457."""

from __future__ import annotations

import asyncio
import getpass
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from dure import __version__
from dure.errors import Unknown, UserError, refusal
from dure.words import _, language

from . import people, projects, promotion, runs, store
from .access import COOKIE, Member, Ruled, Steward, Viewer
from .guard import problem
from .openapi import document
from .service import ANSWERED, REFUSED
from .services import Asked, Busy, Limits, Services

if TYPE_CHECKING:
    from sqlalchemy import Engine, Row

    from dure.manifest import Manifest

PROBLEM = "application/problem+json"
MOST_WRONG, WAIT, MOST_NAMES = 10, 600.0, 10_000
BEAT = 0.5  # seconds between two looks at a run that somebody follows
SAID = {
    400: "this cannot be read: JSON in UTF-8 is wanted",
    401: "sign in first",
    403: "this is not for you to do",
    404: "there is nothing here",
    405: "this cannot be done here",
    429: "too many passwords were wrong; try again in ten minutes",
    413: "this is more than a request may hold",
}


class Hub:
    """What the routes share.

    Attributes
    ----------
    token
        Of this start: whoever holds it is the owner. Empty: people sign in.
    """

    def __init__(self, engine: Engine, token: str = "") -> None:
        self.engine, self.token, self.owner = engine, token, getpass.getuser()
        self.throttle = Throttle()
        self.services, self.fresh = Services(), store.Fresh(engine)
        self.manifests = projects.manifests()

    def manifest(self, name: str) -> Manifest:
        """What a project says of itself. Raises Unknown."""
        if name not in self.manifests:
            projects.place_of(name)
            self.manifests = projects.manifests()
        return self.manifests[name]


async def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


Here = Annotated[Hub, Depends(_hub)]


class Throttle:
    """Passwords tried in vain: after MOST_WRONG of a name within WAIT seconds no more are looked at."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[float]] = {}

    def tired(self, name: str) -> bool:
        """Whether too many were wrong lately."""
        if len(self.wrong) > MOST_NAMES:
            self.wrong.clear()
        recent = [moment for moment in self.wrong.get(name, ()) if moment > time.monotonic() - WAIT]
        self.wrong[name] = recent
        return len(recent) >= MOST_WRONG


class Given(BaseModel):
    """What is sent with a request; an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


class NewRun(Given):
    """A trial to play."""

    project: str
    settings: dict[str, str] = {}
    sealed: bool = Field(False, description="open the sealed rounds too: a look, written down")
    profile: str = Field("full", pattern="^(quick|full)$")
    seeds: list[int] | None = Field(None, min_length=1, max_length=100)
    minutes: int = Field(240, ge=1, le=24 * 60)
    megabytes: int = Field(4096, ge=100, le=1_000_000)


class Run(BaseModel):
    """A trial in the queue. Moments are seconds since 1970."""

    id: str
    project: str
    asked: dict[str, Any]
    state: str
    attempt: int
    share: float
    doing: str
    said: str
    created: float
    began: float | None
    ended: float | None


class Promoted(Given):
    """Why a method is to answer: a run of this hub whose evidence says better, or a reason."""

    method: str
    run: str = ""
    reason: str = Field("", max_length=2_000)
    settings: dict[str, str] = {}


class RolledBack(Given):
    """Why the version before is to answer again."""

    reason: str = Field("", max_length=2_000)


class SignIn(Given):
    """A person and their password."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=people.LONGEST)


class Service(BaseModel):
    """Which version answers since when; version 0 is today's practice."""

    project: str
    version: int
    method: str | None
    since: float
    who: str
    why: str
    evidence: str | None


routes = APIRouter(
    prefix="/api/v1", route_class=Ruled, responses={status: {"description": SAID[status]} for status in (401, 403, 404)}
)


# ---- projects -----------------------------------------------------------------------------------------------------------


@routes.get("/projects")
def list_projects(hub: Here, _caller: Viewer) -> list[dict[str, Any]]:
    """Every project, as its project.toml has it."""
    hub.manifests = projects.manifests()
    return [about.model_dump(mode="json") for about in hub.manifests.values()]


@routes.get("/projects/{project}")
def describe_project(project: str, _caller: Viewer) -> dict[str, Any]:
    """A project: what it asks, answers and measures, its methods and data."""
    return projects.described(project)


@routes.post("/projects/{project}/answer", include_in_schema=False)
async def answer(project: str, request: Request, hub: Here, _caller: Member) -> Response:
    """The answer of what is promoted, or of today's practice."""
    limits = Limits(seconds=hub.manifest(project).deadline)
    body = await request.body()
    active = await hub.fresh.get(promotion.active, project)
    try:
        kind, said = await hub.services.answer(_asked(project, active), limits, body)
    except Busy:
        what = _("too many requests wait; try again in a moment")
        return Response(problem(503, what), 503, {"retry-after": "1"}, PROBLEM)
    except UserError as error:
        return _told(503, error)
    if kind == ANSWERED:
        return Response(said, media_type="application/json")
    fault = json.loads(said)
    return _told(422 if kind == REFUSED else 409, UserError(fault["what"], where=fault["where"], cure=fault["cure"]))


def _asked(project: str, active: Row[Any] | None) -> Asked:
    if active is None:
        return Asked(project, "", practice=True)
    return Asked(project, active.method, tuple(sorted(active.settings.items())), active.version, active.code)


# ---- what answers -------------------------------------------------------------------------------------------------------


@routes.get("/projects/{project}/services")
def list_services(project: str, hub: Here, _caller: Viewer) -> list[Service]:
    """What has answered for a project, the newest first; empty: today's practice from the beginning."""
    hub.manifest(project)
    return [_service(each) for each in promotion.history(hub.engine, project)]


@routes.post("/projects/{project}/services", status_code=201)
def promote(project: str, given: Promoted, hub: Here, caller: Steward) -> Service:
    """Let a method answer from the next request on."""
    code = projects.code_of(project)
    methods = projects.described(project)["methods"]
    if given.method not in methods:
        raise UserError(
            _("there is no method called {name}", name=given.method), where="method", cure=", ".join(methods)
        )
    evidence = _evidence(runs.one(hub.engine, given.run)) if given.run else None
    accepted = promotion.accepted(
        project, given.method, code, evidence=evidence, reason=given.reason, settings=given.settings
    )
    promotion.promote(hub.engine, project, accepted, caller.name)
    return _service(promotion.history(hub.engine, project)[0])


@routes.post("/projects/{project}/rollback")
def rollback(project: str, given: RolledBack, hub: Here, caller: Steward) -> Service:
    """Let the version before answer from the next request on; before the first one, today's practice."""
    hub.manifest(project)
    promotion.rollback(hub.engine, project, caller.name, given.reason)
    return _service(promotion.history(hub.engine, project)[0])


def _service(row: Row[Any]) -> Service:
    told = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to a mapping
    return Service(**told | {"why": row.reason or (row.why or {}).get(language(), "")})


def _evidence(row: Row[Any]) -> Any:
    if row.state != "done" or not row.evidence:
        raise UserError(_("run {name} has no evidence yet: {state}", name=row.id, state=_(row.state)), where="run")
    return store.folder() / row.evidence


# ---- runs ---------------------------------------------------------------------------------------------------------------


@routes.post("/runs", status_code=201)
def submit(given: NewRun, hub: Here, response: Response, _caller: Member) -> Run:
    """Put a trial into the queue."""
    hub.manifest(given.project)
    asked: dict[str, Any] = given.model_dump(include={"settings", "sealed", "profile"})
    asked |= {} if given.seeds is None else {"seeds": given.seeds}
    name = runs.submit(hub.engine, given.project, asked, seconds=60 * given.minutes, megabytes=given.megabytes)
    response.headers["location"] = f"/api/v1/runs/{name}"
    return _run(runs.one(hub.engine, name))


@routes.get("/runs")
def list_runs(
    hub: Here, _caller: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50, before: str = ""
) -> list[Run]:
    """Runs, the newest first; `before` goes on behind a run."""
    return [_run(each) for each in runs.listed(hub.engine, limit, before)]


@routes.get("/runs/{name}")
def show_run(name: str, hub: Here, _caller: Viewer) -> Run:
    """A run."""
    return _run(runs.one(hub.engine, name))


@routes.post("/runs/{name}/cancel")
def cancel(name: str, hub: Here, _caller: Member) -> Run:
    """Stop a run: one that waits at once, one that runs as soon as its worker hears of it."""
    engine = hub.engine
    runs.cancel(engine, name)
    return _run(runs.one(engine, name))


@routes.get("/runs/{name}/log", response_class=Response)
def show_log(name: str, hub: Here, _caller: Viewer) -> Response:
    """What a run's process has said, where it ran on this machine."""
    return Response(runs.logged(runs.one(hub.engine, name)), media_type="text/plain; charset=utf-8")


@routes.get("/runs/{name}/events", response_class=StreamingResponse)
async def follow(name: str, hub: Here, _caller: Viewer) -> StreamingResponse:
    """The run, again whenever something about it is new, until it has ended (server-sent events)."""
    engine = hub.engine
    first = await asyncio.to_thread(runs.one, engine, name)
    return StreamingResponse(_events(engine, first), media_type="text/event-stream")


async def _events(engine: Engine, row: Row[Any]) -> AsyncIterator[str]:
    before = ""
    while True:
        told = _run(row).model_dump_json()
        if told != before:
            yield f"data: {told}\n\n"
        if row.ended is not None:
            return
        before = told
        await asyncio.sleep(BEAT)
        row = await asyncio.to_thread(runs.one, engine, row.id)


def _run(row: Row[Any]) -> Run:
    told = {name: row._mapping[name] for name in Run.model_fields}  # noqa: SLF001 - as above
    return Run(**told | {"said": row.said.get(language(), "")})


# ---- the hub itself -----------------------------------------------------------------------------------------------------


def enter(token: str, hub: Here) -> Response:
    """Take the token of this start out of the address and into a cookie, as the printed address wants it."""
    if not hub.token or not secrets.compare_digest(token.encode(), hub.token.encode()):
        raise HTTPException(401)
    return _remembered(RedirectResponse("/api/v1/projects", 303), hub.token, None)


def sign_in(given: SignIn, request: Request, hub: Here) -> Response:
    """Stay signed in for half a day."""
    if hub.throttle.tired(given.name):
        raise HTTPException(429)
    secret = people.sign_in(hub.engine, given.name, given.password)
    if secret is None:
        hub.throttle.wrong[given.name].append(time.monotonic())
        raise HTTPException(401)
    return _remembered(Response(status_code=204), secret, request)


def sign_out(request: Request, hub: Here, _caller: Viewer) -> Response:
    """The token that this request came with is worth nothing any more."""
    people.forget(hub.engine, request.cookies.get(COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response


def _remembered(response: Response, secret: str, request: Request | None) -> Response:
    secure = request is not None and request.url.scheme == "https"
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=secure)
    return response


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
        yield
        await hub.services.close()
        hub.fresh.close()

    made = FastAPI(
        title="Dure", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    made.state.hub = hub
    made.router.route_class = Ruled
    made.include_router(routes)
    made.get("/enter", include_in_schema=False)(enter)
    made.post("/api/v1/session", status_code=204, response_class=Response)(sign_in)
    made.delete("/api/v1/session", status_code=204, response_class=Response)(sign_out)
    made.get("/api/v1/openapi.json", include_in_schema=False)(openapi)
    made.get("/health")(health)
    made.get("/metrics", response_class=Response)(metrics)
    made.add_exception_handler(UserError, _refused)
    made.add_exception_handler(HTTPException, _refused)
    made.add_exception_handler(RequestValidationError, _refused)
    return made


def _refused(_request: Request, error: Exception) -> Response:
    if isinstance(error, Unknown):
        return _told(404, error)
    if isinstance(error, UserError):
        return _told(422, error)
    if isinstance(error, RequestValidationError):
        faults = [each | {"loc": () if each["type"] == "json_invalid" else each["loc"][1:]} for each in error.errors()]
        return _told(
            422, refusal(RequestValidationError(faults))
        )  # without where in the request it stood: body, query, path
    assert isinstance(error, HTTPException)
    return _told(error.status_code, UserError(_(SAID.get(error.status_code, "this cannot be done"))))


def _told(status: int, error: UserError, headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem(status, error.what, where=error.where, cure=error.cure), status, headers, PROBLEM)
