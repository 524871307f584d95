"""Projects, their answers, what answers, and what became of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from dure.errors import UserError
from dure.hub.auth.permissions import Member, Ruled, Viewer
from dure.hub.context import OFFER, Given, Here, Hub
from dure.hub.jobs import queue
from dure.hub.models import interactive, monitoring, own_data, prediction_log, projects, promotion
from dure.hub.models.model_process import ANSWERED, REFUSED
from dure.hub.models.process_pool import Asked, Busy, Limits
from dure.hub.problem_details import refused
from dure.hub.routes.runs import Run, run_of
from dure.hub.uploads import uploads
from dure.i18n.texts import _
from dure.trial.remote import usable

if TYPE_CHECKING:
    from dure.hub.auth.accounts import Caller
    from dure.hub.db.rows import ServiceRow
    from dure.hub.jobs import job

MOST_TRUTHS = 1_000
BATCH_MINUTES, ENTRY_MINUTES, BATCH_MEGABYTES = 240, 240, 4096

router = APIRouter(prefix="/api/v1/projects", route_class=Ruled)


class Happened(Given):
    """What really happened."""

    truth: Any = None


class Mapped(BaseModel):
    """How a file would be read: `rows` are header, what it becomes, conversion, first values, why; `asks` needs a person's word."""

    file: str
    name: str
    sheet: str
    rows: list[tuple[str, str, str, str, str]]
    missing: list[str]
    absent: list[str]
    left: list[str]
    asks: list[str]
    notes: list[str]
    headers: list[str]
    preview: list[list[str]]
    count: int
    fault: dict[str, str] | None


class Truth(Happened):
    """What really happened, of an answer by its id."""

    id: str = Field(max_length=200)


class Answered(BaseModel):
    """An answer that was given: by which version of whose service, or in its place by today's practice, and why.

    `request` and `response` are the first letters of them; `truth` is null until it is known.
    """

    id: str
    created: float
    person: str
    owner: str
    service: int
    cause: str
    request: str
    response: str
    truth: str | None


class Batch(Given):
    """A table of requests, kept here before, and the form that its answers are to have."""

    file: str = Field(description="SHA-256")
    sheet: str | None = None
    to: str = Field("csv", pattern="^(csv|xlsx|parquet)$")


class Offered(Given):
    """A method behind a URL: requests are posted to it as JSON, and it answers as JSON."""

    name: str = Field(pattern=OFFER)
    url: str = Field(max_length=2_000)


class NewAsk(Given):
    """One request that somebody waits for: of files of their own where the project reads them, of fields, or of both."""

    files: list[str] = Field([], max_length=20, description="files of one's own that are the request: their SHA-256")
    fields: dict[str, Any] = Field({}, description="fields of the request; with files: what stands beside them")
    add: dict[str, list[dict[str, Any]]] = Field(
        {},
        description="rows for lists of the request, behind those of the files; a date and time is a minute of the request's",
    )
    rest: bool = Field(False, description="answer what is without fault, and name what is left out")
    method: str = Field("", max_length=200, description="a method that is not promoted; empty: what answers now")
    practice: str = Field("", description="SHA-256 of a file of what was really done, to stand beside the answer")
    after: str = Field(
        "",
        max_length=64,
        description="run of the answer in force: what was asked there holds on, and what has begun by `fields.now` stays",
    )


class Scored(BaseModel):
    """How many answers were scored; of the others why not, by id."""

    scored: int
    refused: dict[str, str]


@router.get("")
def list_projects(hub: Here, _caller: Viewer) -> list[dict[str, Any]]:
    """Every project, as its project.toml has it."""
    hub.manifests = projects.manifests()
    return [manifest.model_dump(mode="json") for manifest in hub.manifests.values()]


@router.get("/{project}")
def describe_project(project: str, _caller: Viewer) -> dict[str, Any]:
    """A project: what it asks, answers and measures, its methods and data; `tried`: what its own trial came to."""
    tried = projects.tried(project)
    last = tried.record.to_json() | {"stale": tried.stale} if tried else None
    return projects.described(project) | {"tried": last}


@router.get("/{project}/sources/{source}/{sha256}")
def read_own(project: str, source: str, sha256: str, hub: Here, caller: Member) -> Mapped:
    """How a file of one's own would be read in the place of a source: which header becomes what, and what cannot be used."""
    return Mapped.model_validate(own_data.mapped(hub.engine, caller.organisation, project, source, sha256))


# ---- answers ------------------------------------------------------------------------------------------------------------


@router.post("/{project}/answer", include_in_schema=False)
async def answer(project: str, request: Request, hub: Here, caller: Member) -> Response:
    """The answer of what is promoted, or of today's practice."""
    limits = Limits(seconds=hub.manifest(project).deadline)
    body = await request.body()
    active = await hub.fresh.get(promotion.active, caller.organisation, project)
    try:
        kind, reply = await hub.services.answer(_serving(project, active), limits, body)
    except Busy:
        return refused(503, UserError(_("too many requests wait; try again in a moment")), {"retry-after": "1"})
    except UserError as error:
        return refused(503, error)
    if kind == ANSWERED:
        reply = hub.book.note(caller, project, _by(active), body, reply)
        return Response(reply, media_type="application/json")
    fault = json.loads(reply)
    return refused(422 if kind == REFUSED else 409, UserError(fault["what"], where=fault["where"], cure=fault["cure"]))


def _serving(project: str, active: ServiceRow | None) -> Asked:
    if active is None:
        return Asked(project, "", practice=True)
    settings, data = (tuple(sorted(values.items())) for values in (active.settings, active.data))
    return Asked(project, active.method, settings, active.version, active.code, data=data)


