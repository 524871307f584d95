"""Runs: what waits, how far it is, what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

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
from dure.report.body import body

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine, Row

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

router = APIRouter(prefix="/runs", route_class=Ruled, include_in_schema=False)


@router.get("")
def listed(hub: Here, caller: Viewer, before: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The runs of one's organisation."""
    found = [run_of(each) for each in queue.listed(hub.engine, MOST, before, caller.organisation)]
    return layout.page(
        "runs.html", caller, title=_("Runs"), here="/runs", twin="/api/v1/runs",
        lead=_("Trials, judged tables and tables of answers that somebody here has asked for, the newest first."),
        runs=found, titles=titles(hub, found), kinds=KINDS, states=STATES, more=found[-1].id if len(found) == MOST else "",
    )  # fmt: skip


@router.get("/{name}")
async def one(name: str, hub: Here, caller: Viewer) -> Response:
    """A run: how far it is, or what came of it."""
    row = await asyncio.to_thread(queue.one, hub.engine, name, caller.organisation)
    if row.kind == "ask":  # an answer has a page of its own
        return RedirectResponse(f"/projects/{row.project}/asks/{row.id}", 303)
    found, content, published = await asyncio.to_thread(_read, hub.engine, row)
    return layout.page(
        "run.html", caller, title=titles(hub, [found])[found.id], here="/runs", twin=f"/api/v1/runs/{name}",
        lead=_(LEADS.get(found.state, "")), run=found, kinds=KINDS, states=STATES, page=content, w=content["words"] if content else {},
        published=published, known=hub.manifests, may=caller.may("member"), again=_again(found),
        **links(found, published),
    )  # fmt: skip


def links(found: Run, published: Any) -> dict[str, Any]:
    """Where a page finds the files of evidence: the run's own, or of an entry to a problem what was published of it."""
    if "problem" not in found.asked:
        own = f"/api/v1/runs/{found.id}"
        return {
            "files": f"{own}/evidence",
            "zip": f"{own}/evidence",
            "whole": f"{own}/evidence?whole=true",
            "publish": f"{own}/publish",
        }
    theirs = f"/api/v1/evidence/{published.id}" if published else ""
    return {"files": f"{theirs}/files", "zip": f"{theirs}/zip", "whole": "", "publish": ""}


def _read(engine: Engine, row: Row[Any]) -> tuple[Run, dict[str, Any] | None, Any]:
    """The run, what its evidence says where there is some that may be seen, and what was published of it."""
    published = board.of_run(engine, row.id)
    place = None
    if row.state == "done" and row.evidence and "problem" not in row.asked:
        place = evidence_files.own(row)
    elif published is not None:
        place = board.folder_of(published.id)
    return run_of(row), told(place) if place is not None else None, published


def told(place: Path) -> dict[str, Any]:
    """What evidence says, as the report has it, and which files there are."""
    names = evidence_files.names(place)
    charts, tables = ([each for each in names if each.startswith(start)] for start in ("figures/", "table."))
    moving = [each for each in charts if each.endswith(html.MOVING)]
    still = [each for each in charts if each not in moving]
    return body_of(predicate(place), signer(place)) | {"charts": still, "moving": moving, "tables": tables}


def body_of(said: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """What the report shows, as a page tells it."""
    parts = body(said, fingerprint)
    return parts | {
        "notes": [layout.in_page(each) for each in parts["notes"]],
        "charts": [],
        "moving": [],
        "tables": [],
    }


def titles(hub: Here, found: list[Run]) -> dict[str, str]:
    """What each run is called: its project, or its table."""
    named = {each.id: str(each.asked.get("name", "")) for each in found}
    known = {name: str(about.title) for name, about in hub.manifests.items()}
    return {
        each.id: named[each.id] if each.kind == "judge" else known.get(each.project, each.project) for each in found
    }


def _again(found: Run) -> dict[str, Any] | None:
    """What is asked for once more where a trial has failed or was stopped."""
    if found.kind != "trial" or found.state not in ("failed", "cancelled") or "problem" in found.asked:
        return None
    kept = ("settings", "data", "confirmed", "offers", "sealed", "newer", "profile", "seeds")
    return {"project": found.project} | {name: found.asked[name] for name in kept if name in found.asked}
