"""Projects: what each does for whom, its trial, one question asked of it, and its trial on data of one's own."""

from __future__ import annotations

import json
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, HTTPException, Request, Response

from dure.errors import UserError
from dure.hub.auth.accounts import Caller
from dure.hub.auth.permissions import Member, Ruled, Viewer
from dure.hub.context import Here, Hub
from dure.hub.jobs import queue
from dure.hub.models import interactive, own_data, projects, promotion
from dure.hub.pages import forms, layout
from dure.hub.uploads import uploads
from dure.i18n.texts import _, language
from dure.project.manifest import manifest
from dure.report import body, model_card, numbers

if TYPE_CHECKING:
    from markupsafe import Markup
    from pydantic import JsonValue
    from sqlalchemy import Engine

    from dure.hub.db.rows import RunRow, ServiceRow
    from dure.hub.jobs.job import Result
    from dure.hub.models.own_data import SourceFile
    from dure.project.manifest import Manifest
    from dure.record import Verdict
    from dure.registry.describe import Description

RUNS = 8  # runs that a project's page shows
SHOWN = 200_000  # letters of a whole answer that a page shows; a larger one is fetched
SET = re.compile(r"--set (\w+)(?:=\S*)?")


class ListedProject(NamedTuple):
    """A project in the list: `verdict` of its own trial, and whether it has changed since."""

    id: str
    title: str
    summary: str
    verdict: Verdict | None
    stale: bool
    line: str


class OwnTrial(body.Report):
    """A project's own trial; `cautions`: who must not use it, by a person."""

    stale: bool
    date: str
    cautions: list[str]


class BrokenPromise(NamedTuple):
    """A promise that is not kept."""

    title: str
    reason: str


class Promises(NamedTuple):
    """The level of a project, and the promises that are not kept."""

    level: str
    broken: list[BrokenPromise]


class Source(NamedTuple):
    """A source, the file given in its place (SHA-256), and where the page goes once one has been sent."""

    title: str
    given: str
    then: str
    name: str
    own: bool


router = APIRouter(prefix="/projects", route_class=Ruled, include_in_schema=False)


# ---- all of them --------------------------------------------------------------------------------------------------------


@router.get("")
async def every(hub: Here, caller: Viewer) -> Response:
    """The projects by region, each with what it does and what its trial came to."""
    return layout.page(
        "projects.html", caller, title=_("Projects"), here="/projects", twin="/api/v1/projects",
        lead=_("Each answers one question of a trade, and was tried against what is done today. Ask it, or try it on your own data."),
        listed=await hub.fresh.get(_listed, hub, language()),
    )  # fmt: skip


def _listed(_engine: Engine, hub: Hub, _language: str) -> Markup:
    """Projects by region of the plan's lines, and the lines that no project answers yet."""
    known = dict(hub.manifests)
    groups: dict[str, list[ListedProject]] = {}
    for line in hub.lines:
        for served in line.projects:
            manifest = known.pop(served.id, None)
            if manifest is not None:
                groups.setdefault(str(line.region), []).append(_row(served.id, manifest, str(line.title)))
    if known:
        groups[_("Others")] = [_row(name, manifest, "") for name, manifest in known.items()]
    waiting = [(str(line.region), str(line.title)) for line in hub.lines if not line.projects and not line.room]
    return layout.part("listed.html", groups=groups, waiting=waiting)


def _row(name: str, manifest: Manifest, line: str) -> ListedProject:
    tried = projects.tried(name)
    verdict, stale = (tried.record.deciding[0], tried.stale) if tried else (None, False)
    return ListedProject(name, str(manifest.title), str(manifest.summary), verdict, stale, line)


# ---- one ----------------------------------------------------------------------------------------------------------------


@router.get("/{project}")
async def one(project: str, hub: Here, caller: Viewer) -> Response:
    """A project: what it does for whom, its trial as a picture, an answer beside today's, what it does not show."""
    return layout.sent(await hub.fresh.get(_page, project, language(), *caller))


