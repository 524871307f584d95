"""Projects: what each does for whom, its trial, one question asked of it, and its trial on data of one's own."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from dure.trial.verdicts import deciding

if TYPE_CHECKING:
    from markupsafe import Markup
    from sqlalchemy import Engine, Row

RUNS = 8  # runs that a project's page shows
SHOWN = 200_000  # letters of a whole answer that a page shows; a larger one is fetched
SET = re.compile(r"--set (\w+)(?:=\S*)?")

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
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in hub.lines:
        for served in line.projects:
            about = known.pop(served.id, None)
            if about is not None:
                groups.setdefault(str(line.region), []).append(_row(served.id, about) | {"line": str(line.title)})
    if known:
        groups[_("Others")] = [_row(name, about) | {"line": ""} for name, about in known.items()]
    waiting = [(str(line.region), str(line.title)) for line in hub.lines if not line.projects and not line.room]
    return layout.part("listed.html", groups=groups, waiting=waiting)


def _row(name: str, about: Any) -> dict[str, Any]:
    said = projects.tried(name)
    one = deciding(said["verdicts"])[0] if said else None
    return {
        "id": name,
        "title": str(about.title),
        "summary": str(about.summary),
        "verdict": one,
        "stale": bool(said and said["stale"]),
    }


# ---- one ----------------------------------------------------------------------------------------------------------------


@router.get("/{project}")
async def one(project: str, hub: Here, caller: Viewer) -> Response:
    """A project: what it does for whom, its trial as a picture, an answer beside today's, what it does not show."""
    return layout.sent(await hub.fresh.get(_page, project, language(), *caller))


def _page(engine: Engine, project: str, language: str, name: str, organisation: str, role: str) -> str:
    """The whole page."""
    place = projects.place_of(project)
    about = manifest(place)
    described = projects.kept(project)  # nobody has asked the example before it was described
    example = interactive.drawn_example(engine, organisation, project) if described else None
    active = promotion.active(engine, organisation, project)
    return layout.html(
        "project.html", Caller(name, organisation, role), title=str(about.title), lead=str(about.summary), here="/projects",
        twin=f"/api/v1/projects/{project}", about=about, who=str(about.practice.who), trial=_trial(place, language, _stamp(place)),
        promises=_promises(project), example=example, figure=example is not None and example.result["figure"], active=active,
        compared=compared(example.result, described) if example is not None and described else [],
        runs=queue.listed(engine, RUNS, organisation=organisation, project=project),
    )  # fmt: skip


def _stamp(place: Path) -> int:
    """When a project's folder was last changed."""
    return max(each.stat().st_mtime_ns for each in place.rglob("*") if each.suffix in (".py", ".toml", ".json", ".md"))


@lru_cache(maxsize=256)
def _trial(place: Path, _language: str, _stamp: int) -> dict[str, Any] | None:
    """What a project's trial says, in the reader's language; None where there is none."""
    said = projects.tried(f"{place.parent.name}.{place.name}")
    if said is None:
        return None
    told = body.body(said, "")
    passage = model_card.by_hand(place / model_card.FILES[language()])
    lines = re.sub(r"\n\s+", " ", passage).splitlines()
    cautions = [each.removeprefix("- ") for each in lines if each.strip()]
    return told | {"stale": said["stale"], "date": said["about"].get("date", ""), "cautions": cautions}


def _promises(project: str) -> dict[str, Any] | None:
    """The level, and the promises that are not kept; None where nobody has kept what `dure check` found."""
    found = projects.promises(project)
    if found is None:
        return None
    broken = [each for each in found["promises"] if each["state"] == "broken"]
    return {
        "level": _(found["level"]),
        "broken": [{"title": _(each["title"]), "reason": each["reason"]} for each in broken],
    }


# ---- asked --------------------------------------------------------------------------------------------------------------