def _by(active: ServiceRow | None) -> tuple[str, int]:
    """Whose service it is, and its version; nobody's: today's practice."""
    return (active.organisation, active.version) if active is not None else ("", 0)


@router.post("/{project}/batches", status_code=201)
def answer_table(project: str, given: Batch, hub: Here, response: Response, caller: Member) -> Run:
    """Answer every row of a table: a run, whose result is a file when it has ended."""
    hub.manifest(project)
    name = uploads.one(hub.engine, caller.organisation, given.file).name
    asked = _serving(project, promotion.active(hub.engine, caller.organisation, project))
    batch: job.Asked = {
        "file": given.file, "name": name, "sheet": given.sheet, "to": given.to, "method": asked.method,
        "settings": dict(asked.settings), "data": dict(asked.data), "code": asked.code, "service": asked.version,
    }  # fmt: skip
    made = queue.submit(
        hub.engine, project, batch, seconds=60 * BATCH_MINUTES, megabytes=BATCH_MEGABYTES, kind="batch",
        organisation=caller.organisation, person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{made}"
    return run_of(queue.one(hub.engine, made))


@router.post("/{project}/asks", status_code=201)
def ask(project: str, given: NewAsk, hub: Here, response: Response, caller: Member) -> Run:
    """Answer one request as people read it: a run, whose result tells who answered, in words, as a figure and as files."""
    description = projects.described(project)
    if given.method:
        projects.known_method(description, given.method)
    if given.files and not description["opens"]:
        raise UserError(_("only JSON can be asked here"), where="files")
    example = not given.files and not given.add and given.fields == description["example"]
    asked: job.Asked = {
        "files": given.files, "fields": given.fields, "add": given.add, "rest": given.rest, "method": given.method,
        "practice": given.practice, "after": given.after,
    }  # fmt: skip
    name = interactive.submit(hub.engine, caller, project, asked, example=example)
    response.headers["location"] = f"/api/v1/runs/{name}"
    return run_of(queue.one(hub.engine, name))


@router.post("/{project}/feedback")
async def feedback(
    project: str, given: Annotated[list[Truth], Field(max_length=MOST_TRUTHS)], hub: Here, caller: Member
) -> Scored:
    """Tell what really happened: each answer is scored by the project's own score, and today's practice beside it."""
    limits = Limits(seconds=hub.manifest(project).deadline)
    await hub.book.write()
    refused, count = {}, 0
    for truth in given:
        try:
            await _score(hub, limits, caller, project, truth)
            count += 1
        except Busy:
            refused[truth.id] = _("too many requests wait; try again in a moment")
        except UserError as error:
            refused[truth.id] = str(error)
    return Scored(scored=count, refused=refused)


@router.get("/{project}/answers")
async def list_answers(
    project: str, hub: Here, caller: Viewer, limit: Annotated[int, Query(ge=1, le=200)] = 50, before: str = ""
) -> list[Answered]:
    """The answers that one's organisation was given, the newest first; `before` goes on behind one of them."""
    hub.manifest(project)
    await hub.book.write()
    rows = await asyncio.to_thread(prediction_log.listed, hub.engine, caller.organisation, project, limit, before)
    return [Answered(**row._asdict()) for row in rows]


@router.put("/{project}/answers/{name}/truth", status_code=204, response_class=Response)
async def tell_truth(project: str, name: str, given: Happened, hub: Here, caller: Member) -> Response:
    """Tell of one answer what really happened; told again, the newest word counts."""
    limits = Limits(seconds=hub.manifest(project).deadline)
    await hub.book.write()
    try:
        await _score(hub, limits, caller, project, Truth(id=name, truth=given.truth))
    except Busy:
        return refused(503, UserError(_("too many requests wait; try again in a moment")), {"retry-after": "1"})
    return Response(status_code=204)


async def _score(hub: Hub, limits: Limits, caller: Caller, project: str, truth: Truth) -> None:
    row = await asyncio.to_thread(prediction_log.one, hub.engine, caller.organisation, project, truth.id)
    frame = f'{{"request":{row.request},"response":{row.response},"truth":{json.dumps(truth.truth)}}}'
    kind, reply = await hub.services.score(project, limits, frame.encode())
    result = json.loads(reply)
    if kind != ANSWERED:
        raise UserError(result["what"], where=result["where"], cure=result["cure"])
    await asyncio.to_thread(
        prediction_log.scored, hub.engine, truth.id, truth.truth, result["sums"], result["practice"]
    )


@router.get("/{project}/live")
def how_it_does(project: str, hub: Here, caller: Viewer) -> dict[str, Any]:
    """How what answers now does: answers by cause, numbers beside today's practice where the truth is known, drift."""
    hub.manifest(project)
    active = promotion.active(hub.engine, caller.organisation, project)
    kpis = monitoring.named(projects.described(project)["kpis"])
    return {**monitoring.live(hub.engine, monitoring.Which(caller.organisation, project, *_by(active)), kpis)}


@router.post("/{project}/entries", status_code=201)
def enter(project: str, given: Offered, hub: Here, response: Response, caller: Member) -> Run:
    """Have a method tried beside the project's own, on sealed cases that it has not seen."""
    usable(given.url, given.name)
    hub.manifest(project)
    asked: job.Asked = {"offers": {given.name: given.url}, "sealed": True, "public": True}
    made = queue.submit(
        hub.engine, project, asked, seconds=60 * ENTRY_MINUTES, megabytes=BATCH_MEGABYTES, organisation=caller.organisation,
        person=caller.name,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/runs/{made}"
    return run_of(queue.one(hub.engine, made))