def _page(engine: Engine, project: str, language: str, name: str, organisation: str, role: str) -> str:
    """The whole page."""
    place = projects.place_of(project)
    own_manifest = manifest(place)
    described = projects.kept_description(project)  # nobody has asked the example before it was described
    example = interactive.drawn_example(engine, organisation, project) if described else None
    result = example.result if example else None
    active = promotion.active(engine, organisation, project)
    return layout.html(
        "project.html", Caller(name, organisation, role), title=str(own_manifest.title), lead=str(own_manifest.summary), here="/projects",
        twin=f"/api/v1/projects/{project}", about=own_manifest, who=str(own_manifest.practice.who),
        trial=_trial(place, language, _stamp(place)), promises=_promises(project), example=example,
        figure=result is not None and result["figure"], active=active,
        compared=compared(result, described) if result and described else [],
        runs=queue.listed(engine, RUNS, organisation=organisation, project=project),
    )  # fmt: skip


def _stamp(place: Path) -> int:
    """When a project's folder was last changed."""
    return max(file.stat().st_mtime_ns for file in place.rglob("*") if file.suffix in (".py", ".toml", ".json", ".md"))


@lru_cache(maxsize=256)
def _trial(place: Path, _language: str, _stamp: int) -> OwnTrial | None:
    """What a project's trial says, in the reader's language; None where there is none."""
    tried = projects.tried(f"{place.parent.name}.{place.name}")
    if tried is None:
        return None
    report = body.body(tried.record, "")
    passage = model_card.by_hand(place / model_card.FILES[language()])
    lines = re.sub(r"\n\s+", " ", passage).splitlines()
    cautions = [line.removeprefix("- ") for line in lines if line.strip()]
    return {**report, "stale": tried.stale, "date": tried.record.about.date, "cautions": cautions}


def _promises(project: str) -> Promises | None:
    """The level, and the promises that are not kept; None where nobody has kept what `dure check` found."""
    from dure.checks.promises import PROMISES

    check = projects.promises(project)
    if check is None:
        return None
    titles = {promise.name: promise.title for promise in PROMISES}
    broken = [
        (promise["name"], promise.get("reason", "")) for promise in check["promises"] if promise["state"] == "broken"
    ]
    return Promises(_(check["level"]), [BrokenPromise(_(titles.get(name, name)), reason) for name, reason in broken])


# ---- asked --------------------------------------------------------------------------------------------------------------


@router.get("/{project}/ask")
def ask(project: str, request: Request, hub: Here, caller: Member) -> Response:
    """A form of the request, filled with the example; files of one's own where the project reads them."""
    description = projects.described(project)
    schema, texts, example = description["request"], description["texts"], description["example"]
    filled = example if isinstance(example, dict) else None
    active = promotion.active(hub.engine, caller.organisation, project)
    return layout.page(
        "ask.html", caller, title=_("Ask: {title}", title=description["title"][language()]), here="/projects",
        twin=f"/api/v1/projects/{project}", about=description, form=forms.fields(schema, texts, filled),
        beside=forms.plain(schema, texts) if description["opens"] else [], methods=_methods(description, active), active=active,
        code=_code(project, str(request.base_url).rstrip("/"), example), carries=bool(_in_force(description)),
        lead=_("Drop your own files, or fill in the fields. The answer comes with today's practice beside it; nothing is changed anywhere.")
        if description["opens"]
        else _("The fields hold a real example. Change what you like; the answer comes with today's practice beside it."),
    )  # fmt: skip