@router.get("/{project}/ask")
def ask(project: str, request: Request, hub: Here, caller: Member) -> Response:
    """A form of the request, filled with the example; files of one's own where the project reads them."""
    about = projects.described(project)
    schema, texts, example = about["request"], about["texts"], about["example"]
    active = promotion.active(hub.engine, caller.organisation, project)
    return layout.page(
        "ask.html", caller, title=_("Ask: {title}", title=about["title"][language()]), here="/projects",
        twin=f"/api/v1/projects/{project}", about=about, form=forms.fields(schema, texts, example),
        beside=forms.plain(schema, texts) if about["opens"] else [], methods=_methods(about, active), active=active,
        code=_code(project, str(request.base_url).rstrip("/"), example), carries=bool(_in_force(about)),
        lead=_("Drop your own files, or fill in the fields. The answer comes with today's practice beside it; nothing is changed anywhere.")
        if about["opens"] else _("The fields hold a real example. Change what you like; the answer comes with today's practice beside it."),
    )  # fmt: skip


def _methods(about: Mapping[str, Any], active: Row[Any] | None) -> list[tuple[str, str, bool]]:
    """(method, what it is called, chosen): what is promoted, else the model, which nobody has promoted yet."""
    named = [(name, label[language()]) for name, label in about["methods"].items()]
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


def _in_force(about: Mapping[str, Any]) -> str:
    """The list of the request that holds rows of the response's own form: the answer in force."""
    asked, answered = about["request"], about["response"]
    rows = next(
        (each["items"]["$ref"] for each in answered["properties"].values() if "$ref" in each.get("items", {})), None
    )
    return next(
        (name for name, each in asked["properties"].items() if rows and each.get("items", {}).get("$ref") == rows), ""
    )


def _code(project: str, address: str, example: Any) -> list[tuple[str, str, str]]:
    """(id, name, text) of how a program asks the same, to be pasted into a shell; none without an example."""
    if example is None:
        return []
    asked = json.dumps(example, ensure_ascii=False)
    curl = (
        f"curl -sS {shlex.quote(f'{address}/api/v1/projects/{project}/answer')} \\\n"
        f'  -H "authorization: Bearer $DURE_TOKEN" -H "content-type: application/json" \\\n  -d {shlex.quote(asked)}'
    )
    python = (
        "import json, os\n\nfrom dure.client import Client\n\n"
        f'hub = Client({address!r}, os.environ["DURE_TOKEN"])\n'
        f"answer = hub.answer({project!r}, json.loads({asked!r}))\n"
        'print(answer["method"], answer["response"])'
    )
    command = f"echo {shlex.quote(asked)} | dure ask {project} - --json"
    return [("curl", "curl", curl), ("python", "Python", python), ("cli", _("command line"), command)]


@router.get("/{project}/asks/{name}")
def answered(project: str, name: str, hub: Here, caller: Viewer) -> Response:
    """What came of a request: on its way, mistakes in the files with their cures, or the answer."""
    row = queue.one(hub.engine, name, caller.organisation)
    if row.kind != "ask" or row.project != project:
        raise HTTPException(404)
    about = projects.described(project)
    result = {**row.result, "notes": [in_page(each, about) for each in row.result["notes"]]} if row.result else None
    return layout.page(
        "asked.html", caller, title=_title(row), here="/projects", twin=f"/api/v1/runs/{name}", about=about, run=row,
        lead=_("The answer to one request, with today's practice beside it."),
        result=result, compared=compared(row.result, about) if result and result["answered"] else [], whole=_whole(result),
        changes=_changes(about, row) if result and result["answered"] and result["again"] else [], now=_now(about),
        rest={**row.asked["given"], "rest": True}, held=_held(hub.engine, row),
    )  # fmt: skip


def _title(row: Row[Any]) -> str:
    if row.ended is None:
        return _("The answer is on its way")
    if row.result is None:
        return _("There is no answer")
    if not row.result["answered"]:
        return _("These files cannot be used yet")
    return _("What would change") if row.asked["after"] else _("The answer")


def in_page(text: str, about: Mapping[str, Any]) -> str:
    """A note that names a field of the request as the command line does, as somebody reads it who sees the page."""
    named = {each.name: each.label for each in forms.fields(about["request"], about["texts"])}
    return SET.sub(lambda found: f"‘{named.get(found[1], found[1])}’", text)


