"""What answers for which project: promoted by evidence or for a reason, rolled back by one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dure.errors import UserError
from dure.hub.auth.permissions import Ruled, Steward, Viewer
from dure.hub.context import Given, Here
from dure.hub.jobs import queue
from dure.hub.models import monitoring, projects, promotion
from dure.hub.uploads import uploads
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from pathlib import Path

    from dure.hub.db.rows import PromotionRow, RunRow

router = APIRouter(prefix="/api/v1", route_class=Ruled)


class Promoted(Given):
    """Why a method is to answer: a run of this hub whose evidence says better, or a reason."""

    method: str
    run: str = ""
    reason: str = Field("", max_length=2_000)
    settings: dict[str, str] = {}
    data: dict[str, str] = Field({}, description="files of one's own by source: their SHA-256")


class RolledBack(Given):
    """Why the version before is to answer again."""

    reason: str = Field("", max_length=2_000)


class Service(BaseModel):
    """Which version answers since when; version 0 is today's practice."""

    project: str
    version: int
    method: str | None
    since: float
    who: str
    why: str
    evidence: str | None


class Answering(BaseModel):
    """What answers one's organisation for a project since when, and how much of that today's practice had to answer, by cause.

    `owner` is the organisation that has promoted it: one's own, or that of whoever runs the hub; version 0 is today's practice.
    """

    project: str
    owner: str
    version: int
    method: str | None
    since: float
    who: str
    why: str
    answers: int
    causes: dict[str, int]


class Candidate(BaseModel):
    """A method that a finished run of one's organisation has shown to be better, by the code that is installed."""

    run: str
    ended: float
    evidence: str
    method: str
    said: str


@router.get("/services")
def list_answering(hub: Here, caller: Viewer) -> list[Answering]:
    """What answers one's organisation, project by project; where none is named, today's practice does."""
    return [
        Answering.model_validate({**service, "why": service["why"].get(language(), "")})
        for service in monitoring.answering(hub.engine, caller.organisation)
    ]


@router.get("/projects/{project}/services/candidates")
def list_candidates(project: str, hub: Here, caller: Viewer) -> list[Candidate]:
    """Methods that could answer by the evidence of a run, the newest first."""
    code = projects.code_of(project)
    candidates = promotion.candidates(hub.engine, project, caller.organisation, code)
    return [Candidate(**candidate._asdict() | {"said": candidate.said[language()]}) for candidate in candidates]


@router.get("/projects/{project}/services")
def list_services(project: str, hub: Here, caller: Viewer) -> list[Service]:
    """What has answered for a project, the newest first; empty: today's practice from the beginning."""
    hub.manifest(project)
    return [_service(row) for row in promotion.history(hub.engine, project, caller.organisation)]


@router.post("/projects/{project}/services", status_code=201)
def promote(project: str, given: Promoted, hub: Here, caller: Steward) -> Service:
    """Let a method answer from the next request on."""
    code = projects.code_of(project)
    projects.known_method(projects.described(project), given.method)
    evidence, data = None, given.data
    if given.run:
        evidence, data = _tried(queue.one(hub.engine, given.run, caller.organisation), given)
    for sha256 in data.values():
        uploads.one(hub.engine, caller.organisation, sha256)
    accepted = promotion.accepted(
        project, given.method, code, evidence=evidence, reason=given.reason, settings=given.settings
    )
    promotion.promote(hub.engine, project, accepted._replace(data=data), caller.name, caller.organisation)
    return _service(promotion.history(hub.engine, project, caller.organisation)[0])


@router.post("/projects/{project}/rollback")
def rollback(project: str, given: RolledBack, hub: Here, caller: Steward) -> Service:
    """Let the version before answer from the next request on; before the first one, today's practice."""
    hub.manifest(project)
    promotion.rollback(hub.engine, project, caller.name, given.reason, caller.organisation)
    return _service(promotion.history(hub.engine, project, caller.organisation)[0])


def _service(row: PromotionRow) -> Service:
    return Service(**row._asdict() | {"why": row.reason or (row.why or {}).get(language(), "")})


def _tried(row: RunRow, promoted: Promoted) -> tuple[Path, dict[str, str]]:
    """The evidence of a run, and the files that the method was tried on.

    Raises UserError for a run on a problem's cases: a method fitted on them would answer with what its maker must not see.
    """
    if "problem" in row.asked:
        message = _("this was tried on cases that are another's: only their owner can let it answer")
        raise UserError(message, where="run")
    if promoted.data:
        raise UserError(_("the evidence says it already"), where="data")
    return queue.evidence_of(row), row.asked.get("data") or {}
