"""Runs: what waits, how far it is, what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, TypedDict

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from dure.evidence import predicate, signer
from dure.hub.auth.permissions import Ruled, Viewer
from dure.hub.board import board, evidence_files
from dure.hub.context import Here
from dure.hub.jobs import queue
from dure.hub.pages import layout
from dure.hub.routes.runs import Run, run_of
from dure.i18n.texts import _
from dure.report import html
from dure.report.body import Report, body

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.hub.db.rows import EvidenceRow, RunRow
    from dure.record import TrialRecord

MOST = 50
KINDS = {
    "trial": "trial",
    "judge": "a table judged",
    "batch": "a table answered",
    "rerun": "evidence run again",
    "ask": "a question",
}
STATES = {"queued": "shown", "running": "shown", "done": "better", "failed": "worse", "cancelled": "shown"}
LEADS = {
    "queued": "It waits for a worker. You may close this page: it goes on, and is here when you come back.",
    "running": "It runs. You may close this page: it goes on, and is here when you come back.",
    "failed": "It could not be finished. Below is why.",
    "cancelled": "Somebody has stopped it.",
    "done": "It is done.",
}


class EvidencePage(Report):
    """What evidence says, and its files: charts as they stand and as they move, tables."""

    charts: list[str]
    moving: list[str]
    tables: list[str]


class Links(TypedDict):
    """Where a page finds the files of evidence, its zip, all of it, and where it is published."""

    files: str
    zip: str
    whole: str
    publish: str


router = APIRouter(prefix="/runs", route_class=Ruled, include_in_schema=False)


@router.get("")
def listed(hub: Here, caller: Viewer, before: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The runs of one's organisation."""
    runs = [run_of(row) for row in queue.listed(hub.engine, MOST, before, caller.organisation)]
    return layout.page(
        "runs.html", caller, title=_("Runs"), here="/runs", twin="/api/v1/runs",
        lead=_("Trials, judged tables and tables of answers that somebody here has asked for, the newest first."),
        runs=runs, titles=titles(hub, runs), kinds=KINDS, states=STATES, more=runs[-1].id if len(runs) == MOST else "",
    )  # fmt: skip


@router.get("/{name}")
async def one(name: str, hub: Here, caller: Viewer) -> Response:
    """A run: how far it is, or what came of it."""
    row = await asyncio.to_thread(queue.one, hub.engine, name, caller.organisation)
    if row.kind == "ask":  # an answer has a page of its own
        return RedirectResponse(f"/projects/{row.project}/asks/{row.id}", 303)
    run, content, published = await asyncio.to_thread(_read, hub.engine, row)
    return layout.page(
        "run.html", caller, title=titles(hub, [run])[run.id], here="/runs", twin=f"/api/v1/runs/{name}",
        lead=_(LEADS.get(run.state, "")), run=run, kinds=KINDS, states=STATES, page=content, w=content["words"] if content else {},
        published=published, known=hub.manifests, may=caller.may("member"), again=_repeat(run),
        **links(run, published),
    )  # fmt: skip


def links(run: Run, published: EvidenceRow | None) -> Links:
    """Where a page finds the files of evidence: the run's own, or of an entry to a problem what was published of it."""
    if "problem" not in run.asked:
        own = f"/api/v1/runs/{run.id}"
        return {
            "files": f"{own}/evidence",
            "zip": f"{own}/evidence",
            "whole": f"{own}/evidence?whole=true",
            "publish": f"{own}/publish",
        }
    address = f"/api/v1/evidence/{published.id}" if published else ""
    return {"files": f"{address}/files", "zip": f"{address}/zip", "whole": "", "publish": ""}


def _read(engine: Engine, row: RunRow) -> tuple[Run, EvidencePage | None, EvidenceRow | None]:
    """The run, what its evidence says where there is some that may be seen, and what was published of it."""
    published = board.of_run(engine, row.id)
    place = None
    if row.state == "done" and row.evidence and "problem" not in row.asked:
        place = evidence_files.own(row)
    elif published is not None:
        place = board.folder_of(published.id)
    return run_of(row), evidence_page(place) if place is not None else None, published


def evidence_page(place: Path) -> EvidencePage:
    """What evidence says, as the report has it, and which files there are."""
    names = evidence_files.names(place)
    charts, tables = ([name for name in names if name.startswith(start)] for start in ("figures/", "table."))
    moving = [name for name in charts if name.endswith(html.MOVING)]
    still = [name for name in charts if name not in moving]
    return body_of(predicate(place), signer(place)) | {"charts": still, "moving": moving, "tables": tables}


def body_of(record: TrialRecord, fingerprint: str) -> EvidencePage:
    """What the report shows, as a page tells it."""
    parts = body(record, fingerprint)
    return {
        **parts,
        "notes": [layout.in_page(note) for note in parts["notes"]],
        "charts": [],
        "moving": [],
        "tables": [],
    }


def titles(hub: Here, runs: list[Run]) -> dict[str, str]:
    """What each run is called: its project, or its table."""
    named = {run.id: str(run.asked.get("name", "")) for run in runs}
    known = {name: str(manifest.title) for name, manifest in hub.manifests.items()}
    return {run.id: named[run.id] if run.kind == "judge" else known.get(run.project, run.project) for run in runs}


def _repeat(run: Run) -> dict[str, JsonValue] | None:
    """What is asked for once more where a trial has failed or was stopped."""
    if run.kind != "trial" or run.state not in ("failed", "cancelled") or "problem" in run.asked:
        return None
    fields = ("settings", "data", "confirmed", "offers", "sealed", "newer", "profile", "seeds")
    return {"project": run.project} | {name: run.asked[name] for name in fields if name in run.asked}
