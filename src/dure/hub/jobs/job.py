"""What travels with a run: what was asked, what its process is told and tells, and what came of it. All of it is JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pydantic import JsonValue

    from dure.hub.uploads.inspect import SheetSummary


class AskedRoles(TypedDict):
    """The columns of a table that is judged, by their roles."""

    truth: str | None
    practice: str | None
    offers: list[str]
    id: str | None
    time: str | None
    site: str | None
    block: str | None


class Asked(TypedDict, total=False):
    """What was asked for, by the run's kind.

    Files are named by their SHA-256: `file` is a table or evidence, `files` are a request, `data` stand in the place of sources.
    """

    settings: dict[str, str]
    data: dict[str, str]
    file: str
    name: str
    sheet: str | None
    method: str
    code: str  # SHA-256 of the project that was accepted
    service: int  # the version of what answers
    owner: str  # whose cases, or whose service
    # a trial
    confirmed: bool
    offers: dict[str, str]
    sealed: bool
    newer: bool
    profile: str
    publish: bool
    public: bool
    seeds: list[int]
    problem: str
    assurance: str
    looks: int
    practice: str
    # a table answered
    to: str
    # a table judged
    roles: AskedRoles
    kpi: str
    worth: str
    goal: float | None
    scale: dict[str, float]
    # evidence run again
    evidence: str
    of: str
    # one request
    files: list[str]
    fields: dict[str, JsonValue]
    add: dict[str, list[dict[str, JsonValue]]]
    rest: bool
    after: str
    plan: str
    given: Asked
    example: bool
    language: str


class JobFiles(TypedDict):
    """Where the files lie that a run may read: by source, a person's own, and what was done in the practice's place."""

    files: dict[str, str]
    own: list[str]
    practice: str | None


class Job(JobFiles):
    """What a run's process is told."""

    kind: str
    project: str
    asked: Asked
    place: str


class FileRecord(TypedDict, total=False):
    """A file that is kept here; of a table also its sheets."""

    sha256: str
    name: str
    kind: str
    bytes: int
    sheets: list[SheetSummary]


class Fault(TypedDict):
    """What is wrong, where, and what to do next."""

    what: str
    where: str
    cure: str


class Result(FileRecord, total=False):
    """What came of a table of answers (the file, its rows, causes), or of one request: see `dure.hub.routes.runs.Run`."""

    rows: int
    causes: dict[str, int]
    project: str
    version: str
    code: str
    data: str
    service: int
    notes: list[str]
    left: list[str]
    faults: list[Fault]
    rest: bool
    answered: bool
    by: dict[str, JsonValue]
    label: dict[str, str]
    instead_of: dict[str, str] | None
    practice: bool
    own_practice: bool
    text: str
    response: dict[str, JsonValue] | None
    practice_response: dict[str, JsonValue] | None
    again: str
    begins: str | None
    names: dict[str, list[str]]
    figure: bool
    files: list[FileRecord]


class Report(TypedDict, total=False):
    """What a run's process tells: how far it is; what came of it, by language; why nothing did; which files it has written."""

    share: float
    doing: str
    said: dict[str, str]
    result: Result
    written: list[str]
    refused: dict[str, str]
