"""The front page, the way in, the reader's language, and the files that pages load."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from dure.hub.auth.middleware import LANGUAGE
from dure.hub.auth.permissions import Ruled, Viewer
from dure.hub.context import Here, Hub
from dure.hub.models import projects
from dure.hub.pages import layout
from dure.hub.pages.board import table
from dure.i18n.texts import LANGUAGES, _
from dure.project.loader import found

if TYPE_CHECKING:
    from dure.record import About, Localised, TrialRecord, Verdict

YEAR = 366 * 24 * 3600  # seconds that a choice of language is remembered

router = APIRouter(route_class=Ruled, include_in_schema=False)


@router.get("/")
async def front(hub: Here, caller: Viewer) -> Response:
    """The question, a place to drop a table, real verdicts, the board."""
    cells = await table(hub, caller, short=True)
    return layout.page(
        "front.html", caller, title=_("An AI is offered to you. Is it really better than what you do today?"), here="/",
        lead=_("Drop a table of three columns: actual, today's, offered. You get better, worse or not shown, by how much, and the proof."),
        twin="/api/v1/board", verdicts=verdicts(), board=cells,
    )  # fmt: skip


class OwnVerdict(NamedTuple):
    """A verdict of a project's own trial."""

    project: str
    title: Localised
    verdict: Verdict
    about: About


@cache
def verdicts() -> tuple[OwnVerdict, ...]:
    """Real verdicts of the projects' own trials: one better, one that crosses zero, one worse, as far as there are such."""
    tried = list(_tried())
    chosen: list[OwnVerdict] = []
    for word in ("worse", "not shown", "better"):  # what is rare first: each from another project where that can be
        known = {trial.project for trial in chosen}
        fit = [trial for trial in tried if trial.verdict.verdict == word]
        fit.sort(key=lambda trial: trial.project in known)
        chosen = fit[:1] + chosen
    return tuple(chosen)


def _tried() -> Iterator[OwnVerdict]:
    """Place by place what the trials of the projects found here said of every method against today's practice, on sealed rounds."""
    for name in found():
        tried = projects.tried(name)
        if tried is None:
            continue
        about = tried.record.about
        for verdict in _places(tried.record):
            if not layout.older(verdict):
                yield OwnVerdict(name, about.title, verdict, about)


def _places(record: TrialRecord) -> Iterator[Verdict]:
    """The verdicts at places on what decides, those of further methods too, that say better, worse, or have an interval around zero."""
    first = record.deciding[0]
    question = first.kpi, first.against, first.round
    for verdict in record.verdicts:
        low, high = verdict.gain.low, verdict.gain.high
        open_ = low is not None and high is not None and low < 0 < high
        same = (verdict.kpi, verdict.against, verdict.round) == question
        if same and verdict.site != "all" and (verdict.verdict in ("better", "worse") or open_):
            yield verdict


def closed(hub: Hub, address: str) -> Response:
    """The way in, for whoever is not known: what was asked for is shown after it."""
    if hub.token:
        lead = _("This hub answers only whoever has started it.")
    else:
        lead = _("With the name and password that you were given for this hub.")
    return layout.page(
        "enter.html",
        None,
        title=_("Sign in first"),
        lead=lead,
        status=401,
        local=bool(hub.token),
        next=_within(address),
    )


def _within(address: str) -> str:
    """An address of this site alone, and not the way in itself."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\", "/enter")) else "/"


@router.get("/language/{code}")
def choose(code: str, to: str = "/") -> Response:
    """Read everything in another language from now on."""
    if code not in LANGUAGES:
        raise HTTPException(404)
    response = RedirectResponse(_within(to), 303)
    response.set_cookie(LANGUAGE, code, max_age=YEAR, httponly=True, samesite="strict")
    return response


@router.get("/assets/{name}")
def load(name: str, request: Request) -> Response:
    """A style sheet, script or picture of the pages."""
    if name not in layout.assets():
        raise HTTPException(404)
    content, packed, kind = layout.assets()[name]
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, media_type=kind, headers=headers | {"content-encoding": "gzip"})
    return Response(content, media_type=kind, headers=headers)