def _methods(description: Description, active: ServiceRow | None) -> list[tuple[str, str, bool]]:
    """(method, what it is called, chosen): what is promoted, else the model, which nobody has promoted yet."""
    named = [(name, label[language()]) for name, label in description["methods"].items()]
    if active is not None:
        promoted = dict(named).get(active.method, active.method)
        first = _("what answers now: {method} (service {version})", method=promoted, version=active.version)
    else:
        first = _("what answers now: today's practice")
    roles = [_("today's practice"), _("offered"), *[_("rival")] * (len(named) - 2)]
    every = [("", first, active is not None)]
    return every + [
        (name, f"{label} ({role})", active is None and number == 1)
        for number, ((name, label), role) in enumerate(zip(named, roles, strict=False))
    ]


def _in_force(description: Description) -> str:
    """The list of the request that holds rows of the response's own form: the answer in force."""
    request, response = description["request"], description["response"]
    rows = next(
        (part["items"]["$ref"] for part in response["properties"].values() if "$ref" in part.get("items", {})), None
    )
    return next(
        (name for name, part in request["properties"].items() if rows and part.get("items", {}).get("$ref") == rows), ""
    )


def _code(project: str, address: str, example: JsonValue) -> list[tuple[str, str, str]]:
    """(id, name, text) of how a program asks the same, to be pasted into a shell; none without an example."""
    if example is None:
        return []
    body = json.dumps(example, ensure_ascii=False)
    curl = (
        f"curl -sS {shlex.quote(f'{address}/api/v1/projects/{project}/answer')} \\\n"
        f'  -H "authorization: Bearer $DURE_TOKEN" -H "content-type: application/json" \\\n  -d {shlex.quote(body)}'
    )
    python = (
        "import json, os\n\nfrom dure.client import Client\n\n"
        f'hub = Client({address!r}, os.environ["DURE_TOKEN"])\n'
        f"answer = hub.answer({project!r}, json.loads({body!r}))\n"
        'print(answer["method"], answer["response"])'
    )
    command = f"echo {shlex.quote(body)} | dure ask {project} - --json"
    return [("curl", "curl", curl), ("python", "Python", python), ("cli", _("command line"), command)]


@router.get("/{project}/asks/{name}")
def answered(project: str, name: str, hub: Here, caller: Viewer) -> Response:
    """What came of a request: on its way, mistakes in the files with their cures, or the answer."""
    row = queue.one(hub.engine, name, caller.organisation)
    if row.kind != "ask" or row.project != project:
        raise HTTPException(404)
    description = projects.described(project)
    result: Result | None = None
    if row.result:
        result = {**row.result, "notes": [in_page(note, description) for note in row.result["notes"]]}
    return layout.page(
        "asked.html", caller, title=_title(row), here="/projects", twin=f"/api/v1/runs/{name}", about=description, run=row,
        lead=_("The answer to one request, with today's practice beside it."),
        result=result, compared=compared(result, description) if result and result["answered"] else [], whole=_full_answer(result),
        changes=_changes(description, result) if result and result["answered"] and result["again"] else [], now=_now(description),
        rest={**row.asked["given"], "rest": True}, held=_held(hub.engine, row),
    )  # fmt: skip


def _title(row: RunRow) -> str:
    if row.ended is None:
        return _("The answer is on its way")
    if row.result is None:
        return _("There is no answer")
    if not row.result["answered"]:
        return _("These files cannot be used yet")
    return _("What would change") if row.asked["after"] else _("The answer")


def in_page(text: str, description: Description) -> str:
    """A note that names a field of the request as the command line does, as somebody reads it who sees the page."""
    named = {field.name: field.label for field in forms.fields(description["request"], description["texts"])}
    return SET.sub(lambda option: f"‘{named.get(option[1], option[1])}’", text)


def compared(result: Result, description: Description) -> list[dict[str, str]]:
    """Values of an answer, ours and today's, where both are small."""
    response, practice = result["response"], result["practice_response"]
    values = []
    for field in forms.fields(description["response"], description["texts"]) if not result["text"] else ():
        if response and field.kind != "json":
            practice_value = practice.get(field.name) if practice else None
            values.append(
                {
                    "label": field.label,
                    "unit": field.unit,
                    "ours": _value(response.get(field.name), field),
                    "today": _value(practice_value, field),
                }
            )
    return values


