"""Problems that wait for methods, and methods that are entered on them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from dure.content_store import content_place
from dure.hub.auth.permissions import Member, Ruled, Steward, Viewer
from dure.hub.board import hidden_cases
from dure.hub.board.hidden_cases import Card, CardKpi, Cases
from dure.hub.context import OFFER, Given, Here
from dure.hub.jobs import queue
from dure.hub.models import projects
from dure.hub.routes.runs import Run, run_of
from dure.trial.remote import usable

router = APIRouter(prefix="/api/v1/problems", route_class=Ruled)


class NewProblem(Given):
    """Cases of one's own on which others may be tried, and what everybody may read of them."""

    project: str
    title: str = Field(min_length=1, max_length=200)
    hurts: str = Field(min_length=1, max_length=5_000, description="what hurts")
    today: str = Field(min_length=1, max_length=5_000, description="how it is done today")
    gain: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="the smallest that is worth having, in the unit of the project's first KPI",
    )
    site: str = Field("", max_length=200)
    sample: str | None = Field(
        None, description="SHA-256 of a file that everybody may read: the form of the cases, none of them"
    )
    data: dict[str, str] = Field(description="files by source: their SHA-256")
    settings: dict[str, str] = {}


class Problem(BaseModel):
    """A problem; its cases are its owner's alone.

    `kpi` is the one that decides (name by language, unit, which is better), as it was when the problem was put here; `sample`: whether
    there is a file that shows the form of the cases.
    """

    id: str
    organisation: str
    project: str
    title: str
    hurts: str
    today: str
    kpi: dict[str, Any] | None
    gain: float | None
    site: str
    sample: bool
    created: float
    open: bool
    entries: int


class Entry(Given):
    """A method behind a URL: requests are posted to it as JSON, and it answers as JSON."""

    name: str = Field(pattern=OFFER)
    url: str = Field(max_length=2_000)


class Entered(BaseModel):
    """A method that was tried on a problem's cases.

    `look` counts an organisation's entries on it; `verdict` is the published one, on `evidence`.
    """

    organisation: str
    name: str
    look: int
    created: float
    state: str
    evidence: str | None
    verdict: dict[str, Any] | None


@router.get("")
def list_problems(hub: Here, _caller: Viewer) -> list[Problem]:
    """Problems: the open ones first, among them the newest."""
    return [Problem(**card._asdict()) for card in hidden_cases.cards(hub.engine)]


@router.post("", status_code=201)
def put_problem(given: NewProblem, hub: Here, response: Response, caller: Steward) -> Problem:
    """Let others be tried on one's own cases, which they do not see."""
    hub.manifest(given.project)
    first = projects.described(given.project)["kpis"][0]
    kpi: CardKpi = {"name": first["name"], "unit": first["unit"], "better": first["better"]}
    card = Card(given.title, given.hurts, given.today, given.gain, given.site, given.sample)
    name = hidden_cases.put(hub.engine, caller, card, Cases(given.project, given.data, given.settings), kpi)
    response.headers["location"] = f"/api/v1/problems/{name}"
    return Problem(**hidden_cases.cards(hub.engine, name)[0]._asdict())


@router.get("/{name}")
def show_problem(name: str, hub: Here, _caller: Viewer) -> Problem:
    """A problem."""
    return Problem(**hidden_cases.cards(hub.engine, name)[0]._asdict())


@router.get("/{name}/sample", response_class=FileResponse)
def fetch_sample(name: str, hub: Here, _caller: Viewer) -> FileResponse:
    """The file that shows the form of a problem's cases."""
    row = hidden_cases.sample(hub.engine, name)
    return FileResponse(content_place(row.sha256), filename=row.name, media_type="application/octet-stream")


@router.post("/{name}/close")
def close_problem(name: str, hub: Here, caller: Steward) -> Problem:
    """Nobody is tried on it any more."""
    hidden_cases.close(hub.engine, name, caller.organisation)
    return Problem(**hidden_cases.cards(hub.engine, name)[0]._asdict())


@router.get("/{name}/entries")
def list_entries(name: str, hub: Here, _caller: Viewer) -> list[Entered]:
    """Who has entered what, the newest first, and what came of it."""
    hidden_cases.one(hub.engine, name)
    return [
        Entered(
            organisation=entry.organisation, name=entry.name, look=entry.look, created=entry.created, state=entry.state,
            evidence=entry.evidence, verdict=entry.verdict.to_json() if entry.verdict else None,
        )
        for entry in hidden_cases.entries(hub.engine, name)
    ]  # fmt: skip


@router.post("/{name}/entries", status_code=201)
def enter(name: str, given: Entry, hub: Here, response: Response, caller: Member) -> Run:
    """Have a method tried on a problem's cases: the hub asks it, and vouches for what comes out."""
    usable(given.url, given.name)
    queued = hidden_cases.enter(hub.engine, caller, name, given.name, given.url)
    response.headers["location"] = f"/api/v1/runs/{queued}"
    return run_of(queue.one(hub.engine, queued))