def compared(result: Mapping[str, Any], about: Mapping[str, Any]) -> list[dict[str, str]]:
    """Values of an answer, ours and today's, where both are small."""
    response, practice = result["response"], result["practice_response"]
    found = []
    for each in forms.fields(about["response"], about["texts"]) if response and not result["text"] else ():
        if each.kind != "json":
            other = practice.get(each.name) if practice else None
            found.append(
                {
                    "label": each.label,
                    "unit": each.unit,
                    "ours": _value(response.get(each.name), each),
                    "today": _value(other, each),
                }
            )
    return found


def _value(value: Any, field: forms.Field) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return numbers.figure(value, numbers.decimals(abs(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return dict(field.choices).get(json.dumps(value, ensure_ascii=False), str(value))


def _whole(result: Mapping[str, Any] | None) -> str:
    """The whole answer as JSON that people read; empty where it is larger than a page shows."""
    if not result or not result["answered"] or result["response"] is None:
        return ""
    return json.dumps({**result["by"], "response": result["response"]}, ensure_ascii=False, indent=2)


def _held(engine: Engine, row: Row[Any]) -> list[tuple[str, str]]:
    """(SHA-256, name) of the files that were asked with; those that are gone since apart."""
    known = {each.sha256: str(each.name) for each in uploads.listed(engine, row.organisation)}
    return [(sha256, known[sha256]) for sha256 in row.asked["files"] if sha256 in known]


def _now(about: Mapping[str, Any]) -> forms.Field | None:
    """The field of the request that says what time it is."""
    return next((each for each in forms.plain(about["request"], about["texts"]) if each.name == "now"), None)


def _changes(about: Mapping[str, Any], row: Row[Any]) -> list[tuple[str, str, list[forms.Field]]]:
    """What may have happened since: lists of the request to which a row can be added."""
    return list(forms.lists(about["request"], about["texts"], without=row.result["again"]))


# ---- on data of one's own -----------------------------------------------------------------------------------------------


@router.get("/{project}/data")
def data(project: str, request: Request, hub: Here, caller: Member) -> Response:
    """Files of one's own in the place of the sources, as they would be read; then the trial on them."""
    about = projects.described(project)
    names = [each["name"] for each in about["sources"]]
    given = {name: sha256 for name, sha256 in request.query_params.items() if name in names and sha256}
    read = {name: _read_own(hub, caller, project, name, sha256) for name, sha256 in given.items()}
    settings = forms.fields(about["settings"], about["texts"]) if about["settings"] else []
    ready = bool(read) and not any(each["fault"] or each["missing"] for each in read.values())
    return layout.page(
        "data.html", caller, title=_("On your own data: {title}", title=about["title"][language()]), here="/projects",
        twin=f"/api/v1/projects/{project}", about=about, read=read, ready=ready, settings=settings,
        answers=_answer_columns(about), sources=_sources(about, given),
        lead=_("Give the file that you have. Check how it is read; then the trial says whether it would have been better for you."),
    )  # fmt: skip


def _sources(about: Mapping[str, Any], given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sources, those that only a person can give first, and where the page goes once a file has been sent."""
    found = []
    for each in about["sources"]:
        others = "".join(f"&{name}={sha256}" for name, sha256 in given.items() if name != each["name"])
        then = f"/projects/{about['id']}/data?{each['name']}={{sha256}}{others}"
        told = {"title": each["title"][language()], "given": given.get(each["name"], ""), "then": then}
        found.append({**told, "name": each["name"], "own": each["origin"] == "own"})
    return sorted(found, key=lambda each: not each["own"])


def _read_own(hub: Here, caller: Member, project: str, source: str, sha256: str) -> dict[str, Any]:
    try:
        return own_data.mapped(hub.engine, caller.organisation, project, source, sha256)
    except UserError as error:
        fault = {"what": error.what, "where": error.where, "cure": error.cure}
        return {
            "fault": fault,
            "file": sha256,
            "name": "",
            "rows": [],
            "missing": [],
            "notes": [],
            "asks": [],
            "preview": [],
        }


def _answer_columns(about: Mapping[str, Any]) -> list[str]:
    """Columns of a file of today's answers: the case, and what each answer needs."""
    response = about["response"]
    rows = next(
        (each["items"]["$ref"] for each in response["properties"].values() if "$ref" in each.get("items", {})), None
    )
    form = response["$defs"][rows.rpartition("/")[2]] if rows else response
    return ["case", *form.get("required", ())]