def _value(value: JsonValue, field: forms.Field) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return numbers.figure(value, numbers.decimals(abs(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return dict(field.choices).get(json.dumps(value, ensure_ascii=False), str(value))


def _full_answer(result: Result | None) -> str:
    """The whole answer as JSON that people read; empty where it is larger than a page shows."""
    if not result or not result["answered"] or result["response"] is None:
        return ""
    return json.dumps({**result["by"], "response": result["response"]}, ensure_ascii=False, indent=2)


def _held(engine: Engine, row: RunRow) -> list[tuple[str, str]]:
    """(SHA-256, name) of the files that were asked with; those that are gone since apart."""
    known = {file.sha256: file.name for file in uploads.listed(engine, row.organisation)}
    return [(sha256, known[sha256]) for sha256 in row.asked["files"] if sha256 in known]


def _now(description: Description) -> forms.Field | None:
    """The field of the request that says what time it is."""
    return next(
        (field for field in forms.plain(description["request"], description["texts"]) if field.name == "now"), None
    )


def _changes(description: Description, result: Result) -> list[tuple[str, str, list[forms.Field]]]:
    """What may have happened since: lists of the request to which a row can be added."""
    return list(forms.lists(description["request"], description["texts"], without=result["again"]))


# ---- on data of one's own -----------------------------------------------------------------------------------------------


@router.get("/{project}/data")
def data(project: str, request: Request, hub: Here, caller: Member) -> Response:
    """Files of one's own in the place of the sources, as they would be read; then the trial on them."""
    description = projects.described(project)
    names = [source["name"] for source in description["sources"]]
    sent = {name: sha256 for name, sha256 in request.query_params.items() if name in names and sha256}
    read = {name: _read_own(hub, caller, project, name, sha256) for name, sha256 in sent.items()}
    settings = forms.fields(description["settings"], description["texts"]) if description["settings"] else []
    ready = bool(read) and not any(reading["fault"] or reading["missing"] for reading in read.values())
    return layout.page(
        "data.html", caller, title=_("On your own data: {title}", title=description["title"][language()]), here="/projects",
        twin=f"/api/v1/projects/{project}", about=description, read=read, ready=ready, settings=settings,
        answers=_answer_columns(description), sources=_sources(description, sent),
        lead=_("Give the file that you have. Check how it is read; then the trial says whether it would have been better for you."),
    )  # fmt: skip


def _sources(description: Description, sent: dict[str, str]) -> list[Source]:
    """The sources, those that only a person can give first, and where the page goes once a file has been sent."""
    listed = []
    for source in description["sources"]:
        others = "".join(f"&{name}={sha256}" for name, sha256 in sent.items() if name != source["name"])
        address = f"/projects/{description['id']}/data?{source['name']}={{sha256}}{others}"
        own, given = source["origin"] == "own", sent.get(source["name"], "")
        listed.append(Source(source["title"][language()], given, address, source["name"], own))
    return sorted(listed, key=lambda source: not source.own)


def _read_own(hub: Here, caller: Member, project: str, source: str, sha256: str) -> SourceFile:
    try:
        return own_data.mapped(hub.engine, caller.organisation, project, source, sha256)
    except UserError as error:
        return {
            "file": sha256, "name": "", "sheet": "", "rows": [], "missing": [], "absent": [], "left": [], "asks": [], "notes": [],
            "headers": [], "preview": [], "count": 0, "fault": {"what": error.what, "where": error.where, "cure": error.cure},
        }  # fmt: skip


def _answer_columns(description: Description) -> list[str]:
    """Columns of a file of today's answers: the case, and what each answer needs."""
    response = description["response"]
    rows = next(
        (part["items"]["$ref"] for part in response["properties"].values() if "$ref" in part.get("items", {})), None
    )
    form = response["$defs"][rows.rpartition("/")[2]] if rows else response
    return ["case", *form.get("required", ())]
