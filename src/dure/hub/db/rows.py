"""Rows of the hub's tables as they are read: a field a column, in the order of `dure.hub.db.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.hub.board.hidden_cases import CardKpi
    from dure.hub.jobs.job import Asked, Result


class RunRow(NamedTuple):
    """Of `run`: what is asked for, by whom, and how far it is."""

    id: str
    created: float
    project: str
    asked: Asked
    seconds: int
    megabytes: int
    state: str
    attempt: int
    lost: int
    worker: str | None
    claimed_until: float | None
    cancel: bool
    began: float | None
    ended: float | None
    share: float
    doing: str
    said: dict[str, str]
    evidence: str | None
    kind: str
    organisation: str
    person: str
    result: Result | None


class ServiceRow(NamedTuple):
    """Of `service`: a version of what may answer for a project."""

    organisation: str
    project: str
    version: int
    method: str
    settings: dict[str, str]
    data: dict[str, str]
    code: str
    evidence: str
    why: dict[str, str]
    who: str
    created: float


class PromotionRow(NamedTuple):
    """Of `promotion`, with what was promoted; version 0, today's practice, has no method."""

    id: int
    organisation: str
    project: str
    version: int
    since: float
    who: str
    reason: str
    method: str | None
    evidence: str | None
    why: dict[str, str] | None


class FileRow(NamedTuple):
    """Of `file`: what an organisation keeps here."""

    organisation: str
    sha256: str
    name: str
    kind: str
    bytes: int
    person: str
    created: float


class AnswerRow(NamedTuple):
    """Of `answer`: one that was given; request, response and truth are JSON."""

    id: str
    organisation: str
    project: str
    owner: str
    service: int
    person: str
    created: float
    cause: str
    request: str
    response: str
    truth: str | None
    sums: dict[str, float] | None
    practice: dict[str, float] | None


class EvidenceRow(NamedTuple):
    """Of `evidence`: what was published here."""

    id: str
    organisation: str
    person: str
    project: str
    created: float
    signer: str
    said: dict[str, JsonValue]
    run: str
    public: bool


class ProblemRow(NamedTuple):
    """Of `problem`: cases that an organisation has put here for others to be tried on."""

    id: str
    organisation: str
    person: str
    project: str
    created: float
    title: str
    hurts: str
    today: str
    kpi: CardKpi | None
    gain: float | None
    site: str
    sample: str | None
    data: dict[str, str]
    settings: dict[str, str]
    open: bool


class EventRow(NamedTuple):
    """Of `event`: what an organisation should know of."""

    id: int
    created: float
    organisation: str
    project: str
    kind: str
    said: dict[str, str]
