"""A table judged: which column is which, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from dure.hub.auth.permissions import Member, Ruled
from dure.hub.context import Given, Here
from dure.hub.jobs import queue
from dure.hub.routes.runs import Run, run_of
from dure.hub.uploads import judged_tables, uploads
from dure.hub.uploads.inspect import ReadingOptions
from dure.judge import KPIS
from dure.report.worth import worth

if TYPE_CHECKING:
    from dure.hub.jobs.job import Asked, AskedRoles

ROLES = ("truth", "practice", "offer", "id", "time", "site")  # that a column can play
BLOCKS = ("day", "week", "month")
Kpi = Annotated[str, Field(pattern=f"^({'|'.join(KPIS)})?$")]
Role = Annotated[str, Field(pattern=f"^({'|'.join(ROLES)})?$")]
Block = Annotated[str, Field(pattern=f"^({'|'.join(BLOCKS)})?$")]

router = APIRouter(prefix="/api/v1/judge", route_class=Ruled)


class Parts(Given):
    """Which column plays which part."""

    truth: str | None = None
    practice: str
    offers: list[str] = Field(min_length=1, max_length=20)
    id: str | None = None
    time: str | None = None
    site: str | None = None
    block: str | None = None

    def asked(self) -> AskedRoles:
        """As a run is told."""
        return {
            "truth": self.truth, "practice": self.practice, "offers": self.offers, "id": self.id, "time": self.time, "site": self.site,
            "block": self.block,
        }  # fmt: skip


class NewJudgement(Given):
    """A table that is here, and how it is read."""

    file: str = Field(description="SHA-256")
    roles: Parts
    sheet: str = ""
    kpi: Kpi = ""
    worth: str = Field("", max_length=60, description="price of one unit of the KPI, such as 120원/kWh")
    goal: float | None = Field(None, allow_inf_nan=False)
    scale: dict[str, float] = Field({}, description="factor by column, where it has another unit")


class Reading(BaseModel):
    """How a table would be judged: its columns, the part that each plays, and what cannot be used."""

    file: str
    name: str
    sheets: list[str]
    sheet: str
    rows: int
    columns: list[dict[str, str]]
    preview: list[list[str]]
    notes: list[str]
    dropped: list[tuple[int, str]]
    dropped_count: int
    roles: dict[str, Any]
    missing: list[str]
    kpis: dict[str, str]
    kpi: str | None = None
    fault: dict[str, str] | None
    asks: list[str]
    scale: dict[str, float]
    cases: int | None = None
    blocks: int | None = None
    block: str | None = None


def _reading_options(
    role: Annotated[list[Role] | None, Query(max_length=500)] = None, sheet: str = "", kpi: Kpi = "", block: Block = ""
) -> ReadingOptions:
    return {"sheet": sheet, "role": role, "kpi": kpi, "block": block}


# How a table is read, from an address: of the API or of the page.
How = Annotated[ReadingOptions, Depends(_reading_options)]


@router.get("/{sha256}")
def read_table(sha256: str, hub: Here, caller: Member, asked: How) -> Reading:
    """Which column of a table is which; `role` says it column by column, without it it is proposed."""
    return Reading.model_validate(judged_tables.looked_at(hub.engine, caller.organisation, sha256, asked))


@router.post("", status_code=201)
def judge_table(given: NewJudgement, hub: Here, response: Response, caller: Member) -> Run:
    """Judge a table: a run, whose evidence says better, worse or not shown."""
    if given.worth:
        worth(given.worth)
    uploads.one(hub.engine, caller.organisation, given.file)
    asked: Asked = {
        "file": given.file, "roles": given.roles.asked(), "sheet": given.sheet, "kpi": given.kpi, "worth": given.worth, "goal": given.goal,
        "scale": given.scale,
    }  # fmt: skip
    name = judged_tables.submit(hub.engine, caller, asked)
    response.headers["location"] = f"/api/v1/runs/{name}"
    return run_of(queue.one(hub.engine, name))


@router.post("/example", status_code=201)
def send_example(hub: Here, caller: Member) -> dict[str, Any]:
    """A real table to try it with."""
    return {**judged_tables.example(hub.engine, caller)}
